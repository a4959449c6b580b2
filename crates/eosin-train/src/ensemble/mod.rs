//! Runs whose answers, or whose embeddings, become one.

pub(crate) mod member_logits;
pub mod member_run;
pub mod soup_runs;

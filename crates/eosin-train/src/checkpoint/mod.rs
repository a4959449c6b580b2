//! The state of a training, packed and kept.

pub(crate) mod keeper;
pub(crate) mod pack;

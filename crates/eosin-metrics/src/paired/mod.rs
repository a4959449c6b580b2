//! Two models on the same rows: by how much they differ, and whether that is chance.

mod corrected_t;
mod holm;
mod mcnemar;
mod models;
mod permutation;
mod told_apart;

pub use corrected_t::{CorrectedT, corrected_t};
pub use holm::holm;
pub use mcnemar::{McNemar, mcnemar};
pub use models::{ModelRows, PairedModels};
pub use permutation::Permutation;
pub use told_apart::{RightRows, right_rows};

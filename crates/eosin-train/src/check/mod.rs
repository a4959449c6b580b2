//! Checks before training: is a batch what it should be?
//!
//! Each failing check is one sentence. The checks look at what training will see, whatever code
//! made it: rows of the folds, colours of the patches, and a first batch with the fresh model.

mod colours;
mod first_batch;
mod folds;

use serde::{Deserialize, Serialize};

pub(crate) use self::colours::check_pixels;
pub(crate) use self::first_batch::check_model;
pub(crate) use self::folds::check_folds;

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was checked.
    pub check: String,
    /// What is wrong; `None` when nothing is.
    pub problem: Option<String>,
}

impl Finding {
    /// A check with its problem, if there is one.
    pub(crate) fn new(check: &str, problem: Option<String>) -> Self {
        Self {
            check: check.to_owned(),
            problem,
        }
    }
}

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
pub(crate) use self::folds::{Files, Named, check_classes, check_leaks, fix_for_classes};

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was checked.
    pub check: String,
    /// What is wrong; `None` when nothing is.
    pub problem: Option<String>,
    /// Every picture that is on both sides of a split.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaks: Vec<Leak>,
}

/// One picture that training would learn and be judged on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    /// The files that hold it, byte for byte.
    pub files: Vec<String>,
    /// Folds with one of them in training and another in validation; none where it is the test part
    /// that holds one.
    pub folds: Vec<String>,
}

impl Finding {
    /// A check with its problem, if there is one.
    pub(crate) fn new(check: &str, problem: Option<String>) -> Self {
        Self {
            check: check.to_owned(),
            problem,
            leaks: Vec::new(),
        }
    }
}

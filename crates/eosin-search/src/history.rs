//! What has been tried.

use serde::{Deserialize, Serialize};

use crate::value::Assignment;

/// Which values are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Larger ones.
    Maximise,
    /// Smaller ones.
    Minimise,
}

impl Goal {
    /// A value as a loss: smaller is better.
    pub const fn loss(self, value: f64) -> f64 {
        match self {
            Self::Maximise => -value,
            Self::Minimise => value,
        }
    }

    /// Whether `one` is better than `other`.
    pub fn is_better(self, one: f64, other: f64) -> bool {
        self.loss(one) < self.loss(other)
    }
}

/// A trial as a sampler sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenTrial {
    /// Its number; 0 is the first.
    pub number: u64,
    /// What was tried.
    pub assignment: Assignment,
    /// What came of it, or is predicted of one that was ended early; `None`: it still runs.
    pub value: Option<f64>,
}

/// The trials that a suggestion follows from.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Trials that ended or run, in the order of their numbers; failed ones are left out.
    pub trials: Vec<SeenTrial>,
    /// Which values are better.
    pub goal: Goal,
}

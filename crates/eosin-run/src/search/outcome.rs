//! What comes of a trial.

use eosin_metrics::Metric;
use serde::{Deserialize, Serialize};

use super::pruning::EndedEarly;

/// What a trial is judged by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// What trials are compared by: the mean of the selecting metric over folds; where a fold has none,
    /// the metric of all patches out of fold (of several cross-validations the mean).
    pub value: f64,
    /// The same of each fold, where it is defined.
    pub folds: Vec<Option<f64>>,
    /// What paired folds are compared by: the same by one view after the last epoch, as it is known
    /// when a fold ends; none without epochs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_epochs: Vec<Option<f64>>,
}

impl Score {
    /// Of a trial with these values in each fold and of all patches out of fold; `None` where it has
    /// neither.
    pub(super) fn of(
        folds: Vec<Option<f64>>,
        pooled: impl Iterator<Item = Option<f64>>,
        last_epochs: Vec<Option<f64>>,
    ) -> Option<Self> {
        let value = mean(folds.iter().copied()).or_else(|| mean(pooled))?;
        Some(Self {
            value,
            folds,
            last_epochs,
        })
    }
}

/// What comes of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Outcome {
    /// It was trained on all folds to the end.
    Complete(Score),
    /// It was ended early.
    Pruned {
        /// What it would have come to.
        predicted: f64,
        /// Why.
        why: String,
    },
    /// Its values do not go together, or its training diverged.
    Failed {
        /// What was said.
        problem: String,
    },
}

/// The mean of values that are all defined.
pub(super) fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values: Vec<f64> = values.collect::<Option<_>>()?;
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

impl From<EndedEarly> for Outcome {
    fn from(early: EndedEarly) -> Self {
        Self::Pruned {
            predicted: early.predicted,
            why: early.why,
        }
    }
}

impl Outcome {
    /// Of a trial whose metric has no value.
    pub(super) fn undefined(metric: Metric) -> Self {
        Self::Failed {
            problem: format!("{metric} is undefined out of fold"),
        }
    }

    /// The value that the next suggestions follow from.
    pub const fn value(&self) -> Option<f64> {
        match self {
            Self::Complete(score) => Some(score.value),
            Self::Pruned { predicted, .. } => Some(*predicted),
            Self::Failed { .. } => None,
        }
    }

    /// The score of a trial that was trained to the end.
    pub const fn score(&self) -> Option<&Score> {
        match self {
            Self::Complete(score) => Some(score),
            Self::Pruned { .. } | Self::Failed { .. } => None,
        }
    }
}

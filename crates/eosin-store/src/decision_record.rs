//! What a run decides by.

use eosin_core::{Calibrator, Decision, ThresholdRule};
use serde::{Deserialize, Serialize};

/// What a run decides by on new patches: fitted and chosen on its out-of-fold predictions, then locked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// What its probabilities are calibrated by, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibrator: Option<Calibrator>,
    /// From where on the positive class counts; where absent the most probable one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<ThresholdRecord>,
}

/// From where on the positive class counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdRecord {
    /// How it was chosen.
    pub rule: ThresholdRule,
    /// The least log odds of the positive class, by the run's probabilities as they are.
    pub log_odds: f64,
    /// The same as a probability.
    pub own_prob: f64,
    /// The same as a calibrated probability; as `own_prob` where there is no calibrator.
    pub prob: f64,
}

impl DecisionRecord {
    /// Whether it is what a run does of itself.
    pub const fn is_usual(&self) -> bool {
        self.calibrator.is_none() && self.threshold.is_none()
    }

    /// How a class is decided on from the run's probabilities as they are; `positive` is the class that the
    /// threshold is of.
    pub fn decision(&self, positive: usize) -> Decision {
        match self.threshold {
            None => Decision::MostProbable,
            Some(threshold) => Decision::AtLeast {
                class: positive,
                log_odds: threshold.log_odds,
            },
        }
    }
}

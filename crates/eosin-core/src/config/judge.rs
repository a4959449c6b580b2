//! How a run decides.

use serde::{Deserialize, Serialize};

use super::{Config, ConfigError};
use crate::threshold_rule::ThresholdRule;

crate::choice::choices! {
    /// What makes a run's probabilities agree with what comes true.
    pub enum CalibratorKind {
        /// Nothing: they stay as they are.
        None => "none",
        /// One temperature for all logits, of any number of classes.
        Temperature => "temperature",
        /// A slope and an intercept of the log odds, of two classes.
        Platt => "platt",
        /// A rising curve of any form, of two classes.
        Isotonic => "isotonic",
    }
}

/// How a run decides on new patches. Nothing here changes what is trained, nor the metrics of the
/// probabilities as they are; all of it is fitted and chosen on out-of-fold predictions and then
/// locked.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JudgeConfig {
    /// What makes its probabilities agree with what comes true.
    pub calibrate: CalibratorKind,
    /// From which probability on a patch counts as positive.
    pub threshold: ThresholdRule,
}

impl Default for JudgeConfig {
    fn default() -> Self {
        Self {
            calibrate: CalibratorKind::None,
            threshold: ThresholdRule::Likeliest,
        }
    }
}

impl Config {
    /// Refuses ways of deciding that so many classes have not.
    ///
    /// # Errors
    /// Names the key.
    pub fn check_judge(&self, class_count: usize) -> Result<(), ConfigError> {
        let JudgeConfig {
            calibrate,
            threshold,
        } = self.judge;
        if class_count == 2 {
            return Ok(());
        }
        let clash = |key, got: String, fix: &str| {
            Err(ConfigError::Clash {
                key,
                got,
                why: format!("which is for two classes, and there are {class_count}; {fix}"),
            })
        };
        if threshold.asks() {
            let fix = "leave it out: of more than two the most probable class counts";
            return clash("judge.threshold", threshold.to_string(), fix);
        }
        match calibrate {
            CalibratorKind::None | CalibratorKind::Temperature => Ok(()),
            CalibratorKind::Platt | CalibratorKind::Isotonic => clash(
                "judge.calibrate",
                calibrate.to_string(),
                "take temperature, or leave it out",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_and_curves_of_two_classes_are_refused_for_more() {
        let said = |text: &str, classes| {
            let config = Config::from_toml(text).unwrap();
            config
                .check_judge(classes)
                .map_err(|error| error.to_string())
        };
        for text in ["judge.threshold = 'khd'", "judge.calibrate = 'platt'"] {
            assert_eq!(said(text, 2), Ok(()));
            let refused = said(text, 3).unwrap_err();
            assert!(
                refused.contains("for two classes, and there are 3"),
                "{refused}"
            );
        }
        assert_eq!(said("judge.calibrate = 'temperature'", 3), Ok(()));
    }

    #[test]
    fn a_rule_that_is_none_is_told_with_its_key() {
        let error = Config::from_toml("judge.threshold = 'sensitivity>=2'").unwrap_err();
        let said = error.to_string();
        assert!(
            said.starts_with("judge.threshold: '2' is no bound"),
            "{said}"
        );
    }
}

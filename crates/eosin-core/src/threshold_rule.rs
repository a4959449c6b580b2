//! How it is decided which patches count as positive.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::choice::{choices, nearest};

choices! {
    /// What the best threshold is the best by.
    pub enum CutScore {
        /// The datathon's score.
        Khd => "khd",
        /// F1 of the positive class.
        F1 => "f1",
        /// Sensitivity + specificity - 1 (Youden 1950): the same threshold as by balanced accuracy.
        Youden => "youden",
        /// The share of right decisions.
        Accuracy => "accuracy",
        /// Matthews correlation coefficient.
        Mcc => "mcc",
    }
}

choices! {
    /// A rate that a threshold must reach.
    pub enum CutRate {
        /// The share of positive patches that are found.
        Sensitivity => "sensitivity",
        /// The share of negative patches that raise no alarm.
        Specificity => "specificity",
        /// The share of alarms that are right.
        Precision => "precision",
        /// The share of patches without an alarm that are negative.
        Npv => "npv",
    }
}

/// How a threshold is chosen, of two classes. As words: `likeliest`, a score such as `khd`, `cost:10`
/// (also `cost:10/1`), or a bound such as `sensitivity>=.99`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ThresholdRule {
    /// None is: the most probable class counts, whatever the number of classes.
    Likeliest,
    /// The one with the best score.
    Best(CutScore),
    /// The one that costs least.
    Cost {
        /// What a missed positive patch costs; a false alarm costs 1.
        of_missed: f64,
    },
    /// Of those that reach a rate the one with the best other rate: specificity for `sensitivity` and
    /// `npv`, sensitivity for `specificity` and `precision`.
    AtLeast {
        /// Which rate.
        rate: CutRate,
        /// What it must reach, above 0 and at most 1.
        bound: f64,
    },
}

/// A text that is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdRuleError {
    /// No such word.
    #[error(
        "'{got}' is unknown; choose one of {}, cost:RATIO, or a bound such as sensitivity>=0.99 (also \
         of {}){}",
        words().join(", "),
        CutRate::ALL[1..].iter().map(|rate| rate.as_str()).collect::<Vec<_>>().join(", "),
        .nearest.as_ref().map_or_else(String::new, |word| format!(" (did you mean '{word}'?)"))
    )]
    Unknown {
        /// The word given.
        got: String,
        /// The word that was probably meant.
        nearest: Option<String>,
    },
    /// A bound that is no share.
    #[error("'{got}' is no bound; write a number above 0 and at most 1, as in {rate}>=0.95")]
    Bound {
        /// What stands behind `>=`.
        got: String,
        /// What it is about.
        rate: CutRate,
    },
    /// A cost that is none.
    #[error(
        "'{got}' is no cost; write what a missed positive patch costs in false alarms, from 1e-6 to 1e6, \
         as in cost:10 or cost:10/1"
    )]
    Cost {
        /// What stands behind `cost:`.
        got: String,
    },
}

/// Rules of one word.
fn words() -> Vec<&'static str> {
    let scores = CutScore::ALL.iter().map(|score| score.as_str());
    std::iter::once("likeliest").chain(scores).collect()
}

impl ThresholdRule {
    /// Whether it asks for a threshold.
    pub const fn asks(self) -> bool {
        !matches!(self, Self::Likeliest)
    }
}

impl fmt::Display for ThresholdRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Likeliest => f.pad("likeliest"),
            Self::Best(score) => f.pad(score.as_str()),
            Self::Cost { of_missed } => f.pad(&format!("cost:{of_missed}")),
            Self::AtLeast { rate, bound } => f.pad(&format!("{rate}>={bound}")),
        }
    }
}

impl FromStr for ThresholdRule {
    type Err = ThresholdRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Some(cost) = text.strip_prefix("cost:") {
            return parse_cost(cost);
        }
        if let Some((rate, bound)) = text.split_once(">=") {
            return parse_bound(text, rate.trim(), bound.trim());
        }
        if text == "likeliest" {
            return Ok(Self::Likeliest);
        }
        let score = text.parse().map(Self::Best);
        score.map_err(|_| unknown(text, words()))
    }
}

fn unknown(got: &str, words: Vec<&'static str>) -> ThresholdRuleError {
    ThresholdRuleError::Unknown {
        got: got.to_owned(),
        nearest: nearest(got, words).map(str::to_owned),
    }
}

fn parse_cost(text: &str) -> Result<ThresholdRule, ThresholdRuleError> {
    let (missed, alarm) = text.split_once('/').unwrap_or((text, "1"));
    let number = |word: &str| word.trim().parse::<f64>().ok();
    let ratio = number(missed).zip(number(alarm)).map(|(a, b)| a / b);
    let ratio = ratio.filter(|ratio| (1e-6..=1e6).contains(ratio));
    let of_missed = ratio.ok_or_else(|| ThresholdRuleError::Cost {
        got: text.to_owned(),
    })?;
    Ok(ThresholdRule::Cost { of_missed })
}

fn parse_bound(text: &str, rate: &str, bound: &str) -> Result<ThresholdRule, ThresholdRuleError> {
    let rate = match rate {
        "recall" => CutRate::Sensitivity,
        "ppv" => CutRate::Precision,
        word => word.parse().map_err(|_| {
            let rates = CutRate::ALL.iter().map(|rate| rate.as_str());
            ThresholdRuleError::Unknown {
                nearest: nearest(word, rates).map(|near| format!("{near}>={bound}")),
                got: text.to_owned(),
            }
        })?,
    };
    let value = bound.parse::<f64>().ok();
    let value = value.filter(|value| *value > 0.0 && *value <= 1.0);
    let bound = value.ok_or_else(|| ThresholdRuleError::Bound {
        got: bound.to_owned(),
        rate,
    })?;
    Ok(ThresholdRule::AtLeast { rate, bound })
}

impl TryFrom<String> for ThresholdRule {
    type Error = ThresholdRuleError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ThresholdRule> for String {
    fn from(rule: ThresholdRule) -> Self {
        rule.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_written_in_one_form() {
        for (text, written) in [
            ("likeliest", "likeliest"),
            ("khd", "khd"),
            ("cost:10", "cost:10"),
            ("cost:10/4", "cost:2.5"),
            ("sensitivity>=.99", "sensitivity>=0.99"),
            ("recall >= 0.9", "sensitivity>=0.9"),
            ("ppv>=1", "precision>=1"),
        ] {
            let rule: ThresholdRule = text.parse().unwrap();
            assert_eq!(rule.to_string(), written);
            assert_eq!(written.parse(), Ok(rule));
        }
    }

    #[test]
    fn what_is_no_rule_is_told_with_what_is() {
        let said = |text: &str| text.parse::<ThresholdRule>().unwrap_err().to_string();
        assert!(
            said("yuden").contains("did you mean 'youden'?"),
            "{}",
            said("yuden")
        );
        assert!(said("").contains("choose one of likeliest, khd, f1, youden"));
        assert!(said("sensitivty>=.9").contains("did you mean 'sensitivity>=.9'?"));
        for bad in ["0", "1.1", "-1", "nan", "all", ""] {
            let said = said(&format!("specificity>={bad}"));
            assert!(
                said.contains("is no bound") && said.contains("specificity>=0.95"),
                "{said}"
            );
        }
        for bad in ["0", "-1", "1/0", "inf", "", "1/2/3"] {
            assert!(said(&format!("cost:{bad}")).contains("is no cost"), "{bad}");
        }
    }
}

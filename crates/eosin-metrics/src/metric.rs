//! Metrics by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::average::{Average, averaged};
use crate::confusion::Confusion;
use crate::counts::Counts;
use crate::{accuracy, balanced_accuracy, f1, khd, mcc, npv, precision, recall, specificity};

/// A metric that a configuration or a table can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The datathon's score, see [`khd`](crate::khd).
    Khd,
    /// See [`Ranking::auroc`](crate::Ranking::auroc).
    Auroc,
    /// See [`Ranking::auprc`](crate::Ranking::auprc).
    Auprc,
    /// See [`accuracy`](crate::accuracy).
    Accuracy,
    /// See [`balanced_accuracy`](crate::balanced_accuracy).
    BalancedAccuracy,
    /// See [`precision`](crate::precision).
    Precision,
    /// See [`recall`](crate::recall).
    Recall,
    /// See [`specificity`](crate::specificity).
    Specificity,
    /// See [`npv`](crate::npv).
    Npv,
    /// See [`f1`](crate::f1).
    F1,
    /// See [`mcc`](crate::mcc).
    Mcc,
    /// See [`log_loss`](crate::log_loss).
    LogLoss,
    /// See [`brier`](crate::brier).
    Brier,
    /// See [`ece`](crate::ece).
    Ece,
}

impl Metric {
    /// Every metric, in the order of tables.
    pub const ALL: &'static [Self] = &[
        Self::Khd,
        Self::Auroc,
        Self::Auprc,
        Self::Accuracy,
        Self::BalancedAccuracy,
        Self::Precision,
        Self::Recall,
        Self::Specificity,
        Self::Npv,
        Self::F1,
        Self::Mcc,
        Self::LogLoss,
        Self::Brier,
        Self::Ece,
    ];

    /// The name in configurations and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Khd => "khd",
            Self::Auroc => "auroc",
            Self::Auprc => "auprc",
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced_accuracy",
            Self::Precision => "precision",
            Self::Recall => "recall",
            Self::Specificity => "specificity",
            Self::Npv => "npv",
            Self::F1 => "f1",
            Self::Mcc => "mcc",
            Self::LogLoss => "log_loss",
            Self::Brier => "brier",
            Self::Ece => "ece",
        }
    }

    /// The name in tables for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Khd => "KHD score",
            Self::Auroc => "AUROC",
            Self::Auprc => "AUPRC",
            Self::Accuracy => "Accuracy",
            Self::BalancedAccuracy => "Balanced accuracy",
            Self::Precision => "Precision",
            Self::Recall => "Recall (sensitivity)",
            Self::Specificity => "Specificity",
            Self::Npv => "NPV",
            Self::F1 => "F1",
            Self::Mcc => "MCC",
            Self::LogLoss => "Log loss",
            Self::Brier => "Brier score",
            Self::Ece => "ECE",
        }
    }

    /// The value that decisions alone give: of `positive` of two classes, or the mean over more. `None`
    /// where it is undefined, and for metrics that need probabilities.
    pub fn of_confusion(self, confusion: &Confusion, positive: usize) -> Option<f64> {
        let counted = |of: fn(&Counts) -> Option<f64>| {
            if confusion.class_count() == 2 {
                of(&confusion.one_vs_rest(positive))
            } else {
                averaged(confusion, Average::Macro, of)
            }
        };
        match self {
            Self::Accuracy => accuracy(confusion),
            Self::BalancedAccuracy => balanced_accuracy(confusion),
            Self::Mcc => mcc(confusion),
            Self::Precision => counted(precision),
            Self::Recall => counted(recall),
            Self::Specificity => counted(specificity),
            Self::Npv => counted(npv),
            Self::F1 => counted(f1),
            Self::Khd => counted(|counts| Some(khd(counts))),
            Self::Auroc | Self::Auprc | Self::LogLoss | Self::Brier | Self::Ece => None,
        }
    }

    /// Whether a larger value is the better one.
    pub const fn higher_is_better(self) -> bool {
        !matches!(self, Self::LogLoss | Self::Brier | Self::Ece)
    }

    /// Whether `candidate` beats `best`: strictly, so that the earliest of equals stays. A defined
    /// value beats an undefined one; an undefined one beats nothing.
    pub fn is_better(self, candidate: Option<f64>, best: Option<f64>) -> bool {
        match (candidate, best) {
            (Some(candidate), Some(best)) if self.higher_is_better() => candidate > best,
            (Some(candidate), Some(best)) => candidate < best,
            (candidate, best) => candidate.is_some() && best.is_none(),
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that no metric has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{got}' is not a metric; choose one of {}", names())]
pub struct UnknownMetric {
    /// The name given.
    pub got: String,
}

fn names() -> String {
    Metric::ALL
        .iter()
        .map(|metric| metric.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    /// Takes the names of [`Metric::as_str`]; `sensitivity` also means `recall`, and `loss` means
    /// `log_loss`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "sensitivity" => Ok(Self::Recall),
            "loss" => Ok(Self::LogLoss),
            _ => Self::ALL
                .iter()
                .copied()
                .find(|metric| metric.as_str() == name)
                .ok_or_else(|| UnknownMetric {
                    got: name.to_owned(),
                }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_back_and_is_the_name_in_json() {
        for &metric in Metric::ALL {
            assert_eq!(metric.as_str().parse(), Ok(metric));
            let json = serde_json::to_string(&metric).unwrap();
            assert_eq!(json, format!("\"{metric}\""));
        }
        assert!(
            "auc"
                .parse::<Metric>()
                .unwrap_err()
                .to_string()
                .contains("auroc")
        );
    }

    #[test]
    fn better_follows_the_direction_and_never_prefers_the_undefined() {
        assert!(Metric::Auroc.is_better(Some(0.9), Some(0.8)));
        assert!(Metric::LogLoss.is_better(Some(0.2), Some(0.3)));
        assert!(!Metric::Auroc.is_better(Some(0.9), Some(0.9)));
        assert!(Metric::Auroc.is_better(Some(0.1), None));
        assert!(!Metric::Auroc.is_better(None, None));
        assert!(!Metric::Auroc.is_better(None, Some(0.1)));
    }
}

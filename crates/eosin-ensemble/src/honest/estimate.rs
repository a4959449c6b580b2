//! A score with its interval.

use eosin_metrics::{Metric, Z_95};
use serde::{Deserialize, Serialize};

use super::influence::Units;
use super::student::t_95;

/// A score, or a difference of two, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value; `None` where it is undefined.
    pub score: Option<f64>,
    /// Lower end of its 95 % interval; `None` where there are too few groups, or nothing varies.
    pub ci_low: Option<f64>,
    /// Upper end.
    pub ci_high: Option<f64>,
}

impl Estimate {
    /// Whether zero is outside the interval.
    pub fn excludes_zero(&self) -> bool {
        match (self.ci_low, self.ci_high) {
            (Some(low), Some(high)) => low > 0.0 || high < 0.0,
            _ => false,
        }
    }

    /// Of a variance: `score -+ q sqrt(variance)`, with the normal quantile where each patch is a unit,
    /// else with Student's of one degree of freedom less than there are units.
    pub(super) fn new(score: Option<f64>, variance: f64, units: &Units) -> Self {
        let quantile = if units.are_patches && units.count() > 1 {
            Some(Z_95)
        } else {
            t_95(units.count().saturating_sub(1))
        };
        let half = quantile.map(|quantile| quantile * variance.sqrt());
        // A width of zero would claim certainty that the patches do not give.
        let half = half.filter(|half| *half > 0.0);
        let both = score.zip(half);
        Self {
            score,
            ci_low: both.map(|(score, half)| score - half),
            ci_high: both.map(|(score, half)| score + half),
        }
    }

    /// Cut to what the metric can be.
    #[must_use]
    pub(super) fn within(self, metric: Metric) -> Self {
        let (least, most) = match metric {
            Metric::LogLoss => (0.0, f64::INFINITY),
            Metric::Mcc => (-1.0, 1.0),
            Metric::Brier => (0.0, 2.0),
            _ => (0.0, 1.0),
        };
        Self {
            score: self.score,
            ci_low: self.ci_low.map(|low| low.max(least)),
            ci_high: self.ci_high.map(|high| high.min(most)),
        }
    }
}

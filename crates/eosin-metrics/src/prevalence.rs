//! Predictive values where the disease is rarer, or more common, than among the patches judged.

use serde::{Deserialize, Serialize};

use crate::interval::Interval;
use crate::metric::Metric;
use crate::metric_set::MetricSet;

/// A share with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The share.
    pub value: f64,
    /// Its interval.
    #[serde(flatten)]
    pub interval: Interval,
}

impl Share {
    /// What is missing to 1.
    fn rest(self) -> Self {
        Self {
            value: 1.0 - self.value,
            interval: Interval {
                ci_low: 1.0 - self.interval.ci_high,
                ci_high: 1.0 - self.interval.ci_low,
            },
        }
    }
}

/// What a positive and a negative answer are worth at a prevalence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictiveValues {
    /// The share of patches that are positive.
    pub prevalence: f64,
    /// The chance that a patch called positive is; undefined when none is called so.
    pub ppv: Option<Share>,
    /// The chance that a patch called negative is; undefined when none is called so.
    pub npv: Option<Share>,
}

impl MetricSet {
    /// Predictive values at a prevalence between 0 and 1, of two classes; `None` of more, and where recall
    /// or specificity, or the interval of either, is undefined.
    pub fn at_prevalence(&self, prevalence: f64) -> Option<PredictiveValues> {
        let share = |metric: Metric| {
            Some(Share {
                value: self.get(metric)?,
                interval: self.interval(metric)?,
            })
        };
        self.positive?;
        let (recall, specificity) = (share(Metric::Recall)?, share(Metric::Specificity)?);
        Some(predictive_values(recall, specificity, prevalence))
    }
}

/// Predictive values at a prevalence `pi`, between 0 and 1, from sensitivity `se` and specificity `sp`:
///
/// ```text
/// PPV = se pi / (se pi + (1 - sp) (1 - pi))     NPV = sp (1 - pi) / (sp (1 - pi) + (1 - se) pi)
/// ```
///
/// Both fall with a ratio of two shares, `(1 - sp) / se` and `(1 - se) / sp`, whose interval follows from
/// those of the shares: the prevalence is taken as given. Sources: Bayes' rule; for the ratio MOVER-R,
/// Donner and Zou, Statistical Methods in Medical Research 2012.
pub fn predictive_values(
    sensitivity: Share,
    specificity: Share,
    prevalence: f64,
) -> PredictiveValues {
    let against = (1.0 - prevalence) / prevalence;
    PredictiveValues {
        prevalence,
        ppv: predictive(specificity.rest(), sensitivity, against),
        npv: predictive(sensitivity.rest(), specificity, 1.0 / against),
    }
}

/// `1 / (1 + odds wrong / right)`.
fn predictive(wrong: Share, right: Share, odds: f64) -> Option<Share> {
    let of_ratio = |ratio: f64| 1.0 / (1.0 + odds * ratio);
    if right.value <= 0.0 && wrong.value <= 0.0 {
        return None;
    }
    let ratio = ratio_interval(wrong, right);
    Some(Share {
        value: of_ratio(wrong.value / right.value),
        interval: Interval {
            ci_low: of_ratio(ratio.ci_high),
            ci_high: of_ratio(ratio.ci_low),
        },
    })
}

/// Of `over / under`; without an upper end (infinite) where `under` may be 0.
fn ratio_interval(over: Share, under: Share) -> Interval {
    let product = over.value * under.value;
    let over_part = |end: f64| end * (2.0 * over.value - end);
    let under_part = |end: f64| end * (2.0 * under.value - end);
    let root = |a: f64, b: f64| (product * product - a * b).max(0.0).sqrt();
    let (a, b) = (
        over_part(over.interval.ci_low),
        under_part(under.interval.ci_high),
    );
    let ci_low = if a > 0.0 {
        a / (product + root(a, b))
    } else {
        0.0
    };
    let (a, b) = (
        over_part(over.interval.ci_high),
        under_part(under.interval.ci_low),
    );
    let ci_high = if b > 0.0 {
        (product + root(a, b)) / b
    } else {
        f64::INFINITY
    };
    Interval { ci_low, ci_high }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wilson;

    fn share(hits: u64, trials: u64) -> Share {
        Share {
            value: hits as f64 / trials as f64,
            interval: wilson(hits, trials).unwrap(),
        }
    }

    #[test]
    fn at_the_prevalence_of_the_patches_they_are_precision_and_npv() {
        let found = predictive_values(share(45, 50), share(120, 150), 0.25);
        assert!((found.ppv.unwrap().value - 45.0 / 75.0).abs() < 1e-12);
        assert!((found.npv.unwrap().value - 120.0 / 125.0).abs() < 1e-12);
        let rare = predictive_values(share(45, 50), share(120, 150), 0.01);
        assert!(rare.ppv.unwrap().value < 0.05 && rare.npv.unwrap().value > 0.99);
    }

    #[test]
    fn the_ends_of_a_ratio_are_where_its_defining_equation_is_zero() {
        let (over, under) = (share(30, 150), share(45, 50));
        let found = ratio_interval(over, under);
        let distance = |ratio: f64, over_end: f64, under_end: f64| {
            let far = (over.value - over_end).powi(2) + (ratio * (under.value - under_end)).powi(2);
            (over.value - ratio * under.value).abs() - far.sqrt()
        };
        let low = distance(found.ci_low, over.interval.ci_low, under.interval.ci_high);
        let high = distance(found.ci_high, over.interval.ci_high, under.interval.ci_low);
        assert!(low.abs() < 1e-12 && high.abs() < 1e-12, "{low} {high}");
    }

    #[test]
    fn perfect_answers_keep_a_width_and_none_leave_it_undefined() {
        let found = predictive_values(share(50, 50), share(150, 150), 0.1);
        let ppv = found.ppv.unwrap();
        assert!(ppv.value >= 1.0 && ppv.interval.ci_low < 0.95 && ppv.interval.ci_high >= 1.0);
        let silent = predictive_values(share(0, 50), share(150, 150), 0.1);
        assert_eq!(silent.ppv, None);
        let npv = silent.npv.unwrap();
        assert!((npv.value - 0.9).abs() < 1e-12);
        let blind = predictive_values(share(0, 50), share(100, 150), 0.1);
        assert!(blind.ppv.unwrap().interval.ci_low <= 0.0);
    }
}

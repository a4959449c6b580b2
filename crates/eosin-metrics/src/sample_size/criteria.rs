//! Criteria for the size of an external validation.

use eosin_core::prob_of;
use serde::{Deserialize, Serialize};

use crate::interval::Z_95;

/// A figure whose interval is to be narrow enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Observed over expected positive rows.
    ObservedToExpected,
    /// The slope of calibration.
    Slope,
    /// The AUROC.
    CStatistic,
    /// Net benefit divided by the prevalence, at the run's threshold.
    NetBenefit,
}

impl Criterion {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::ObservedToExpected,
        Self::Slope,
        Self::CStatistic,
        Self::NetBenefit,
    ];

    /// The width that a 95 % interval is to have at most, as in `pmvalsampsize`.
    pub const fn width(self) -> f64 {
        match self {
            Self::CStatistic => 0.1,
            Self::ObservedToExpected | Self::Slope | Self::NetBenefit => 0.2,
        }
    }
}

/// What is expected of the rows that are to be judged.
///
/// Rows needed follow from the standard error `SE` that the width allows:
///
/// ```text
/// O/E:    n = (1 - f) / (f SE^2), SE of ln(O/E), where exp(1.96 SE) - exp(-1.96 SE) is the width
/// slope:  n = A / (SE^2 (A B - C^2)), A = E[v], B = E[z^2 v], C = E[z v], v = p (1 - p), z log odds
/// C:      SE^2 = c (1 - c) (1 + (n/2 - 1) ((1 - c)/(2 - c) + c/(1 + c))) / (n^2 f (1 - f))
/// sNB:    n = (s (1 - s)/f + w^2 e (1 - e)/(1 - f) + w^2 (1 - e)^2/(f (1 - f))) / SE^2,
///         w = (1 - f)/f t/(1 - t)
/// ```
///
/// for prevalence `f`, AUROC `c`, sensitivity `s` and specificity `e` at probability `t`. Sources: Riley et
/// al., Stat Med 2021 (slope, O/E, net benefit); Newcombe 2006 (C); Marsh et al. 2020 (net benefit). R's
/// `pmvalsampsize` raises SE in steps of .0001 for O/E, which can make its `n` smaller by a row in a
/// thousand; these solve the equations.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// Share of positive rows, between 0 and 1.
    pub prevalence: f64,
    /// The AUROC.
    pub c_statistic: Option<f64>,
    /// Log odds as they are distributed, taken for calibrated.
    pub log_odds: Vec<f64>,
    /// Sensitivity at the threshold.
    pub sensitivity: Option<f64>,
    /// Specificity there.
    pub specificity: Option<f64>,
    /// The probability of the threshold, between 0 and 1.
    pub threshold: f64,
}

impl Expected {
    /// Rows needed, all independent, for an interval of this width; `None` where that has no value, as
    /// of an AUROC of 1.
    pub fn rows_for(&self, criterion: Criterion, width: f64) -> Option<f64> {
        let error = match criterion {
            Criterion::ObservedToExpected => (width / 2.0).asinh() / Z_95,
            _ => width / (2.0 * Z_95),
        };
        let rows = match self.variance(criterion)? {
            Variance::OverRows(one) => one / (error * error),
            Variance::OfC { c } => self.rows_for_c(c, error),
        };
        rows.is_finite().then_some(rows)
    }

    /// Width of the interval that so many independent rows give.
    pub fn width_of(&self, criterion: Criterion, rows: f64) -> Option<f64> {
        let variance = match self.variance(criterion)? {
            Variance::OverRows(one) => one / rows,
            Variance::OfC { c } => self.variance_of_c(c, rows),
        };
        let reach = Z_95 * variance.sqrt();
        let width = match criterion {
            Criterion::ObservedToExpected => 2.0 * reach.sinh(),
            _ => 2.0 * reach,
        };
        width.is_finite().then_some(width)
    }

    fn variance(&self, criterion: Criterion) -> Option<Variance> {
        let f = self.prevalence;
        if !(f > 0.0 && f < 1.0) {
            return None;
        }
        match criterion {
            Criterion::ObservedToExpected => Some(Variance::OverRows((1.0 - f) / f)),
            Criterion::Slope => self.slope_variance().map(Variance::OverRows),
            Criterion::CStatistic => {
                let c = self.c_statistic.filter(|c| *c > 0.0 && *c < 1.0)?;
                Some(Variance::OfC { c })
            }
            Criterion::NetBenefit => self.benefit_variance().map(Variance::OverRows),
        }
    }

    fn slope_variance(&self) -> Option<f64> {
        let (mut a, mut b, mut c) = (0.0, 0.0, 0.0);
        for z in self.log_odds.iter().filter(|z| z.is_finite()) {
            let prob = prob_of(*z);
            let weight = prob * (1.0 - prob);
            a += weight;
            b += weight * z * z;
            c += weight * z;
        }
        let count = self.log_odds.len() as f64;
        let determinant = (a * b - c * c) / (count * count);
        (determinant > 0.0).then(|| a / count / determinant)
    }

    fn benefit_variance(&self) -> Option<f64> {
        let (positive, threshold) = (self.prevalence, self.threshold);
        let (found, spared) = self.sensitivity.zip(self.specificity)?;
        if !(threshold > 0.0 && threshold < 1.0) {
            return None;
        }
        let negative = 1.0 - positive;
        let weight = negative / positive * threshold / (1.0 - threshold);
        let of_found = found * (1.0 - found) / positive;
        let of_alarms = weight * weight * spared * (1.0 - spared) / negative;
        let of_share = (weight * (1.0 - spared)).powi(2) / (positive * negative);
        let variance = of_found + of_alarms + of_share;
        (variance > 0.0).then_some(variance)
    }

    fn variance_of_c(&self, c: f64, rows: f64) -> f64 {
        let half = rows / 2.0 - 1.0;
        let f = self.prevalence;
        c * (1.0 - c) * (1.0 + half * pairs(c)) / (rows * rows * f * (1.0 - f))
    }

    /// The root of a square equation.
    fn rows_for_c(&self, c: f64, error: f64) -> f64 {
        let f = self.prevalence;
        let (a, b) = (c * (1.0 - c), pairs(c));
        let square = error * error * f * (1.0 - f);
        let linear = a * b / 2.0;
        let constant = a * (1.0 - b);
        (linear + (linear * linear + 4.0 * square * constant).max(0.0).sqrt()) / (2.0 * square)
    }
}

/// How the variance of a figure falls with the number of rows.
enum Variance {
    /// It is this of one row.
    OverRows(f64),
    /// As Newcombe's formula.
    OfC { c: f64 },
}

/// What Newcombe's formula has of two rows of the same class.
fn pairs(c: f64) -> f64 {
    (1.0 - c) / (2.0 - c) + c / (1.0 + c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected() -> Expected {
        Expected {
            prevalence: 0.3,
            c_statistic: Some(0.9),
            log_odds: (0..1000).map(|at| f64::from(at) / 100.0 - 5.0).collect(),
            sensitivity: Some(0.9),
            specificity: Some(0.8),
            threshold: 0.2,
        }
    }

    #[test]
    fn rows_and_widths_undo_each_other() {
        for criterion in Criterion::ALL {
            let rows = expected().rows_for(criterion, criterion.width()).unwrap();
            let width = expected().width_of(criterion, rows).unwrap();
            assert!(
                (width - criterion.width()).abs() < 1e-9,
                "{criterion:?}: {width}"
            );
            assert!(expected().width_of(criterion, 2.0 * rows).unwrap() < width);
        }
    }

    #[test]
    fn what_has_no_variance_has_no_size() {
        let perfect = Expected {
            c_statistic: Some(1.0),
            log_odds: vec![2.0; 10],
            sensitivity: None,
            ..expected()
        };
        for criterion in [
            Criterion::Slope,
            Criterion::CStatistic,
            Criterion::NetBenefit,
        ] {
            assert_eq!(perfect.rows_for(criterion, 0.1), None, "{criterion:?}");
        }
        let one_class = Expected {
            prevalence: 1.0,
            ..expected()
        };
        assert_eq!(one_class.rows_for(Criterion::ObservedToExpected, 0.2), None);
    }
}

//! Slope and intercept of calibration.

use eosin_core::prob_of;
use serde::{Deserialize, Serialize};

use super::logistic::{Line, fit_line, inverse, times};
use crate::interval::{Interval, Z_95};
use crate::scored::ScoredRows;
use crate::undefined::Undefined;

/// Newton steps at most.
const MOST_STEPS: usize = 100;

/// A fitted value with its interval, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value.
    pub value: Option<f64>,
    /// Its 95 % interval, `value -+ 1.96 SE`; `None` also where groups are known and there is one only.
    pub interval: Option<Interval>,
    /// Why there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undefined: Option<Undefined>,
}

impl Estimate {
    fn new(value: f64, variance: Option<f64>) -> Self {
        let half = variance.map(|variance| Z_95 * variance.sqrt());
        Self {
            value: Some(value),
            interval: half.map(|half| Interval {
                ci_low: value - half,
                ci_high: value + half,
            }),
            undefined: None,
        }
    }

    const fn without(undefined: Undefined) -> Self {
        Self {
            value: None,
            interval: None,
            undefined: Some(undefined),
        }
    }
}

/// How the log odds that were said must be changed to fit what came true.
///
/// - `in_the_large`: the intercept of a logistic regression whose slope is held at 1. 0 is right; above
///   0, positive rows are more frequent than was said.
/// - `slope`, `intercept`: of a logistic regression on the log odds. 1 and 0 are right; a slope below
///   1 says that the probabilities are too extreme.
///
/// Where groups are known, standard errors are the sandwich over groups with the correction
/// `G / (G - 1) (n - 1) / (n - k)` for `G` groups, `n` rows and `k` parameters; else those of the
/// model. Sources: Cox 1958; Van Calster et al., J Clin Epidemiol 2016; Liang & Zeger 1986. References: R
/// `rms::val.prob` (`Slope`, `Intercept`), `statsmodels` `GLM(..., Binomial()).fit(cov_type="cluster")`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recalibration {
    /// Calibration in the large.
    pub in_the_large: Estimate,
    /// Slope of the recalibration.
    pub slope: Estimate,
    /// Its intercept.
    pub intercept: Estimate,
    /// Positive rows divided by the sum of their probabilities; `None` where that is 0.
    pub observed_to_expected: Option<f64>,
}

impl Recalibration {
    /// Measures rows.
    pub fn of(rows: &ScoredRows) -> Self {
        let line = line_of(rows);
        let expected: f64 = rows.probs().iter().sum();
        Self {
            in_the_large: in_the_large(rows).unwrap_or_else(Estimate::without),
            slope: line.map_or_else(Estimate::without, |line| line.slope),
            intercept: line.map_or_else(Estimate::without, |line| line.intercept),
            observed_to_expected: (expected > 0.0).then(|| rows.positives() as f64 / expected),
        }
    }
}

fn refuse_unfit(rows: &ScoredRows) -> Result<(), Undefined> {
    if !rows.has_both() {
        return Err(Undefined::OneClass);
    }
    if rows.log_odds().iter().any(|z| z.is_infinite()) {
        return Err(Undefined::Certain);
    }
    Ok(())
}

/// Whether a threshold tells all positive rows from all negative ones, rows at the threshold excepted: no
/// finite line is the best then.
fn is_separated(rows: &ScoredRows) -> bool {
    let ends = |class: bool| {
        let of_class = rows.positive().iter().zip(rows.log_odds());
        let of_class = of_class.filter(|(positive, _)| **positive == class);
        of_class.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, z)| {
            (z.min(low), z.max(high))
        })
    };
    let (positive, negative) = (ends(true), ends(false));
    negative.1 <= positive.0 || positive.1 <= negative.0
}

/// Slope and intercept.
#[derive(Clone, Copy)]
struct Estimates {
    slope: Estimate,
    intercept: Estimate,
}

fn line_of(rows: &ScoredRows) -> Result<Estimates, Undefined> {
    refuse_unfit(rows)?;
    let first = rows.log_odds()[0];
    #[expect(clippy::float_cmp, reason = "the same number in every row")]
    if rows.log_odds().iter().all(|z| *z == first) {
        return Err(Undefined::Constant);
    }
    if is_separated(rows) {
        return Err(Undefined::Separated);
    }
    let target = |positive: &bool| if *positive { 1.0 } else { 0.0 };
    let targets: Vec<f64> = rows.positive().iter().map(target).collect();
    let line = fit_line(&targets, rows.log_odds())?;
    let variances = line_variances(rows, &targets, line)?;
    Ok(Estimates {
        slope: Estimate::new(line.slope, variances.map(|variances| variances[1])),
        intercept: Estimate::new(line.intercept, variances.map(|variances| variances[0])),
    })
}

/// Variances of intercept and slope.
fn line_variances(
    rows: &ScoredRows,
    targets: &[f64],
    line: Line,
) -> Result<Option<[f64; 2]>, Undefined> {
    let z = rows.log_odds();
    let prob = |row: usize| prob_of(line.intercept + line.slope * z[row]);
    let mut information = [[0.0; 2]; 2];
    for (row, z) in z.iter().enumerate() {
        let weight = prob(row) * (1.0 - prob(row));
        information[0][0] += weight;
        information[0][1] += weight * z;
        information[1][0] += weight * z;
        information[1][1] += weight * z * z;
    }
    let bread = inverse(information).ok_or(Undefined::NotConverged)?;
    let Some(groups) = grouped(rows) else {
        return Ok(Some([bread[0][0], bread[1][1]]));
    };
    let Some(correction) = groups.correction(2) else {
        return Ok(None);
    };
    let scores = rows.sums(|row| {
        let error = targets[row] - prob(row);
        [error, error * z[row]]
    });
    let mut variances = [0.0; 2];
    for score in scores {
        for (variance, moved) in variances.iter_mut().zip(times(bread, score)) {
            *variance += correction * moved * moved;
        }
    }
    Ok(Some(variances))
}

fn in_the_large(rows: &ScoredRows) -> Result<Estimate, Undefined> {
    refuse_unfit(rows)?;
    let shifted = |shift: f64| rows.log_odds().iter().map(move |z| prob_of(z + shift));
    let observed = rows.positives() as f64;
    // The expected number rises with the shift, from 0 to all: halves of a range, then Newton's steps.
    let (mut low, mut high) = (-1.0, 1.0);
    while shifted(low).sum::<f64>() > observed {
        low *= 2.0;
    }
    while shifted(high).sum::<f64>() < observed {
        high *= 2.0;
    }
    let mut shift = f64::midpoint(low, high);
    for _ in 0..MOST_STEPS {
        let excess = shifted(shift).sum::<f64>() - observed;
        if excess > 0.0 {
            high = shift;
        } else {
            low = shift;
        }
        let weight: f64 = shifted(shift).map(|prob| prob * (1.0 - prob)).sum();
        let newton = shift - excess / weight;
        let inside = newton > low && newton < high;
        let next = if inside {
            newton
        } else {
            f64::midpoint(low, high)
        };
        if (next - shift).abs() <= f64::EPSILON * shift.abs().max(1.0) {
            break;
        }
        shift = next;
    }
    Ok(Estimate::new(shift, shift_variance(rows, shift)))
}

/// Variance of the shift.
fn shift_variance(rows: &ScoredRows, shift: f64) -> Option<f64> {
    let prob = |row: usize| prob_of(rows.log_odds()[row] + shift);
    let weight: f64 = (0..rows.len())
        .map(|row| prob(row) * (1.0 - prob(row)))
        .sum();
    let Some(groups) = grouped(rows) else {
        return Some(1.0 / weight);
    };
    let truth = |row: usize| if rows.positive()[row] { 1.0 } else { 0.0 };
    let scores = rows.sums(|row| [truth(row) - prob(row)]);
    let meat: f64 = scores.iter().map(|[score]| score * score).sum();
    Some(groups.correction(1)? * meat / (weight * weight))
}

/// Numbers of rows and groups.
struct Grouped {
    rows: f64,
    groups: f64,
}

impl Grouped {
    /// What the sum over groups is multiplied by; `None` with one group.
    fn correction(&self, parameters: u32) -> Option<f64> {
        let Self { rows, groups } = self;
        let enough = *groups > 1.0 && *rows > f64::from(parameters);
        enough.then(|| groups / (groups - 1.0) * (rows - 1.0) / (rows - f64::from(parameters)))
    }
}

fn grouped(rows: &ScoredRows) -> Option<Grouped> {
    rows.groups()?;
    Some(Grouped {
        rows: rows.len() as f64,
        groups: rows.sums(|_| [1.0]).len() as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(positive: &[bool], z: &[f64], groups: Option<Vec<usize>>) -> Recalibration {
        Recalibration::of(&ScoredRows::new(positive.into(), z.into(), groups).unwrap())
    }

    #[test]
    fn twice_too_extreme_odds_have_a_slope_of_a_half() {
        // Of rows said to be 9 to 1, 3 to 1 came true, and of those said 1 to 9, 1 to 3.
        let z = [9.0_f64.ln(), 9.0_f64.recip().ln()];
        let positive = [true, true, true, false, false, false, false, true];
        let z = [z[0], z[0], z[0], z[0], z[1], z[1], z[1], z[1]];
        let found = of(&positive, &z, None);
        assert!((found.slope.value.unwrap() - 0.5).abs() < 1e-12);
        assert!(found.intercept.value.unwrap().abs() < 1e-12);
        assert!(found.in_the_large.value.unwrap().abs() < 1e-12);
        assert!((found.observed_to_expected.unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_has_no_slope_says_why() {
        let slope = |positive: &[bool], z: &[f64]| of(positive, z, None).slope.undefined;
        assert_eq!(slope(&[true, true], &[0.0, 1.0]), Some(Undefined::OneClass));
        assert_eq!(
            slope(&[true, false], &[0.1, 0.1]),
            Some(Undefined::Constant)
        );
        assert_eq!(
            slope(&[false, true], &[0.0, 1.0]),
            Some(Undefined::Separated)
        );
        assert_eq!(
            slope(&[true, false], &[0.0, 1.0]),
            Some(Undefined::Separated)
        );
        // Told apart but for rows at the threshold.
        let touching = slope(&[false, false, true, true], &[0.0, 1.0, 1.0, 2.0]);
        assert_eq!(touching, Some(Undefined::Separated));
        let certain = slope(&[true, false, true], &[f64::INFINITY, 0.0, -1.0]);
        assert_eq!(certain, Some(Undefined::Certain));
        // In the large it is known even so.
        assert!(
            of(&[false, true], &[0.0, 1.0], None)
                .in_the_large
                .value
                .is_some()
        );
    }

    #[test]
    fn one_group_has_no_interval() {
        let positive = [true, false, true, false];
        let z = [0.0, 1.0, 2.0, 0.5];
        let one = of(&positive, &z, Some(vec![4; 4]));
        assert_eq!(one.slope.interval, None);
        assert_eq!(one.in_the_large.interval, None);
        assert!(of(&positive, &z, None).slope.interval.is_some());
    }
}

//! The reliability diagram with intervals.

use serde::{Deserialize, Serialize};

use crate::ece::{ReliabilityBin, bin_of, reliability};
use crate::error::MetricError;
use crate::interval::Interval;
use crate::scored::ScoredRows;
use crate::wilson::wilson_of_share;

/// Bins of equal width.
pub const RELIABILITY_BINS: usize = 10;

/// A bin of the reliability diagram of the positive class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityPoint {
    /// What is in it.
    #[serde(flatten)]
    pub bin: ReliabilityBin,
    /// Groups that its rows are of; as many as rows where no groups are known.
    pub groups: u64,
    /// 95 % interval of the observed share; see [`reliability_points`].
    pub interval: Option<Interval>,
}

/// The reliability diagram of the positive class over [`RELIABILITY_BINS`] bins.
///
/// Intervals are Wilson's. Where groups are known they are of as many rows as the bin is worth: its rows
/// divided by the design effect, the variance of the share over groups divided by that of independent
/// rows (Rao & Scott, Biometrics 1992), at least 1. Where all rows of a bin agree, that has no
/// value, and the bin is worth as many rows as groups. There is no interval of an empty bin, nor of one
/// group.
///
/// # Errors
/// As [`reliability`].
pub fn reliability_points(rows: &ScoredRows) -> Result<Vec<ReliabilityPoint>, MetricError> {
    let probs = rows.probs();
    let bins = reliability(rows.positive(), &probs, RELIABILITY_BINS)?;
    let point = |(index, bin): (usize, ReliabilityBin)| {
        let members = (0..rows.len()).filter(|row| bin_of(probs[*row], RELIABILITY_BINS) == index);
        let worth = Worth::of(rows, members, bin.observed);
        let share = bin.observed.zip(worth.rows);
        ReliabilityPoint {
            groups: worth.groups,
            interval: share.and_then(|(share, rows)| wilson_of_share(share, rows)),
            bin,
        }
    };
    Ok(bins.into_iter().enumerate().map(point).collect())
}

/// How many independent rows a bin is worth.
struct Worth {
    groups: u64,
    rows: Option<f64>,
}

impl Worth {
    fn of(rows: &ScoredRows, members: impl Iterator<Item = usize>, share: Option<f64>) -> Self {
        let share = share.unwrap_or(0.0);
        // By group: rows, and positive rows beyond their share.
        let mut sums = std::collections::BTreeMap::<usize, [f64; 2]>::new();
        for row in members {
            let group = rows.groups().map_or(row, |groups| groups[row]);
            let sum = sums.entry(group).or_default();
            let truth = if rows.positive()[row] { 1.0 } else { 0.0 };
            *sum = [sum[0] + 1.0, sum[1] + truth - share];
        }
        let count: f64 = sums.values().map(|[rows, _]| rows).sum();
        let groups = sums.len() as f64;
        let worth = if rows.groups().is_none() {
            (count > 0.0).then_some(count)
        } else if sums.len() < 2 {
            None
        } else if share <= 0.0 || share >= 1.0 {
            Some(groups)
        } else {
            let squares: f64 = sums.values().map(|[_, excess]| excess * excess).sum();
            let effect = groups / (groups - 1.0) * squares / (count * share * (1.0 - share));
            Some(count / effect.max(1.0))
        };
        Self {
            groups: sums.len() as u64,
            rows: worth,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wilson::wilson;

    fn points(groups: Option<Vec<usize>>) -> Vec<ReliabilityPoint> {
        // 40 rows said to be .55, of which 20 came true: all of every other ten.
        let positive = (0..40).map(|row| row / 10 % 2 == 0).collect();
        let z = (0.55_f64 / 0.45).ln();
        let rows = ScoredRows::new(positive, vec![z; 40], groups).unwrap();
        reliability_points(&rows).unwrap()
    }

    #[test]
    fn rows_of_unknown_groups_count_one_by_one() {
        let free = points(None);
        assert_eq!(free[5].bin.count, 40);
        let (got, expected) = (free[5].interval.unwrap(), wilson(20, 40).unwrap());
        assert!((got.ci_low - expected.ci_low).abs() < 1e-12);
        assert!((got.ci_high - expected.ci_high).abs() < 1e-12);
        assert_eq!((free[0].groups, free[0].interval), (0, None));
    }

    #[test]
    fn groups_that_are_of_one_class_each_count_as_one_row_each() {
        // Four groups: the variance is 4/3 times that of four independent rows.
        let by_ten = points(Some((0..40).map(|row| row / 10).collect()));
        let expected = wilson_of_share(0.5, 3.0).unwrap();
        let got = by_ten[5].interval.unwrap();
        assert!(
            (got.ci_low - expected.ci_low).abs() < 1e-12,
            "{got:?} {expected:?}"
        );
        assert_eq!(by_ten[5].groups, 4);
        assert_eq!(points(Some(vec![0; 40]))[5].interval, None);
    }
}

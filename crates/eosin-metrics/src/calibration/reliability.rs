//! The reliability diagram with intervals.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clustered_share::{Trials, clustered_wilson};
use crate::ece::{ReliabilityBin, bin_of, reliability};
use crate::error::MetricError;
use crate::interval::Interval;
use crate::scored::ScoredRows;
use crate::wilson::wilson;

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
/// Intervals are [`wilson`]'s, and [`clustered_wilson`]'s where groups are known. There is no interval of
/// an empty bin, nor of one group.
///
/// # Errors
/// As [`reliability`].
pub fn reliability_points(rows: &ScoredRows) -> Result<Vec<ReliabilityPoint>, MetricError> {
    let probs = rows.probs();
    let bins = reliability(rows.positive(), &probs, RELIABILITY_BINS)?;
    let point = |(index, bin): (usize, ReliabilityBin)| {
        let members = (0..rows.len()).filter(|row| bin_of(probs[*row], RELIABILITY_BINS) == index);
        let trials = trials_of(rows, members);
        let interval = if rows.groups().is_none() {
            let hits = trials.iter().map(|row| row.hits).sum();
            wilson(hits, bin.count)
        } else {
            clustered_wilson(&trials)
        };
        ReliabilityPoint {
            groups: trials.len() as u64,
            interval,
            bin,
        }
    };
    Ok(bins.into_iter().enumerate().map(point).collect())
}

/// Rows and positive ones among them, group by group; each row by itself where groups are not known.
fn trials_of(rows: &ScoredRows, members: impl Iterator<Item = usize>) -> Vec<Trials> {
    let mut trials = BTreeMap::<usize, Trials>::new();
    for row in members {
        let group = rows.groups().map_or(row, |groups| groups[row]);
        let group = trials.entry(group).or_default();
        group.trials += 1;
        group.hits += u64::from(rows.positive()[row]);
    }
    trials.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn groups_that_are_of_one_class_each_are_trials_of_their_own() {
        let by_ten = points(Some((0..40).map(|row| row / 10).collect()));
        let group = |hits| Trials { hits, trials: 10 };
        let expected = clustered_wilson(&[10, 0, 10, 0].map(group));
        assert_eq!(by_ten[5].interval, expected);
        assert_eq!(by_ten[5].groups, 4);
        assert_eq!(points(Some(vec![0; 40]))[5].interval, None);
    }
}

//! What a threshold comes to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clustered_share::{Trials, clustered_wilson};
use crate::counts::{Counts, ratio};
use crate::interval::Interval;
use crate::scored::ScoredRows;
use crate::wilson::wilson;
use crate::{f1, khd, npv, precision, recall, specificity};

/// What decisions of two classes come to; what is 0/0 is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CutFigures {
    /// The four counts.
    #[serde(flatten)]
    pub counts: Counts,
    /// See [`recall`].
    pub sensitivity: Option<f64>,
    /// See [`specificity`].
    pub specificity: Option<f64>,
    /// See [`precision`].
    pub precision: Option<f64>,
    /// See [`npv`].
    pub npv: Option<f64>,
    /// See [`f1`].
    pub f1: Option<f64>,
    /// The share of right decisions.
    pub accuracy: Option<f64>,
    /// Mean of sensitivity and specificity.
    pub balanced_accuracy: Option<f64>,
    /// See [`mcc`](crate::mcc()).
    pub mcc: Option<f64>,
    /// See [`khd`].
    pub khd: Option<f64>,
}

impl CutFigures {
    /// Of counts.
    pub fn of(counts: Counts) -> Self {
        let (sensitivity, specificity) = (recall(&counts), specificity(&counts));
        let both = sensitivity.zip(specificity);
        Self {
            sensitivity,
            specificity,
            precision: precision(&counts),
            npv: npv(&counts),
            f1: f1(&counts),
            accuracy: ratio(
                counts.true_positives + counts.true_negatives,
                counts.total(),
            ),
            balanced_accuracy: both.map(|(one, other)| f64::midpoint(one, other)),
            mcc: mcc_of(&counts),
            khd: (counts.total() > 0).then(|| khd(&counts)),
            counts,
        }
    }

    /// Of rows, positive from these log odds on.
    pub fn at(rows: &ScoredRows, log_odds: f64) -> Self {
        Self::of(counts_at(rows, log_odds))
    }
}

/// 95 % intervals of what decisions of two classes come to: [`wilson`], or [`clustered_wilson`] where groups are
/// known. There is none of what is 0/0, nor of one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CutIntervals {
    /// Of the share of positive rows that are called so.
    pub sensitivity: Option<Interval>,
    /// Of the share of negative rows that are called so.
    pub specificity: Option<Interval>,
    /// Of the share of rows called positive that are.
    pub precision: Option<Interval>,
    /// Of the share of rows called negative that are.
    pub npv: Option<Interval>,
}

/// A row of two classes that was decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecidedRow {
    /// Whether it is positive.
    pub positive: bool,
    /// Whether it was called so.
    pub called: bool,
    /// Its group; `None` where no groups are known.
    pub group: Option<usize>,
}

impl CutIntervals {
    /// Of decided rows; of all of them groups are known, or of none.
    pub fn of(rows: &[DecidedRow]) -> Self {
        let share = |counts: fn(&DecidedRow) -> bool| {
            let counted = rows.iter().filter(|row| counts(row));
            let mut trials = BTreeMap::<Option<usize>, Trials>::new();
            for row in counted {
                let group = trials.entry(row.group).or_default();
                group.trials += 1;
                group.hits += u64::from(row.positive == row.called);
            }
            match trials.get(&None) {
                Some(all) => wilson(all.hits, all.trials),
                None => clustered_wilson(&trials.into_values().collect::<Vec<_>>()),
            }
        };
        Self {
            sensitivity: share(|row| row.positive),
            specificity: share(|row| !row.positive),
            precision: share(|row| row.called),
            npv: share(|row| !row.called),
        }
    }
}

/// Decisions of rows: positive from these log odds on.
pub fn counts_at(rows: &ScoredRows, log_odds: f64) -> Counts {
    let mut counts = Counts::default();
    for (positive, z) in rows.positive().iter().zip(rows.log_odds()) {
        *match (positive, *z >= log_odds) {
            (true, true) => &mut counts.true_positives,
            (false, true) => &mut counts.false_positives,
            (true, false) => &mut counts.false_negatives,
            (false, false) => &mut counts.true_negatives,
        } += 1;
    }
    counts
}

/// [`mcc`](crate::mcc()) of two classes by its counts.
pub(crate) fn mcc_of(counts: &Counts) -> Option<f64> {
    let [tp, fp, fn_, tn] = [
        counts.true_positives,
        counts.false_positives,
        counts.false_negatives,
        counts.true_negatives,
    ]
    .map(|count| count as f64);
    let margins = [tp + fp, tp + fn_, tn + fp, tn + fn_];
    let scale: f64 = margins.iter().map(|margin| margin.sqrt()).product();
    (scale > 0.0).then(|| (tp * tn - fp * fn_) / scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Confusion, mcc};

    #[test]
    fn intervals_are_wilsons_and_of_groups_their_clustered_form() {
        let row = |at: usize| DecidedRow {
            positive: at.is_multiple_of(2),
            called: at.is_multiple_of(2) && !at.is_multiple_of(8),
            group: None,
        };
        let free: Vec<DecidedRow> = (0..40).map(row).collect();
        let found = CutIntervals::of(&free);
        assert_eq!(found.sensitivity, wilson(15, 20));
        assert_eq!(found.specificity, wilson(20, 20));
        assert_eq!(found.precision, wilson(15, 15));
        let by_ten: Vec<DecidedRow> = free
            .iter()
            .enumerate()
            .map(|(at, row)| DecidedRow {
                group: Some(at / 10),
                ..*row
            })
            .collect();
        let trials = [(3, 5), (4, 5), (4, 5), (4, 5)].map(|(hits, trials)| Trials { hits, trials });
        assert_eq!(
            CutIntervals::of(&by_ten).sensitivity,
            clustered_wilson(&trials)
        );
        let one_group: Vec<DecidedRow> = free
            .iter()
            .map(|row| DecidedRow {
                group: Some(0),
                ..*row
            })
            .collect();
        assert_eq!(CutIntervals::of(&one_group), CutIntervals::default());
        assert_eq!(CutIntervals::of(&[]), CutIntervals::default());
    }

    #[test]
    fn the_correlation_by_counts_is_that_of_the_confusion_matrix() {
        for [tp, fp, fn_, tn] in [[3, 1, 2, 9], [0, 1, 2, 3], [5, 0, 0, 5], [0, 0, 3, 4]] {
            let confusion = Confusion::from_rows(&[vec![tn, fp], vec![fn_, tp]]).unwrap();
            let (got, expected) = (mcc_of(&confusion.one_vs_rest(1)), mcc(&confusion));
            let near = got.zip(expected).map(|(a, b)| (a - b).abs() < 1e-12);
            assert!(near.unwrap_or(got == expected), "{got:?} {expected:?}");
        }
    }
}

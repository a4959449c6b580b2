//! What a threshold comes to.

use serde::{Deserialize, Serialize};

use crate::counts::{Counts, ratio};
use crate::scored::ScoredRows;
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
    fn the_correlation_by_counts_is_that_of_the_confusion_matrix() {
        for [tp, fp, fn_, tn] in [[3, 1, 2, 9], [0, 1, 2, 3], [5, 0, 0, 5], [0, 0, 3, 4]] {
            let confusion = Confusion::from_rows(&[vec![tn, fp], vec![fn_, tp]]).unwrap();
            let (got, expected) = (mcc_of(&confusion.one_vs_rest(1)), mcc(&confusion));
            let near = got.zip(expected).map(|(a, b)| (a - b).abs() < 1e-12);
            assert!(near.unwrap_or(got == expected), "{got:?} {expected:?}");
        }
    }
}

//! F1.

use crate::counts::{Counts, ratio};

/// F1, the harmonic mean of precision and recall: `2 TP / (2 TP + FP + FN)`.
///
/// In 0 to 1. Written by counts it is defined (and 0) when one of precision and recall is
/// undefined but positives exist among targets or preds; it is undefined only when neither holds a
/// positive. Reference: scikit-learn `f1_score(zero_division=nan)`.
pub fn f1(counts: &Counts) -> Option<f64> {
    let twice = 2 * counts.true_positives;
    ratio(
        twice,
        twice + counts.false_positives + counts.false_negatives,
    )
}

//! Recall.

use crate::counts::{Counts, ratio};

/// Recall, also sensitivity or true positive rate: `TP / (TP + FN)`.
///
/// In 0 to 1. Undefined when no target is positive, where scikit-learn's `recall_score` gives 0
/// with a warning (`zero_division="warn"`) and NaN with `zero_division=nan`.
pub fn recall(counts: &Counts) -> Option<f64> {
    ratio(counts.true_positives, counts.positives())
}

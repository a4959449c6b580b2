//! Specificity.

use crate::counts::{Counts, ratio};

/// Specificity, or true negative rate: `TN / (TN + FP)`; the recall of the negative class.
///
/// In 0 to 1. Undefined when no target is negative. Reference: scikit-learn `recall_score` with
/// `pos_label` set to the negative class.
pub fn specificity(counts: &Counts) -> Option<f64> {
    ratio(counts.true_negatives, counts.negatives())
}

//! Negative predictive value.

use crate::counts::{Counts, ratio};

/// Negative predictive value: `TN / (TN + FN)`; the precision of the negative class.
///
/// In 0 to 1. Undefined when nothing is predicted negative. Reference: scikit-learn
/// `precision_score` with `pos_label` set to the negative class.
pub fn npv(counts: &Counts) -> Option<f64> {
    ratio(counts.true_negatives, counts.predicted_negatives())
}

//! Precision.

use crate::counts::{Counts, ratio};

/// Precision, or positive predictive value: `TP / (TP + FP)`.
///
/// In 0 to 1. Undefined when nothing is predicted positive, where scikit-learn's `precision_score`
/// gives 0 with a warning (`zero_division="warn"`) and NaN with `zero_division=nan`.
pub fn precision(counts: &Counts) -> Option<f64> {
    ratio(counts.true_positives, counts.predicted_positives())
}

//! Accuracy.

use crate::confusion::Confusion;
use crate::counts::ratio;

/// Share of rows whose pred is their target: `sum_k C[k][k] / n`.
///
/// In 0 to 1; a [`Confusion`] is never empty, so it is always defined. For single labels it equals
/// the micro average of precision, recall and F1. Reference: scikit-learn `accuracy_score`.
pub fn accuracy(confusion: &Confusion) -> Option<f64> {
    ratio(confusion.correct(), confusion.total())
}

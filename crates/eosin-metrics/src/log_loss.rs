//! Log loss.

use crate::probs::Probs;

/// Log loss, the mean negative log-likelihood in nats: `-1/n sum_i ln p_i[target_i]`.
///
/// Zero or more, lower is better, `ln C` for uniform probabilities. Probabilities are clipped to
/// `f64::EPSILON` from 0 and 1 first, so one wrong and certain row adds at most 36.04. Reference:
/// scikit-learn `log_loss` on 64-bit probabilities.
///
/// # Panics
/// When a target is not a class of `probs` (which [`Probs::new`] has checked for its own targets).
pub fn log_loss(targets: &[usize], probs: &Probs) -> f64 {
    let sum: f64 = targets
        .iter()
        .zip(probs.rows())
        .map(|(&target, row)| loss_of(row, target))
        .sum();
    sum / targets.len() as f64
}

/// What one row adds.
pub(crate) fn loss_of(row: &[f64], target: usize) -> f64 {
    -row[target].clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
}

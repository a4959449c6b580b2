//! Brier score.

use crate::probs::Probs;

/// Brier score, the mean squared error of the probabilities, lower is better.
///
/// Two classes: `1/n sum_i (p_i[1] - [target_i = 1])^2`, in 0 to 1, the same for either class.
/// More: `1/n sum_i sum_k (p_i[k] - [target_i = k])^2`, in 0 to 2, Brier's original form (which for
/// two classes would be twice the first). Both as scikit-learn's `brier_score_loss` has them
/// (`scale_by_half="auto"`). Source: Brier, Monthly Weather Review 1950.
pub fn brier(targets: &[usize], probs: &Probs) -> f64 {
    let rows = targets.iter().zip(probs.rows());
    let sum: f64 = rows.map(|(&target, row)| squared_error(row, target)).sum();
    sum / targets.len() as f64
}

/// What one row adds.
pub(crate) fn squared_error(row: &[f64], target: usize) -> f64 {
    let classes = if row.len() == 2 { 1..2 } else { 0..row.len() };
    let of_class = |class: usize| {
        let truth = if class == target { 1.0 } else { 0.0 };
        (row[class] - truth).powi(2)
    };
    classes.map(of_class).sum()
}

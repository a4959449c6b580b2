//! Brier score.

use crate::probs::Probs;

/// Brier score, the mean squared error of the probabilities, lower is better.
///
/// Two classes: `1/n sum_i (p_i[1] - [target_i = 1])^2`, in 0 to 1, the same for either class.
/// More: `1/n sum_i sum_k (p_i[k] - [target_i = k])^2`, in 0 to 2, Brier's original form (which for
/// two classes would be twice the first). Both as scikit-learn's `brier_score_loss` has them
/// (`scale_by_half="auto"`). Source: Brier, Monthly Weather Review 1950.
pub fn brier(targets: &[usize], probs: &Probs) -> f64 {
    let classes = if probs.class_count() == 2 {
        1..2
    } else {
        0..probs.class_count()
    };
    let sum: f64 = targets
        .iter()
        .zip(probs.rows())
        .flat_map(|(&target, row)| {
            classes.clone().map(move |class| {
                let truth = if class == target { 1.0 } else { 0.0 };
                (row[class] - truth).powi(2)
            })
        })
        .sum();
    sum / targets.len() as f64
}

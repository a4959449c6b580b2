//! Ridge regression of the classes' indicators (Hoerl & Kennard 1970; as a stacker, Breiman 1996).
//!
//! `min_w sum_i sum_c (y_ic - pi_c - sum_m w_m (a_imc - mean_mc))^2 + lambda n / C sum_m (s_m w_m)^2`,
//! for two classes scikit-learn's `Ridge(alpha = lambda n)` on standardised log odds. What it says
//! beyond the share of a class is added to the logit of the share, by a factor of its own.

use crate::solve::solve;

use super::model::Model;
use super::rows::Rows;

/// Without some folds; `lambda` is the strength a row.
pub(crate) fn fit(rows: &Rows, without: &[usize], lambda: f64) -> Model {
    let sums = rows.sums(without);
    let (members, count) = (rows.members, sums.rows());
    let means: Vec<f64> = sums.first.iter().map(|sum| sum / count).collect();
    let shares: Vec<f64> = sums.counts.iter().map(|rows| rows / count).collect();
    let of_class = |class: usize| &means[class * members..][..members];
    let mut matrix = sums.second.clone();
    let mut right = sums.hits.clone();
    for (class, share) in shares.iter().enumerate() {
        let mean = of_class(class);
        for (one, row) in matrix.chunks_exact_mut(members).enumerate() {
            for (value, other) in row.iter_mut().zip(mean) {
                *value -= count * mean[one] * other;
            }
            right[one] -= count * share * mean[one];
        }
    }
    for (at, variance) in sums.variances().into_iter().enumerate() {
        matrix[at * (members + 1)] += lambda * count / rows.classes as f64 * variance;
    }
    let weights = solve(&mut matrix, right);
    let bias = (0..rows.classes).map(|class| -super::model::dot(&weights, of_class(class)));
    Model {
        bias: bias.collect(),
        weights,
        prior: shares.iter().map(|share| share.ln()).collect(),
        kept: 1.0,
    }
}

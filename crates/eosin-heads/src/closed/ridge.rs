//! Ridge regression on the indicators of the classes (Hoerl & Kennard 1970).
//!
//! `min_w sum_i s_i (y_ic - f_c(x_i))^2 + alpha |w_c|^2` with `f_c(x) = pi_c + w_c (x - mu)`, as
//! scikit-learn's `Ridge` and `RidgeClassifier` have it: `w_c = (A + alpha I)^-1 m_c (mu_c - mu)`, `A`
//! the scatter of all rows about their mean `mu` and `m_c` the mass of class `c`. What `f_c` says
//! beyond the share of the class is added to the logit of the share.

use super::fitting::Added;
use super::scatter::Scatter;

/// Decades of `alpha` above the number of rows.
const STRONGEST: i32 = 2;
/// Decades below it.
const WEAKEST: i32 = -3;

pub(super) fn strengths(rows: usize) -> Vec<f64> {
    let decade = decade(rows);
    (WEAKEST..=STRONGEST)
        .rev()
        .map(|step| 10_f64.powi(decade + step))
        .collect()
}

/// One penalty a row: what is not seen often does not count.
pub(super) fn unchosen(rows: usize) -> f64 {
    10_f64.powi(decade(rows))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a logarithm of counts is small"
)]
fn decade(rows: usize) -> i32 {
    (rows.max(1) as f64).log10().floor() as i32
}

/// `None` where `alpha` is too weak for single precision.
pub(super) fn fit(scatter: &Scatter, alpha: f64) -> Option<Vec<Added>> {
    let moments: Vec<Vec<f64>> = scatter
        .classes
        .iter()
        .map(|class| class.away.iter().map(|away| class.mass * away).collect())
        .collect();
    let weights = scatter.solve(&scatter.total, 1.0, alpha, &moments)?;
    let rows = weights.into_iter();
    Some(
        rows.map(|weights| scatter.about_mean(weights, 0.0))
            .collect(),
    )
}

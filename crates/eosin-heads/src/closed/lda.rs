//! Linear discriminant analysis (Fisher 1936) with a shrunk covariance.
//!
//! `z_c = ln pi_c + (x - mu) w_c - 1/2 (mu_c - mu) w_c`, `w_c = S^-1 (mu_c - mu)`, with
//! `S = (1 - g) W + g tr(W) / d I` and `W` the covariance within the classes, as scikit-learn's
//! `LinearDiscriminantAnalysis(solver="lsqr", shrinkage=g)` has it.

use super::fitting::Added;
use super::scatter::Scatter;

/// The shrinkages that are tried.
pub(super) const STRENGTHS: [f64; 9] = [0.9, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.003, 0.001];
/// The shrinkage where nothing can choose one.
pub(super) const UNCHOSEN: f64 = 0.5;

/// `None` where `shrinkage` is too weak for single precision.
pub(super) fn fit(scatter: &Scatter, shrinkage: f64) -> Option<Vec<Added>> {
    let mass = scatter.mass();
    let (width, within) = (scatter.width(), scatter.within());
    let trace: f64 = (0..width)
        .map(|at| f64::from(within[at * (width + 1)]))
        .sum();
    let ridge = shrinkage * trace / mass / width as f64;
    let aways: Vec<Vec<f64>> = scatter
        .classes
        .iter()
        .map(|class| class.away.clone())
        .collect();
    let weights = scatter.solve(&within, (1.0 - shrinkage) / mass, ridge, &aways)?;
    let row = |(weights, away): (Vec<f64>, &Vec<f64>)| {
        let half: f64 = weights.iter().zip(away).map(|(w, a)| w * a).sum::<f64>() / 2.0;
        scatter.about_mean(weights, -half)
    };
    Some(weights.into_iter().zip(&aways).map(row).collect())
}

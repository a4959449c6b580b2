//! The distance to the mean of each class (nearest centroid; Snell et al. 2017, arXiv:1703.05175).
//!
//! `z_c = ln pi_c - |x - mu_c|^2 / (2 d)` on standardised values, of which what all classes share is
//! left out: `(x - mu) (mu_c - mu) / d - |mu_c - mu|^2 / (2 d)`.

use super::form::Added;
use super::scatter::Scatter;

pub(super) fn fit(scatter: &Scatter) -> Vec<Added> {
    let width = scatter.width() as f64;
    let row = |class: &super::scatter::ClassSums| {
        let weights: Vec<f64> = class.away.iter().map(|away| away / width).collect();
        let half: f64 = class.away.iter().map(|away| away * away).sum::<f64>() / (2.0 * width);
        scatter.about_mean(weights, -half)
    };
    scatter.classes.iter().map(row).collect()
}

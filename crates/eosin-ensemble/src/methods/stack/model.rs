//! A stacked model.

use super::rows::FoldRows;

/// `prior_c + kept (sum_m w_m a_mc + bias_c)`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    pub weights: Vec<f64>,
    pub bias: Vec<f64>,
    pub prior: Vec<f64>,
    pub kept: f64,
}

impl Model {
    /// What the members add to the prior, before any is kept, `[rows, classes]`.
    pub fn added(&self, rows: &FoldRows) -> Vec<f64> {
        let values = rows.about.chunks_exact(self.weights.len());
        let classes = self.bias.iter().cycle();
        values
            .zip(classes)
            .map(|(values, bias)| bias + dot(&self.weights, values))
            .collect()
    }

    /// With the factor and the shares of the classes in weights and intercepts.
    pub fn folded(&self) -> Folded {
        let bias = self.bias.iter().zip(&self.prior);
        Folded {
            weights: self.weights.iter().map(|w| self.kept * w).collect(),
            bias: bias.map(|(bias, prior)| prior + self.kept * bias).collect(),
        }
    }
}

/// Weights of members and intercepts of classes, as they are stored.
pub(crate) struct Folded {
    pub weights: Vec<f64>,
    pub bias: Vec<f64>,
}

pub(crate) fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

/// `ln(sum_c exp z_c)`.
pub(crate) fn log_sum_exp(logits: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = logits.clone().fold(f64::NEG_INFINITY, f64::max);
    largest
        + logits
            .map(|logit| (logit - largest).exp())
            .sum::<f64>()
            .ln()
}

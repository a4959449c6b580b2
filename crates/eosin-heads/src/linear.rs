//! What a solved model is to others.

use crate::part::Standard;
use crate::table::{Table, narrow};

/// A linear classifier of embeddings as they were before anything was standardised.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearHead {
    /// `[classes, width]`.
    pub weight: Vec<f32>,
    /// `[classes]`.
    pub bias: Vec<f32>,
}

impl LinearHead {
    /// `kept` of the logits and `1 - kept` of those of the shares of the classes (`prior`, see
    /// [`TrainingPart::prior`](crate::TrainingPart::prior)).
    #[must_use]
    pub fn shrunk(mut self, kept: f64, prior: &[f32]) -> Self {
        let prior: Vec<f32> = match prior {
            [one] => vec![-0.5 * one, 0.5 * one],
            all => all.to_vec(),
        };
        let kept = narrow(kept);
        for weight in &mut self.weight {
            *weight *= kept;
        }
        for (bias, prior) in self.bias.iter_mut().zip(prior) {
            *bias = kept * *bias + (1.0 - kept) * prior;
        }
        self
    }

    /// The classifier with this optimum (`[columns, width + 1]`, the intercept last). One column
    /// becomes two opposite ones, so that their softmax is the same.
    pub(crate) fn unfold(optimum: &[f64], own: &Standard, table: &Table<'_>) -> Self {
        let width = table.width();
        let mut columns = Vec::new();
        for column in optimum.chunks_exact(width + 1) {
            let mut bias = column[width];
            let mut weights = Vec::with_capacity(width);
            for (at, weight) in column[..width].iter().enumerate() {
                let weight = weight * own.scale[at];
                bias -= weight * own.mean[at];
                let weight = weight * table.scale[at];
                bias -= weight * table.mean[at];
                weights.push(weight);
            }
            columns.push((weights, bias));
        }
        if let [(weights, bias)] = &columns[..] {
            let half = |factor: f64| {
                let weights = weights.iter().map(|weight| factor * weight).collect();
                (weights, factor * bias)
            };
            columns = vec![half(-0.5), half(0.5)];
        }
        Self {
            weight: columns
                .iter()
                .flat_map(|(weights, _)| weights.iter().map(|weight| narrow(*weight)))
                .collect(),
            bias: columns.iter().map(|(_, bias)| narrow(*bias)).collect(),
        }
    }
}

//! Generalised cross-entropy: between cross-entropy and mean absolute error, for noisy labels.

use super::{Row, RowLoss, ValueAndSlope};

/// `sum_i w_t (1 - p_t^q) / q / sum_i w_t` (Zhang & Sabuncu 2018, arXiv:1805.07836).
#[derive(Debug)]
pub(super) struct GeneralisedCrossEntropy {
    /// `q`: towards 0 cross-entropy, 1 mean absolute error.
    pub q: f32,
}

impl RowLoss for GeneralisedCrossEntropy {
    fn row(&self, row: &Row<'_>, derivative: &mut [f32]) -> f64 {
        row.of_target_prob(derivative, |target| {
            let power = (self.q * target.log).exp();
            ValueAndSlope {
                value: (1.0 - power) / self.q,
                slope: -power,
            }
        })
    }
}

//! The focal loss: sure patches count less.

use super::{Row, RowLoss, ValueAndSlope};

/// `sum_i w_t (1-p_t)^gamma (-log p_t) / sum_i w_t` (Lin et al. 2017, arXiv:1708.02002).
#[derive(Debug)]
pub(super) struct Focal {
    /// `gamma`; 0 is cross-entropy.
    pub gamma: f32,
}

impl RowLoss for Focal {
    fn row(&self, row: &Row<'_>, derivative: &mut [f32]) -> f64 {
        let gamma = self.gamma;
        row.of_target_prob(derivative, |target| {
            let rest = 1.0 - target.prob;
            let factor = rest.powf(gamma);
            let steepness = if gamma == 0.0 {
                0.0
            } else {
                gamma * rest.powf(gamma - 1.0) * target.prob * target.log
            };
            ValueAndSlope {
                value: -factor * target.log,
                slope: steepness - factor,
            }
        })
    }
}

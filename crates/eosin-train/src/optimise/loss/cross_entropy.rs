//! Cross-entropy with label smoothing.

use super::{Row, RowLoss, log_sum_exp};

/// `sum_i [ (1-s) w_t (-log p_t) + s/C sum_c w_c (-log p_c) ] / sum_i w_t`, as
/// `torch.nn.functional.cross_entropy(weight=w, label_smoothing=s)` (label smoothing: Szegedy et
/// al. 2016, arXiv:1512.00567).
#[derive(Debug)]
pub(super) struct CrossEntropy {
    /// `s`: share of the target probability spread over all classes.
    pub label_smoothing: f32,
}

impl RowLoss for CrossEntropy {
    fn row(&self, row: &Row<'_>, derivative: &mut [f32]) -> f64 {
        let spread = self.label_smoothing / row.logits.len() as f32;
        let log_norm = log_sum_exp(row.logits);
        let (mut total, mut mass) = (0.0, 0.0);
        for (class, (logit, slot)) in row.logits.iter().zip(derivative.iter_mut()).enumerate() {
            let hit = if class == row.target {
                1.0 - self.label_smoothing
            } else {
                0.0
            };
            let wanted = (hit + spread) * row.class_weights[class];
            total += f64::from(wanted * (log_norm - logit));
            mass += wanted;
            *slot = -wanted / row.divisor;
        }
        for (logit, slot) in row.logits.iter().zip(derivative) {
            *slot += mass * (logit - log_norm).exp() / row.divisor;
        }
        total
    }
}

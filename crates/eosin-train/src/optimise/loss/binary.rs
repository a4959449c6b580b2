//! Cross-entropy of two classes with a weight for the positive one.

use super::cross_entropy::CrossEntropy;
use super::{Row, RowLoss};

/// Cross-entropy divided by the number of rows, `w` being 1 and the positive class's weight:
/// `torch.nn.BCEWithLogitsLoss(pos_weight)` of the difference of the two logits.
#[derive(Debug)]
pub(super) struct Binary(pub CrossEntropy);

impl RowLoss for Binary {
    fn divisor(&self, targets: &[usize], _: &[f32]) -> f32 {
        targets.len() as f32
    }

    fn row(&self, row: &Row<'_>, derivative: &mut [f32]) -> f64 {
        self.0.row(row, derivative)
    }
}

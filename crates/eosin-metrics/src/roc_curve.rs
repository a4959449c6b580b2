//! Points of the receiver operating characteristic.

use serde::{Deserialize, Serialize};

use crate::ranking::Ranking;

/// One corner of a ROC curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RocPoint {
    /// Rows with a score at or above this are called positive; `None` at the origin, where no row
    /// is.
    pub threshold: Option<f64>,
    /// `FP / (FP + TN)`, 1 minus specificity.
    pub false_positive_rate: f64,
    /// `TP / (TP + FN)`, recall.
    pub true_positive_rate: f64,
}

impl Ranking {
    /// The ROC curve from (0, 0) to (1, 1), one point per distinct score from the highest down.
    ///
    /// Straight lines between points enclose exactly [`Ranking::auroc`]. Undefined when either
    /// class is missing. Reference: scikit-learn `roc_curve(drop_intermediate=False)`.
    pub fn roc_curve(&self) -> Option<Vec<RocPoint>> {
        if self.positives() == 0 || self.negatives() == 0 {
            return None;
        }
        let origin = RocPoint {
            threshold: None,
            false_positive_rate: 0.0,
            true_positive_rate: 0.0,
        };
        let points = self
            .cumulative()
            .map(|(group, positives, negatives)| RocPoint {
                threshold: Some(group.score),
                false_positive_rate: negatives as f64 / self.negatives() as f64,
                true_positive_rate: positives as f64 / self.positives() as f64,
            });
        Some(std::iter::once(origin).chain(points).collect())
    }
}

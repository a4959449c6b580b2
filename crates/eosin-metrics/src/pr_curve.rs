//! Points of the precision-recall curve.

use serde::{Deserialize, Serialize};

use crate::ranking::Ranking;

/// One point of a precision-recall curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrPoint {
    /// Rows with a score at or above this are called positive.
    pub threshold: f64,
    /// `TP / (TP + FN)`.
    pub recall: f64,
    /// `TP / (TP + FP)`.
    pub precision: f64,
}

impl Ranking {
    /// The precision-recall curve, one point per distinct score from the highest down.
    ///
    /// Draw it as steps that hold each precision back to the previous recall; their area is
    /// [`Ranking::auprc`]. Undefined without positives or without
    /// negatives. Equals scikit-learn's
    /// `precision_recall_curve` reversed and without its added point (recall 0, precision 1),
    /// which no threshold reaches.
    pub fn pr_curve(&self) -> Option<Vec<PrPoint>> {
        let points = self
            .cumulative()
            .map(|(group, positives, negatives)| PrPoint {
                threshold: group.score,
                recall: positives as f64 / self.positives() as f64,
                precision: positives as f64 / (positives + negatives) as f64,
            });
        (self.positives() > 0 && self.negatives() > 0).then(|| points.collect())
    }
}

//! Area under the precision-recall curve.

use crate::error::MetricError;
use crate::ranking::Ranking;

impl Ranking {
    /// Average precision: `sum_k (R_k - R_(k-1)) P_k` over the distinct scores from the highest
    /// down, where `P_k` and `R_k` are precision and recall when rows at or above the k-th score
    /// are called positive.
    ///
    /// In 0 to 1; a random ranking scores about the share of positives. There is no interpolation
    /// between points, which would be too optimistic. Undefined without positives, where
    /// scikit-learn's `average_precision_score` gives 0 with a warning, and without negatives,
    /// where it gives the 1 that every ranking has. Source: that function; Davis and Goadrich, ICML
    /// 2006.
    pub fn auprc(&self) -> Option<f64> {
        let mut area = 0.0;
        for (group, positives, negatives) in self.cumulative() {
            let precision = positives as f64 / (positives + negatives) as f64;
            area += group.positives as f64 * precision;
        }
        let both = self.positives() > 0 && self.negatives() > 0;
        both.then(|| area / self.positives() as f64)
    }
}

/// [`Ranking::auprc`] of `scores`, any finite numbers that grow with the belief in `positive`.
///
/// # Errors
/// When there are no rows, the lengths differ, or a score is not finite.
pub fn auprc(positive: &[bool], scores: &[f64]) -> Result<Option<f64>, MetricError> {
    Ok(Ranking::new(positive, scores)?.auprc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tied_scores_count_as_one_threshold() {
        assert_eq!(auprc(&[true, false, true, false], &[0.5; 4]), Ok(Some(0.5)));
        assert_eq!(auprc(&[false, true], &[0.1, 0.9]), Ok(Some(1.0)));
    }

    #[test]
    fn one_class_alone_leaves_it_undefined() {
        assert_eq!(auprc(&[false, false], &[0.1, 0.9]), Ok(None));
        assert_eq!(auprc(&[true, true], &[0.1, 0.9]), Ok(None));
    }
}

//! Area under the receiver operating characteristic.

use crate::error::MetricError;
use crate::ranking::Ranking;

impl Ranking {
    /// Area under the ROC curve, the chance that a positive row outranks a negative one:
    /// `sum over pairs of ([s+ > s-] + [s+ = s-] / 2) / (n+ n-)`.
    ///
    /// In 0 to 1. Undefined when either class is missing, where scikit-learn's `roc_auc_score`
    /// gives NaN with a warning. Twice the Mann-Whitney U is summed in integers, so ties are exact
    /// and the one rounding is the final division. Source: Hanley and `McNeil`, Radiology 1982.
    pub fn auroc(&self) -> Option<f64> {
        let pairs = u128::from(self.positives()) * u128::from(self.negatives());
        let mut twice_wins = 0_u128;
        for (group, _, negatives_so_far) in self.cumulative() {
            let below = self.negatives() - negatives_so_far;
            twice_wins += u128::from(group.positives) * u128::from(2 * below + group.negatives);
        }
        (pairs > 0).then(|| twice_wins as f64 / (2 * pairs) as f64)
    }
}

/// [`Ranking::auroc`] of `scores`, any finite numbers that grow with the belief in `positive`.
///
/// # Errors
/// When there are no rows, the lengths differ, or a score is not finite.
pub fn auroc(positive: &[bool], scores: &[f64]) -> Result<Option<f64>, MetricError> {
    Ok(Ranking::new(positive, scores)?.auroc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separation_ties_and_reversal_score_one_half_and_zero() {
        let positive = [false, false, true, true];
        assert_eq!(auroc(&positive, &[0.1, 0.2, 0.3, 0.4]), Ok(Some(1.0)));
        assert_eq!(auroc(&positive, &[0.5, 0.5, 0.5, 0.5]), Ok(Some(0.5)));
        assert_eq!(auroc(&positive, &[0.4, 0.3, 0.2, 0.1]), Ok(Some(0.0)));
        assert_eq!(auroc(&positive, &[0.1, 0.3, 0.3, 0.4]), Ok(Some(0.875)));
    }

    #[test]
    fn one_class_alone_leaves_it_undefined() {
        assert_eq!(auroc(&[true, true], &[0.1, 0.9]), Ok(None));
        assert_eq!(auroc(&[false, false], &[0.1, 0.9]), Ok(None));
    }
}

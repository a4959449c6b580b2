//! The corrected resampled t-test.

use serde::{Deserialize, Serialize};

use crate::distribution::Reference;

/// What a t-test over folds says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CorrectedT {
    /// Mean difference over folds.
    pub mean: f64,
    /// `t`.
    pub statistic: f64,
    /// Degrees of freedom: folds less one.
    pub df: f64,
    /// The chance of a `t` at least as far from 0 where there is no difference.
    pub p: f64,
}

/// The corrected resampled t-test of the differences of `J` folds,
/// `t = mean / sqrt((1 / J + n_test / n_train) s^2)`: folds share training patches, so their
/// differences are not independent. `test_over_train` is `n_test / n_train`, `1 / (K - 1)` in K folds.
///
/// Undefined with under two folds or equal differences. Source: Nadeau and Bengio, Machine Learning
/// 2003; of repeated cross-validations Bouckaert and Frank, PAKDD 2004.
pub fn corrected_t(differences: &[f64], test_over_train: f64) -> Option<CorrectedT> {
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let squares: f64 = differences.iter().map(|value| (value - mean).powi(2)).sum();
    let variance = squares / (count - 1.0);
    let statistic = mean / ((1.0 / count + test_over_train) * variance).sqrt();
    let df = count - 1.0;
    (differences.len() > 1 && squares > 0.0).then(|| CorrectedT {
        mean,
        statistic,
        df,
        p: Reference::T { df }.two_sided_p(statistic),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_fold_or_equal_differences_leave_it_undefined() {
        assert_eq!(corrected_t(&[0.1], 0.1), None);
        assert_eq!(corrected_t(&[], 0.1), None);
        assert_eq!(corrected_t(&[0.5, 0.5, 0.5], 0.1), None);
    }

    #[test]
    fn sharing_training_patches_makes_it_less_sure() {
        let differences = [0.02, 0.01, 0.03, 0.0, 0.02];
        let [naive, corrected] = [0.0, 0.25].map(|ratio| corrected_t(&differences, ratio).unwrap());
        let ratio = naive.statistic / corrected.statistic;
        assert!((ratio - ((0.2 + 0.25) / 0.2_f64).sqrt()).abs() < 1e-12);
        assert!(corrected.p > naive.p);
    }
}

//! One metric over several folds.

use serde::{Deserialize, Serialize};

/// Mean and spread of a metric over folds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldSummary {
    /// Mean of the defined values; undefined without any.
    pub mean: Option<f64>,
    /// Sample standard deviation (n - 1) of the defined values; undefined with under two.
    pub sd: Option<f64>,
    /// Folds with a defined value.
    pub count: usize,
    /// Folds without, which enter neither mean nor deviation.
    pub undefined: usize,
}

/// Summarises a metric's values, one per fold.
///
/// ```
/// let summary = eosin_metrics::summarise([Some(0.8), None, Some(0.9), Some(1.0)]);
/// assert_eq!((summary.count, summary.undefined), (3, 1));
/// assert!((summary.mean.unwrap() - 0.9).abs() < 1e-12);
/// assert!((summary.sd.unwrap() - 0.1).abs() < 1e-12);
/// ```
pub fn summarise(values: impl IntoIterator<Item = Option<f64>>) -> FoldSummary {
    let all: Vec<Option<f64>> = values.into_iter().collect();
    let defined: Vec<f64> = all.iter().flatten().copied().collect();
    let count = defined.len();
    let mean = (count > 0).then(|| defined.iter().sum::<f64>() / count as f64);
    let sd = mean.filter(|_| count > 1).map(|mean| {
        let squares: f64 = defined.iter().map(|value| (value - mean).powi(2)).sum();
        (squares / (count - 1) as f64).sqrt()
    });
    FoldSummary {
        mean,
        sd,
        count,
        undefined: all.len() - count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_fold_has_a_mean_but_no_deviation_and_none_has_neither() {
        let one = summarise([Some(0.5)]);
        assert_eq!((one.mean, one.sd, one.count), (Some(0.5), None, 1));
        let none = summarise([None, None]);
        assert_eq!((none.mean, none.sd, none.undefined), (None, None, 2));
    }
}

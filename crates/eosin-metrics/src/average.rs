//! Multi-class forms of a binary metric.

use crate::confusion::Confusion;
use crate::counts::Counts;

/// How the one-vs-rest values of the classes become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// Unweighted mean over classes; undefined when any class's value is.
    Macro,
    /// The metric of the counts summed over classes.
    Micro,
    /// Mean over classes weighted by their targets; a class without targets has no weight.
    Weighted,
}

/// The one-vs-rest value of each class.
pub fn per_class(
    confusion: &Confusion,
    metric: impl Fn(&Counts) -> Option<f64>,
) -> Vec<Option<f64>> {
    (0..confusion.class_count())
        .map(|class| metric(&confusion.one_vs_rest(class)))
        .collect()
}

/// The averaged value of a binary metric.
///
/// Equals scikit-learn's `average="macro" | "micro" | "weighted"` with `labels=range(C)` wherever
/// every class's value is defined. Where one is not, scikit-learn counts it as 0 (default) or
/// leaves it out (`zero_division=nan`), either of which changes what the number means; here the
/// average is undefined too.
pub fn averaged(
    confusion: &Confusion,
    average: Average,
    metric: impl Fn(&Counts) -> Option<f64>,
) -> Option<f64> {
    let classes = 0..confusion.class_count();
    match average {
        Average::Macro => macro_mean(&per_class(confusion, metric)),
        Average::Micro => metric(
            &classes
                .map(|class| confusion.one_vs_rest(class))
                .fold(Counts::default(), |sum, counts| sum.plus(&counts)),
        ),
        Average::Weighted => {
            let weights: Vec<u64> = classes.map(|class| confusion.target_total(class)).collect();
            weighted_mean(&per_class(confusion, metric), &weights)
        }
    }
}

/// The plain mean; undefined when a value is, or when there are none.
pub fn macro_mean(values: &[Option<f64>]) -> Option<f64> {
    let sum = values.iter().copied().sum::<Option<f64>>()?;
    (!values.is_empty()).then(|| sum / values.len() as f64)
}

/// `sum_k w_k x_k / sum_k w_k`; undefined when a value with weight is, or when all weights are 0.
pub fn weighted_mean(values: &[Option<f64>], weights: &[u64]) -> Option<f64> {
    let total: u64 = weights.iter().sum();
    let sum = values
        .iter()
        .zip(weights)
        .filter(|(_, weight)| **weight > 0)
        .map(|(value, weight)| value.map(|value| value * *weight as f64))
        .sum::<Option<f64>>()?;
    (total > 0).then(|| sum / total as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::precision::precision;
    use crate::recall::recall;

    #[test]
    fn a_class_without_targets_undefines_the_macro_but_not_the_weighted_average() {
        let confusion = Confusion::new(&[0, 0, 1], &[0, 1, 1], 3).unwrap();
        assert_eq!(averaged(&confusion, Average::Macro, recall), None);
        assert_eq!(
            averaged(&confusion, Average::Weighted, recall),
            Some(2.0 / 3.0)
        );
    }

    #[test]
    fn a_class_with_targets_but_no_preds_undefines_every_mean_of_precision() {
        let confusion = Confusion::new(&[0, 1, 2], &[0, 1, 1], 3).unwrap();
        assert_eq!(averaged(&confusion, Average::Macro, precision), None);
        assert_eq!(averaged(&confusion, Average::Weighted, precision), None);
        assert_eq!(
            averaged(&confusion, Average::Micro, precision),
            Some(2.0 / 3.0)
        );
    }
}

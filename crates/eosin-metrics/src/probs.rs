//! Checked class probabilities.

use crate::error::{MetricError, check_classes, check_length};

/// How far outside 0 to 1 rounding (of a mean over folds, say) may take a value, which is then cut.
const RANGE_TOLERANCE: f64 = 1e-6;

/// Class probabilities of some rows, row-major `n x C`, each row summing to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Probs {
    class_count: usize,
    values: Vec<f64>,
}

impl Probs {
    /// How far a row's sum may be from 1: probabilities written with three or more decimals, or
    /// computed in half precision, still pass.
    pub const SUM_TOLERANCE: f64 = 5e-3;

    /// Checks `values`, which holds `class_count` probabilities for each of `targets`.
    ///
    /// # Errors
    /// When there are no rows or too few classes, a target is out of range, the length is not
    /// `n * C`, or a value is not finite, outside 0 to 1 by more than rounding, or in a row whose sum is off 1 by more
    /// than 0.005.
    pub fn new<P: Into<f64> + Copy>(
        targets: &[usize],
        values: &[P],
        class_count: usize,
    ) -> Result<Self, MetricError> {
        check_classes("target", targets, class_count)?;
        check_length("probs", values.len(), targets.len() * class_count)?;
        let mut values: Vec<f64> = values.iter().map(|&value| value.into()).collect();
        for (index, row) in values.chunks_exact_mut(class_count).enumerate() {
            check_row(index, row)?;
            for value in row {
                *value = value.clamp(0.0, 1.0);
            }
        }
        Ok(Self {
            class_count,
            values,
        })
    }

    /// These rows and then those of `other`, of as many classes.
    pub(crate) fn followed_by(&self, other: &Self) -> Self {
        Self {
            class_count: self.class_count,
            values: [&self.values[..], &other.values[..]].concat(),
        }
    }

    /// The number of classes.
    pub const fn class_count(&self) -> usize {
        self.class_count
    }

    /// The rows, each with one probability per class.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.class_count)
    }

    /// The probability of one class in each row.
    pub fn column(&self, class: usize) -> Vec<f64> {
        self.rows().map(|row| row[class]).collect()
    }

    /// The likeliest class of each row; of equal ones the lowest index. With two classes this is
    /// class 1 exactly when its probability exceeds class 0's, that is, exceeds 0.5.
    pub fn preds(&self) -> Vec<usize> {
        self.rows().map(argmax).collect()
    }
}

fn argmax(row: &[f64]) -> usize {
    let mut best = 0;
    for (class, prob) in row.iter().enumerate() {
        if *prob > row[best] {
            best = class;
        }
    }
    best
}

fn check_row(index: usize, row: &[f64]) -> Result<(), MetricError> {
    for (class, &value) in row.iter().enumerate() {
        if !value.is_finite() {
            return Err(MetricError::ProbNotFinite {
                index,
                class,
                value,
            });
        }
        if !(-RANGE_TOLERANCE..=1.0 + RANGE_TOLERANCE).contains(&value) {
            return Err(MetricError::ProbOutOfRange {
                index,
                class,
                value,
            });
        }
    }
    let sum: f64 = row.iter().sum();
    if (sum - 1.0).abs() > Probs::SUM_TOLERANCE {
        return Err(MetricError::ProbSum { index, sum });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_index_wins_a_tie() {
        let probs = Probs::new(&[0, 0, 0], &[0.5, 0.5, 0.2, 0.8, 0.6, 0.4], 2).unwrap();
        assert_eq!(probs.preds(), [0, 1, 0]);
    }

    #[test]
    fn bad_probabilities_are_named_by_row_class_and_value() {
        let message = |values: &[f32]| Probs::new(&[0, 1], values, 2).unwrap_err().to_string();
        assert_eq!(
            message(&[0.5, 0.5, f32::NAN, 0.5]),
            "prob of row 1, class 0 is NaN, which is not finite"
        );
        assert_eq!(
            message(&[0.5, 0.5, -2.0, 3.0]),
            "prob of row 1, class 0 is -2, outside 0 to 1; apply softmax first"
        );
        assert_eq!(
            message(&[0.5, 0.25, 1.0, 0.0]),
            "probs of row 0 sum to 0.75, not to 1; apply softmax over the classes"
        );
        assert_eq!(
            message(&[0.5]),
            "1 probs for 4 expected; pass one per target (and class)"
        );
    }
}

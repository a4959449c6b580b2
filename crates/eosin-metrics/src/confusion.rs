//! The confusion matrix.

use serde::{Deserialize, Serialize};

use crate::counts::Counts;
use crate::error::{MetricError, check_classes, check_length};

/// How often each target class was predicted as each class.
///
/// Row-major `C x C`: the row is the target, the column the pred, as in scikit-learn's
/// `confusion_matrix`. Never empty. Serialises as a list of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Vec<u64>>", into = "Vec<Vec<u64>>")]
pub struct Confusion {
    class_count: usize,
    cells: Vec<u64>,
}

impl Confusion {
    /// Counts `targets` against `preds`, both class indices below `class_count`.
    ///
    /// # Errors
    /// When there are no rows, the lengths differ, or a class is out of range.
    pub fn new(
        targets: &[usize],
        preds: &[usize],
        class_count: usize,
    ) -> Result<Self, MetricError> {
        check_classes("target", targets, class_count)?;
        check_length("preds", preds.len(), targets.len())?;
        check_classes("pred", preds, class_count)?;
        let mut cells = vec![0; class_count * class_count];
        for (&target, &pred) in targets.iter().zip(preds) {
            cells[target * class_count + pred] += 1;
        }
        Ok(Self { class_count, cells })
    }

    /// Takes counts already made, one row per target class.
    ///
    /// # Errors
    /// When the matrix is not square, has under two rows, or counts nothing.
    pub fn from_rows(rows: &[Vec<u64>]) -> Result<Self, MetricError> {
        let class_count = rows.len();
        if class_count < 2 {
            return Err(MetricError::TooFewClasses { class_count });
        }
        if let Some(row) = rows.iter().position(|cells| cells.len() != class_count) {
            let got = rows[row].len();
            return Err(MetricError::NotSquare {
                row,
                got,
                expected: class_count,
            });
        }
        let cells = rows.concat();
        if cells.iter().all(|&cell| cell == 0) {
            return Err(MetricError::Empty);
        }
        Ok(Self { class_count, cells })
    }

    /// Takes counts already made, row-major; `None` when they count nothing.
    pub(crate) fn from_cells(class_count: usize, cells: Vec<u64>) -> Option<Self> {
        let counted = cells.iter().any(|cell| *cell > 0);
        counted.then_some(Self { class_count, cells })
    }

    /// The number of classes.
    pub const fn class_count(&self) -> usize {
        self.class_count
    }

    /// How often `target` was predicted as `pred`.
    ///
    /// # Panics
    /// When a class is out of range.
    pub fn count(&self, target: usize, pred: usize) -> u64 {
        self.row(target)[pred]
    }

    /// The counts of the rows whose class is `target`, by pred.
    ///
    /// # Panics
    /// When the class is out of range.
    pub fn row(&self, target: usize) -> &[u64] {
        &self.cells[target * self.class_count..(target + 1) * self.class_count]
    }

    /// All counts, one row per target class.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[u64]> {
        self.cells.chunks_exact(self.class_count)
    }

    /// All rows counted.
    pub fn total(&self) -> u64 {
        self.cells.iter().sum()
    }

    /// Rows whose pred is their target.
    pub fn correct(&self) -> u64 {
        (0..self.class_count)
            .map(|class| self.count(class, class))
            .sum()
    }

    /// Targets of a class (its support).
    pub fn target_total(&self, class: usize) -> u64 {
        self.row(class).iter().sum()
    }

    /// Preds of a class.
    pub fn pred_total(&self, class: usize) -> u64 {
        self.rows().map(|row| row[class]).sum()
    }

    /// The counts in which `class` is positive and every other negative.
    pub fn one_vs_rest(&self, class: usize) -> Counts {
        let true_positives = self.count(class, class);
        let false_negatives = self.target_total(class) - true_positives;
        let false_positives = self.pred_total(class) - true_positives;
        Counts {
            true_positives,
            false_positives,
            false_negatives,
            true_negatives: self.total() - true_positives - false_negatives - false_positives,
        }
    }
}

impl TryFrom<Vec<Vec<u64>>> for Confusion {
    type Error = MetricError;

    fn try_from(rows: Vec<Vec<u64>>) -> Result<Self, Self::Error> {
        Self::from_rows(&rows)
    }
}

impl From<Confusion> for Vec<Vec<u64>> {
    fn from(confusion: Confusion) -> Self {
        confusion.rows().map(<[u64]>::to_vec).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_targets_and_columns_are_preds() {
        let confusion = Confusion::new(&[0, 0, 1, 2], &[0, 2, 1, 1], 3).unwrap();
        assert_eq!(
            Vec::from(confusion.clone()),
            [[1, 0, 1], [0, 1, 0], [0, 1, 0]]
        );
        let counts = confusion.one_vs_rest(1);
        assert_eq!((counts.true_positives, counts.false_positives), (1, 1));
        assert_eq!((counts.false_negatives, counts.true_negatives), (0, 2));
    }

    #[test]
    fn wrong_input_is_named() {
        let message = |result: Result<Confusion, MetricError>| result.unwrap_err().to_string();
        assert_eq!(
            message(Confusion::new(&[0, 1], &[0], 2)),
            "1 preds for 2 expected; pass one per target (and class)"
        );
        assert_eq!(
            message(Confusion::new(&[0, 3], &[0, 1], 2)),
            "target 1 is class 3, but the classes are 0 to 1"
        );
        assert_eq!(
            message(Confusion::new(&[0, 1], &[2, 1], 2)),
            "pred 0 is class 2, but the classes are 0 to 1"
        );
        assert_eq!(Confusion::new(&[], &[], 2), Err(MetricError::Empty));
        assert_eq!(
            Confusion::new(&[0], &[0], 1),
            Err(MetricError::TooFewClasses { class_count: 1 })
        );
    }

    #[test]
    fn a_ragged_or_empty_matrix_is_refused() {
        assert!(Confusion::from_rows(&[vec![1, 2], vec![3]]).is_err());
        assert_eq!(
            Confusion::from_rows(&[vec![0, 0], vec![0, 0]]),
            Err(MetricError::Empty)
        );
    }
}

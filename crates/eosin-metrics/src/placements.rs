//! The parts that an AUROC is the mean of.

use crate::error::{MetricError, check_scores};

/// `DeLong`'s structural components of an AUROC, one a row: of a positive row the share of negative
/// rows that it outranks (`V10`), of a negative row the share of positive rows that outrank it
/// (`V01`), ties by half. The AUROC is the mean over either class.
///
/// Source: `DeLong` et al., Biometrics 1988; by midranks as Sun and Xu, IEEE Signal Processing Letters
/// 2014.
#[derive(Clone, Debug, PartialEq)]
pub struct Placements {
    auroc: f64,
    of_rows: Vec<f64>,
}

impl Placements {
    /// Those of `scores`, any finite numbers that grow with the belief in `positive`; `None` where a
    /// class is missing.
    ///
    /// # Errors
    /// When there are no rows, the lengths differ, or a score is not finite.
    pub fn new(positive: &[bool], scores: &[f64]) -> Result<Option<Self>, MetricError> {
        check_scores(positive, scores)?;
        let positives = positive.iter().filter(|is| **is).count() as u64;
        let negatives = positive.len() as u64 - positives;
        if positives == 0 || negatives == 0 {
            return Ok(None);
        }
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_unstable_by(|a, b| scores[*a].total_cmp(&scores[*b]));
        let mut of_rows = vec![0.0; scores.len()];
        let (mut positives_below, mut negatives_below, mut twice_wins) = (0_u64, 0_u64, 0_u128);
        #[expect(
            clippy::float_cmp,
            reason = "a tie is exact equality; -0.0 ties with 0.0"
        )]
        for tied in order.chunk_by(|a, b| scores[*a] == scores[*b]) {
            let tied_positives = tied.iter().filter(|row| positive[**row]).count() as u64;
            let tied_negatives = tied.len() as u64 - tied_positives;
            let won = 2 * negatives_below + tied_negatives;
            let lost = 2 * (positives - positives_below) - tied_positives;
            for row in tied {
                of_rows[*row] = if positive[*row] {
                    won as f64 / (2 * negatives) as f64
                } else {
                    lost as f64 / (2 * positives) as f64
                };
            }
            twice_wins += u128::from(tied_positives) * u128::from(won);
            positives_below += tied_positives;
            negatives_below += tied_negatives;
        }
        let pairs = u128::from(positives) * u128::from(negatives);
        Ok(Some(Self {
            auroc: twice_wins as f64 / (2 * pairs) as f64,
            of_rows,
        }))
    }

    /// Those of the mean of several AUROCs of the same rows, as repeated cross-validations give;
    /// `None` of none.
    pub fn mean(all: &[Self]) -> Option<Self> {
        let first = all.first()?;
        let count = all.len() as f64;
        let of_row = |row: usize| all.iter().map(|one| one.of_rows[row]).sum::<f64>() / count;
        Some(Self {
            auroc: all.iter().map(|one| one.auroc).sum::<f64>() / count,
            of_rows: (0..first.of_rows.len()).map(of_row).collect(),
        })
    }

    /// The AUROC.
    pub const fn auroc(&self) -> f64 {
        self.auroc
    }

    /// The component of each row.
    pub fn of_rows(&self) -> &[f64] {
        &self.of_rows
    }

    /// Those of `self - base`, of the same rows: all that follows is linear in them.
    pub(crate) fn minus(&self, base: &Self) -> Self {
        let pairs = self.of_rows.iter().zip(&base.of_rows);
        Self {
            auroc: self.auroc - base.auroc,
            of_rows: pairs.map(|(one, other)| one - other).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_auroc_is_the_mean_of_either_class() {
        let positive = [false, true, false, true, true];
        let scores = [0.1, 0.1, 0.4, 0.35, 0.8];
        let placements = Placements::new(&positive, &scores).unwrap().unwrap();
        let mean = |of: bool| {
            let rows = placements.of_rows.iter().zip(positive);
            let rows: Vec<f64> = rows.filter(|row| row.1 == of).map(|row| *row.0).collect();
            rows.iter().sum::<f64>() / rows.len() as f64
        };
        for class in [true, false] {
            assert!((mean(class) - placements.auroc).abs() < 1e-15);
        }
        assert!((placements.auroc - 4.0 / 6.0).abs() < 0.1);
        assert_eq!(Placements::new(&[true], &[0.5]), Ok(None));
    }
}

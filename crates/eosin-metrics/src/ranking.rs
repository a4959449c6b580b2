//! Rows sorted by score, the common ground of every threshold-free metric.

use crate::error::{MetricError, check_scores};

/// The rows that share one score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TieGroup {
    /// The score.
    pub score: f64,
    /// Positive rows with it.
    pub positives: u64,
    /// Negative rows with it.
    pub negatives: u64,
}

/// Rows grouped by score, from the highest score to the lowest.
///
/// Sorting is the O(n log n) part; AUROC, AUPRC, the curves and `DeLong`'s interval then read the
/// groups once each. Groups hold counts, so no result depends on the order of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    groups: Vec<TieGroup>,
    positives: u64,
    negatives: u64,
}

impl Ranking {
    /// Ranks rows by `scores`, any finite numbers that grow with the belief in `positive`.
    ///
    /// # Errors
    /// When there are no rows, the lengths differ, or a score is not finite.
    pub fn new(positive: &[bool], scores: &[f64]) -> Result<Self, MetricError> {
        check_scores(positive, scores)?;
        let mut rows: Vec<(f64, bool)> = scores
            .iter()
            .copied()
            .zip(positive.iter().copied())
            .collect();
        rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        Ok(Self::from_sorted(&rows))
    }

    fn from_sorted(rows: &[(f64, bool)]) -> Self {
        let mut ranking = Self {
            groups: Vec::new(),
            positives: 0,
            negatives: 0,
        };
        #[expect(
            clippy::float_cmp,
            reason = "a tie is exact equality; -0.0 ties with 0.0"
        )]
        for tied in rows.chunk_by(|a, b| a.0 == b.0) {
            let positives = tied.iter().filter(|(_, positive)| *positive).count() as u64;
            let negatives = tied.len() as u64 - positives;
            ranking.groups.push(TieGroup {
                score: tied[0].0,
                positives,
                negatives,
            });
            ranking.positives += positives;
            ranking.negatives += negatives;
        }
        ranking
    }

    /// The groups, highest score first.
    pub fn groups(&self) -> &[TieGroup] {
        &self.groups
    }

    /// Positive rows.
    pub const fn positives(&self) -> u64 {
        self.positives
    }

    /// Negative rows.
    pub const fn negatives(&self) -> u64 {
        self.negatives
    }

    /// Each group with the positives and negatives at or above its score.
    pub(crate) fn cumulative(&self) -> impl Iterator<Item = (TieGroup, u64, u64)> {
        let (mut positives, mut negatives) = (0, 0);
        self.groups.iter().map(move |group| {
            positives += group.positives;
            negatives += group.negatives;
            (*group, positives, negatives)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scores_share_a_group_and_zero_ties_with_minus_zero() {
        let ranking = Ranking::new(&[true, false, true, false], &[0.0, 0.3, -0.0, 0.3]).unwrap();
        let sizes: Vec<_> = ranking
            .groups()
            .iter()
            .map(|g| (g.positives, g.negatives))
            .collect();
        assert_eq!(sizes, [(0, 2), (2, 0)]);
    }

    #[test]
    fn scores_without_a_rank_are_refused_by_index_and_value() {
        let error = Ranking::new(&[true, false], &[0.1, f64::NAN]).unwrap_err();
        assert_eq!(error.to_string(), "score 1 is NaN, which is not finite");
        assert!(Ranking::new(&[true], &[0.1, 0.2]).is_err());
        assert_eq!(Ranking::new(&[], &[]), Err(MetricError::Empty));
    }
}

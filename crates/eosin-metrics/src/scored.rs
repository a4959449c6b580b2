//! Rows of two classes: what came true, and how likely it was said to be.

use eosin_core::{Calibrator, prob_of};

use crate::error::{MetricError, check_length};
use crate::ranking::Ranking;

/// Rows of two classes: whether each is positive, the log odds that it was said to be, and what belongs
/// together.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredRows {
    positive: Vec<bool>,
    log_odds: Vec<f64>,
    /// Number of each row's group; `None`: nothing is known to belong together.
    groups: Option<Vec<usize>>,
}

impl ScoredRows {
    /// Takes rows. `log_odds` are natural, of the positive class, and may be infinite; `groups` are any
    /// numbers, the same for rows of one patient (slide, group).
    ///
    /// # Errors
    /// When there are no rows, lengths differ, or log odds are not a number.
    pub fn new(
        positive: Vec<bool>,
        log_odds: Vec<f64>,
        groups: Option<Vec<usize>>,
    ) -> Result<Self, MetricError> {
        if positive.is_empty() {
            return Err(MetricError::Empty);
        }
        check_length("log odds", log_odds.len(), positive.len())?;
        if let Some(groups) = &groups {
            check_length("groups", groups.len(), positive.len())?;
        }
        if let Some(index) = log_odds.iter().position(|value| value.is_nan()) {
            return Err(MetricError::ScoreNotFinite {
                index,
                value: log_odds[index],
            });
        }
        Ok(Self {
            positive,
            log_odds,
            groups,
        })
    }

    /// Number of rows, never 0.
    #[expect(clippy::len_without_is_empty, reason = "there is always a row")]
    pub const fn len(&self) -> usize {
        self.positive.len()
    }

    /// Whether each row is positive.
    pub fn positive(&self) -> &[bool] {
        &self.positive
    }

    /// Log odds of each row.
    pub fn log_odds(&self) -> &[f64] {
        &self.log_odds
    }

    /// Probability of each row that it is positive.
    pub fn probs(&self) -> Vec<f64> {
        self.log_odds.iter().copied().map(prob_of).collect()
    }

    /// The group of each row, where groups are known.
    pub fn groups(&self) -> Option<&[usize]> {
        self.groups.as_deref()
    }

    /// Positive rows.
    pub fn positives(&self) -> usize {
        self.positive.iter().filter(|positive| **positive).count()
    }

    /// Whether rows of both classes are there.
    pub fn has_both(&self) -> bool {
        let positives = self.positives();
        positives > 0 && positives < self.len()
    }

    /// The same rows under calibrated log odds.
    #[must_use]
    pub fn calibrated(&self, calibrator: &Calibrator) -> Self {
        let log_odds = self.log_odds.iter();
        Self {
            log_odds: log_odds.map(|z| calibrator.log_odds(*z)).collect(),
            ..self.clone()
        }
    }

    /// Rows of several sets, one behind the other; their groups must be numbered alike. `None` without
    /// any.
    pub fn joined(parts: &[&Self]) -> Option<Self> {
        let has_groups = parts.iter().all(|part| part.groups.is_some());
        let groups = parts.iter().filter_map(|part| part.groups.as_deref());
        (!parts.is_empty()).then(|| Self {
            positive: parts
                .iter()
                .flat_map(|part| part.positive.clone())
                .collect(),
            log_odds: parts
                .iter()
                .flat_map(|part| part.log_odds.clone())
                .collect(),
            groups: has_groups.then(|| groups.flatten().copied().collect()),
        })
    }

    /// The rows sorted by log odds; `None` where some are infinite.
    pub fn ranking(&self) -> Option<Ranking> {
        Ranking::new(&self.positive, &self.log_odds).ok()
    }

    /// Sums of a value over each group, or each row where no groups are known.
    pub(crate) fn sums<const N: usize>(&self, of: impl Fn(usize) -> [f64; N]) -> Vec<[f64; N]> {
        let Some(groups) = &self.groups else {
            return (0..self.len()).map(of).collect();
        };
        let mut sums = std::collections::BTreeMap::new();
        for (row, group) in groups.iter().enumerate() {
            let sum = sums.entry(*group).or_insert([0.0; N]);
            for (sum, value) in sum.iter_mut().zip(of(row)) {
                *sum += value;
            }
        }
        sums.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_rows_are_refused() {
        let rows = |positive: &[bool], z: &[f64]| ScoredRows::new(positive.into(), z.into(), None);
        assert_eq!(rows(&[], &[]), Err(MetricError::Empty));
        assert!(rows(&[true], &[0.0, 1.0]).is_err());
        assert!(rows(&[true], &[f64::NAN]).is_err());
        let sure = rows(&[true, false], &[f64::INFINITY, f64::NEG_INFINITY]).unwrap();
        assert_eq!(sure.probs(), [1.0, 0.0]);
    }

    #[test]
    fn sums_are_by_group_where_groups_are_known() {
        let of = |groups| ScoredRows::new(vec![true; 3], vec![0.0; 3], groups).unwrap();
        let value = |row: usize| [row as f64];
        assert_eq!(of(None).sums(value), [[0.0], [1.0], [2.0]]);
        assert_eq!(of(Some(vec![7, 3, 7])).sums(value), [[1.0], [2.0]]);
    }
}

//! What rows that belong together are worth.

use serde::{Deserialize, Serialize};

use crate::scored::ScoredRows;

/// By how much groups raise the variance of a mean over rows.
///
/// `effect = 1 + (m - 1) ICC`, where `m = sum m_g^2 / sum m_g` is the group's size as a row sees it,
/// which is the mean size times `1 + cv^2`: groups of unequal size cost more. The intra-class
/// correlation is that of `y - p`, what came true less what was said, by analysis of variance; one
/// below 0 counts as 0. Sources: Kish 1965; Eldridge, Ashby & Kerry, Int J Epidemiol 2006; Donner 1986.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DesignEffect {
    /// Groups; as many as rows where no groups are known.
    pub groups: usize,
    /// Size of the group that a row is in, mean over rows.
    pub rows_a_group: f64,
    /// Intra-class correlation; `None` where each row is a group of its own, or there is one group.
    pub icc: Option<f64>,
    /// Variance over that of as many independent rows; `None` with one group, of which nothing is known.
    pub effect: Option<f64>,
}

impl DesignEffect {
    /// Of rows.
    pub fn of(rows: &ScoredRows) -> Self {
        let probs = rows.probs();
        let off = |row: usize| {
            if rows.positive()[row] {
                1.0 - probs[row]
            } else {
                -probs[row]
            }
        };
        let sums = rows.sums(|row| [1.0, off(row)]);
        let count = rows.len() as f64;
        let squares: f64 = sums.iter().map(|[size, _]| size * size).sum();
        let rows_a_group = squares / count;
        let icc = icc(rows.len(), &sums, (0..rows.len()).map(off));
        let is_single = rows_a_group <= 1.0;
        Self {
            groups: sums.len(),
            rows_a_group,
            icc,
            effect: if is_single {
                Some(1.0)
            } else {
                icc.map(|icc| 1.0 + (rows_a_group - 1.0) * icc.max(0.0))
            },
        }
    }
}

/// The intra-class correlation from sizes and sums of groups: `(B - W) / (B + (m0 - 1) W)`, where `B` and `W`
/// are mean squares between and within groups.
fn icc(rows: usize, sums: &[[f64; 2]], values: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let (count, groups) = (rows as f64, sums.len() as f64);
    if sums.len() < 2 || sums.len() == rows {
        return None;
    }
    let mean = sums.iter().map(|[_, sum]| sum).sum::<f64>() / count;
    let between: f64 = sums
        .iter()
        .map(|[size, sum]| size * (sum / size - mean).powi(2))
        .sum();
    let total: f64 = values.map(|value| (value - mean).powi(2)).sum();
    let squares: f64 = sums.iter().map(|[size, _]| size * size).sum();
    let usual = (count - squares / count) / (groups - 1.0);
    let between_mean = between / (groups - 1.0);
    let within_mean = (total - between).max(0.0) / (count - groups);
    let whole = between_mean + (usual - 1.0) * within_mean;
    (whole > 0.0).then(|| (between_mean - within_mean) / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(positive: Vec<bool>, groups: Option<Vec<usize>>) -> DesignEffect {
        let z = vec![0.0; positive.len()];
        DesignEffect::of(&ScoredRows::new(positive, z, groups).unwrap())
    }

    #[test]
    fn rows_that_agree_within_groups_are_worth_as_many_rows_as_groups() {
        let positive: Vec<bool> = (0..40).map(|row| row / 10 % 2 == 0).collect();
        let by_ten = (0..40).map(|row| row / 10).collect();
        let found = of(positive.clone(), Some(by_ten));
        assert!((found.icc.unwrap() - 1.0).abs() < 1e-12, "{found:?}");
        assert!((found.effect.unwrap() - 10.0).abs() < 1e-12);
        let free = of(positive.clone(), None);
        assert_eq!((free.effect, free.icc, free.groups), (Some(1.0), None, 40));
        let one = of(positive, Some(vec![3; 40]));
        assert_eq!((one.effect, one.icc, one.groups), (None, None, 1));
    }

    #[test]
    fn rows_that_differ_within_groups_cost_nothing() {
        let positive = (0..40).map(|row| row % 2 == 0).collect();
        let found = of(positive, Some((0..40).map(|row| row / 10).collect()));
        assert!(found.icc.unwrap() < 0.0);
        assert_eq!(found.effect, Some(1.0));
    }

    #[test]
    fn unequal_groups_cost_more() {
        let positive = (0..20).map(|row| row % 2 == 0).collect();
        let unequal = of(
            positive,
            Some((0..20).map(|row| usize::from(row >= 2)).collect()),
        );
        // (4 + 324) / 20, not 10.
        assert!((unequal.rows_a_group - 16.4).abs() < 1e-12);
    }
}

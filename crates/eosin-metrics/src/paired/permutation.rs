//! What would be seen if it did not matter which model said what.

use eosin_core::{Seed, Stream};
use rand::RngExt as _;
use rayon::prelude::*;

use crate::groups::Groups;
use crate::paired::models::{ModelRows, PairedModels};
use crate::probs::Probs;
use crate::rank_correlation::midranks;
use crate::resample::{CountedRows, MetricValues};

/// Groups up to which every way of exchanging is tried.
const EXACT_GROUPS: usize = 11;
/// What sums in another order may differ by.
const ROUNDING: f64 = 1e-12;

/// The paired permutation test: what two models say is exchanged for all rows of a group together, for
/// each group at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permutation {
    /// What draws follow from, each by itself.
    pub seed: Seed,
    /// How many; with up to eleven groups all ways are tried instead.
    pub draws: u64,
}

impl Permutation {
    /// Two thousand draws.
    pub const fn new(seed: Seed) -> Self {
        Self { seed, draws: 2000 }
    }

    /// For each metric the share of exchanges whose difference is at least as far from 0 as that of the
    /// models as they are, these included (Phipson and Smyth, Statistical Applications in Genetics and
    /// Molecular Biology 2010). Scores are exchanged as ranks within their model, so that two models'
    /// scales do not matter (Venkatraman and Begg, Biometrika 1996).
    ///
    /// `None` where the models do not judge the same rows in the same cross-validations; a metric's is
    /// undefined where its difference is.
    pub fn p_values(&self, models: &PairedModels) -> Option<MetricValues> {
        let rows = models.swappable();
        if rows.is_empty() {
            return None;
        }
        let groups = models.groups();
        let seen = difference(rows, &vec![0; groups]);
        let is_exact = groups <= EXACT_GROUPS;
        let count = if is_exact { 1 << groups } else { self.draws };
        let exchanged = |index: u64| {
            let way: Vec<u32> = if is_exact {
                (0..groups)
                    .map(|group| (index >> group & 1) as u32)
                    .collect()
            } else {
                let mut draws = self.seed.stream(Stream::Permutation, &[index]);
                (0..groups)
                    .map(|_| u32::from(draws.random::<bool>()))
                    .collect()
            };
            difference(rows, &way)
        };
        let all: Vec<MetricValues> = (0..count).into_par_iter().map(exchanged).collect();
        Some(MetricValues::new(|metric| {
            let seen = seen.get(metric)?.abs();
            let sizes = all.iter().filter_map(|one| one.get(metric));
            let sizes: Vec<f64> = sizes.map(f64::abs).collect();
            let as_far = sizes.iter().filter(|size| **size >= seen - ROUNDING);
            let itself = u64::from(!is_exact) as f64;
            Some((as_far.count() as f64 + itself) / (sizes.len() as f64 + itself))
        }))
    }
}

/// The mean over cross-validations of `other - base`, where what is said of a group is exchanged if its
/// number is 1.
fn difference(rows: &[SwappableRows], exchanged: &[u32]) -> MetricValues {
    let take = |wanted: u32| {
        let both = exchanged
            .iter()
            .flat_map(|way| [u32::from(*way != wanted), u32::from(*way == wanted)]);
        both.collect::<Vec<u32>>()
    };
    let (base, other) = (take(1), take(0));
    let of = |rows: &SwappableRows| rows.0.values(&other).minus(&rows.0.values(&base));
    MetricValues::mean(&rows.iter().map(of).collect::<Vec<_>>())
}

/// The rows of both models as one set of twice as many groups: what the base says of group `g` is group
/// `2 g`, what the other says of it `2 g + 1`.
#[derive(Clone, Debug)]
pub(super) struct SwappableRows(CountedRows);

impl SwappableRows {
    pub fn new(base: &ModelRows<'_>, other: &ModelRows<'_>, positive: usize) -> Self {
        let targets = [base.targets, other.targets].concat();
        let probs = base.probs.followed_by(other.probs);
        let classes = crate::resample::ranked_classes(probs.class_count(), positive);
        let ranks = |probs: &Probs, class: usize| midranks(&probs.column(class));
        let scores: Vec<Vec<f64>> = classes
            .map(|class| [ranks(base.probs, class), ranks(other.probs, class)].concat())
            .collect();
        let groups = Groups::side_by_side(base.groups);
        Self(CountedRows::with_scores(
            &targets, &probs, &scores, positive, &groups,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Metric;

    fn probs(targets: &[usize], scores: &[f64]) -> Probs {
        let both: Vec<f64> = scores
            .iter()
            .flat_map(|score| [1.0 - score, *score])
            .collect();
        Probs::new(targets, &both, 2).unwrap()
    }

    fn p_values(groups: &Groups, base: &[f64], other: &[f64]) -> MetricValues {
        let targets: Vec<usize> = (0..base.len()).map(|row| row % 2).collect();
        let [base, other] = [base, other].map(|scores| probs(&targets, scores));
        let rows = |probs| ModelRows {
            targets: &targets,
            probs,
            groups,
        };
        let models = PairedModels::new(&[rows(&base)], &[rows(&other)], 1);
        Permutation::new(Seed(1)).p_values(&models).unwrap()
    }

    #[test]
    fn of_few_groups_every_exchange_counts_once() {
        // The base is wrong on every row of four groups, the other right: only all or none exchanged
        // is as far.
        let groups = Groups::named(&[0, 0, 1, 1, 2, 2, 3, 3]);
        let base = [0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1];
        let other = base.map(|score| 1.0 - score);
        let found = p_values(&groups, &base, &other);
        for metric in [Metric::Accuracy, Metric::Auroc, Metric::Mcc] {
            assert_eq!(found.get(metric), Some(2.0 / 16.0), "{metric}");
        }
    }

    #[test]
    fn a_model_is_as_good_as_itself_and_another_scale_is_no_difference_in_ranks() {
        let scores: Vec<f64> = (0..40).map(|row| f64::from(row * 7 % 41) / 100.0).collect();
        let halved: Vec<f64> = scores.iter().map(|score| score / 2.0).collect();
        let groups = Groups::apart(40);
        let same = p_values(&groups, &scores, &scores);
        assert_eq!(same.get(Metric::LogLoss), Some(1.0));
        let found = p_values(&groups, &scores, &halved);
        assert_eq!(found.get(Metric::Auroc), Some(1.0));
        assert!(found.get(Metric::LogLoss).unwrap() < 1.0);
    }

    #[test]
    fn of_many_groups_the_share_is_that_of_the_sign_test() {
        // Fifteen groups of one row; the other is right on twelve where the base is wrong, and the
        // reverse on three: 2 P(X <= 3) of 15 fair throws is 0.035156.
        let targets: Vec<usize> = (0..15).map(|row| row % 2).collect();
        let right = |row: usize, is: bool| if (targets[row] == 1) == is { 0.9 } else { 0.1 };
        let base: Vec<f64> = (0..15).map(|row| right(row, row >= 12)).collect();
        let other: Vec<f64> = (0..15).map(|row| right(row, row < 12)).collect();
        let p = p_values(&Groups::apart(15), &base, &other)
            .get(Metric::Accuracy)
            .unwrap();
        assert!((p - 0.035_156).abs() < 0.015, "{p}");
    }
}

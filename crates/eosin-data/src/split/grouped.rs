//! Stratified folds of groups that may not be torn apart.
//!
//! The greedy method of scikit-learn's `StratifiedGroupKFold`: groups with the most uneven class
//! counts first, each to the fold where the spread of class shares over folds becomes least.

use std::collections::BTreeMap;

use eosin_core::Rng;
use rand::seq::SliceRandom as _;

/// Groups of patches: who belongs to each, and how many of each class.
pub(super) struct Groups {
    /// Positions of each group's patches.
    pub members: Vec<Vec<usize>>,
    /// Patches of each class in each group.
    pub counts: Vec<Vec<usize>>,
    /// Patches of each class in all.
    pub totals: Vec<usize>,
}

impl Groups {
    /// Collects patches by the name of their group, in the order of the names.
    pub(super) fn new(names: &[&str], classes: &[usize], n_classes: usize) -> Self {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, name) in names.iter().enumerate() {
            by_name.entry(name).or_default().push(at);
        }
        let members: Vec<Vec<usize>> = by_name.into_values().collect();
        let counts: Vec<Vec<usize>> = members
            .iter()
            .map(|group| {
                let mut counts = vec![0; n_classes];
                for &at in group {
                    counts[classes[at]] += 1;
                }
                counts
            })
            .collect();
        let totals = (0..n_classes)
            .map(|class| counts.iter().map(|group| group[class]).sum())
            .collect();
        Self {
            members,
            counts,
            totals,
        }
    }

    /// Group numbers in random order, then by falling spread of their class counts; ties keep the
    /// random order.
    pub(super) fn most_uneven_first(&self, rng: &mut Rng) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.members.len()).collect();
        order.shuffle(rng);
        let spread: Vec<f64> = self
            .counts
            .iter()
            .map(|counts| std_of(counts.iter().map(|&n| n as f64)))
            .collect();
        order.sort_by(|&a, &b| spread[b].total_cmp(&spread[a]));
        order
    }
}

/// The fold of each patch. Needs at least `k` groups; every fold gets one at least.
pub(super) fn assign(groups: &Groups, k: usize, n_patches: usize, rng: &mut Rng) -> Vec<usize> {
    let mut in_fold = vec![vec![0_usize; groups.totals.len()]; k];
    let mut n_groups = vec![0_usize; k];
    let mut fold_of = vec![0; n_patches];
    let order = groups.most_uneven_first(rng);
    for (placed, &group) in order.iter().enumerate() {
        let empty = n_groups.iter().filter(|&&n| n == 0).count();
        let only_empty = order.len() - placed <= empty;
        let fold = (0..k)
            .filter(|&fold| !only_empty || n_groups[fold] == 0)
            .map(|fold| {
                (
                    unevenness(&mut in_fold, fold, groups, group),
                    size(&in_fold[fold]),
                    fold,
                )
            })
            .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
            .map_or(0, |(_, _, fold)| fold);
        n_groups[fold] += 1;
        add(&mut in_fold[fold], &groups.counts[group]);
        for &at in &groups.members[group] {
            fold_of[at] = fold;
        }
    }
    fold_of
}

fn size(counts: &[usize]) -> usize {
    counts.iter().sum()
}

fn add(fold: &mut [usize], group: &[usize]) {
    for (sum, n) in fold.iter_mut().zip(group) {
        *sum += n;
    }
}

/// Mean over classes of the spread over folds of the class's share, were `group` in `fold`.
fn unevenness(in_fold: &mut [Vec<usize>], fold: usize, groups: &Groups, group: usize) -> f64 {
    let before = in_fold[fold].clone();
    add(&mut in_fold[fold], &groups.counts[group]);
    let classes = groups
        .totals
        .iter()
        .enumerate()
        .filter(|(_, total)| **total > 0);
    let spreads = classes.map(|(class, &total)| {
        std_of(
            in_fold
                .iter()
                .map(|counts| counts[class] as f64 / total as f64),
        )
    });
    // The number of classes is the same for every fold, so the sum orders as the mean does. The
    // rounding makes equally good folds equal, whatever order their terms were added in.
    let sum = (spreads.sum::<f64>() * 1e12).round();
    in_fold[fold] = before;
    sum
}

fn std_of(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let (n, sum) = values
        .clone()
        .fold((0.0, 0.0), |(n, sum), value| (n + 1.0, sum + value));
    let mean = sum / n;
    (values.map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt()
}

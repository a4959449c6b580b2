//! Stratified folds of groups that may not be torn apart.
//!
//! The greedy method of scikit-learn's `StratifiedGroupKFold`: groups with the most uneven class
//! counts first, each to the fold where the spread of class shares over folds becomes least. Where
//! that leaves a fold without a class, folds begin with groups that a search found for them.

use eosin_core::Rng;
use rand::seq::SliceRandom as _;

use super::cover::{self, Cover};
use super::groups::{Groups, std_of};

/// How often all groups are looked at to make folds more even.
const MOST_PASSES: usize = 20;
/// How often groups are dealt out anew when a class is in one fold only.
const MOST_DRAWINGS: usize = 200;

/// Folds of whole groups, being filled.
struct Filling<'a> {
    groups: &'a Groups,
    /// Patches of each class in each fold.
    in_fold: Vec<Vec<usize>>,
    /// Groups in each fold.
    n_groups: Vec<usize>,
    /// The fold of each group that has one.
    fold_of: Vec<Option<usize>>,
}

/// The fold of each patch. Needs at least `k` groups; every fold gets one at least. Every fold has
/// every class where such a division is found, else every training part where that is found.
pub(super) fn assign(groups: &Groups, k: usize, n_patches: usize, rng: &mut Rng) -> Vec<usize> {
    let order = groups.most_uneven_first(rng);
    let mut filling = Filling::begun(groups, k, &[]);
    filling.place(&order);
    if !filling.is_covered() {
        filling = filling.covered(&order, rng);
    }
    filling.fold_of_patches(n_patches)
}

impl<'a> Filling<'a> {
    /// Folds that hold the groups of `parts`, the first part in the first fold.
    fn begun(groups: &'a Groups, k: usize, parts: &[Vec<usize>]) -> Self {
        let mut filling = Self {
            groups,
            in_fold: vec![vec![0; groups.totals.len()]; k],
            n_groups: vec![0; k],
            fold_of: vec![None; groups.members.len()],
        };
        for (fold, part) in parts.iter().enumerate() {
            for group in part {
                filling.put(*group, fold);
            }
        }
        filling
    }

    /// Folds with every class in each of them; where there are none, with every class in each
    /// training part; where those are not found either, `self`.
    fn covered(self, order: &[usize], rng: &mut Rng) -> Self {
        let k = self.n_groups.len();
        if let Cover::Found(parts) = cover::find(self.groups, k, rng) {
            let mut filling = Self::begun(self.groups, k, &parts);
            filling.place(order);
            filling.even_out(order);
            return filling;
        }
        if self.is_trainable() {
            return self;
        }
        // A class that two folds have is in every training part.
        if let Cover::Found(parts) = cover::find(self.groups, 2, rng) {
            let mut filling = Self::begun(self.groups, k, &parts);
            filling.place(order);
            return filling;
        }
        let mut order = order.to_vec();
        for _ in 0..MOST_DRAWINGS {
            order.shuffle(rng);
            let mut filling = Self::begun(self.groups, k, &[]);
            filling.place(&order);
            if filling.is_trainable() {
                return filling;
            }
        }
        self
    }

    fn put(&mut self, group: usize, fold: usize) {
        self.n_groups[fold] += 1;
        add(&mut self.in_fold[fold], &self.groups.counts[group]);
        self.fold_of[group] = Some(fold);
    }

    fn take(&mut self, group: usize) {
        if let Some(fold) = self.fold_of[group].take() {
            self.n_groups[fold] -= 1;
            for (sum, n) in self.in_fold[fold]
                .iter_mut()
                .zip(&self.groups.counts[group])
            {
                *sum -= n;
            }
        }
    }

    /// Puts every group that has no fold where folds stay most even.
    fn place(&mut self, order: &[usize]) {
        let order: Vec<usize> = order
            .iter()
            .copied()
            .filter(|group| self.fold_of[*group].is_none())
            .collect();
        for (placed, &group) in order.iter().enumerate() {
            let empty = self.n_groups.iter().filter(|&&n| n == 0).count();
            let only_empty = order.len() - placed <= empty;
            let fold = (0..self.n_groups.len())
                .filter(|&fold| !only_empty || self.n_groups[fold] == 0)
                .map(|fold| {
                    (
                        unevenness(&mut self.in_fold, fold, self.groups, group),
                        size(&self.in_fold[fold]),
                        fold,
                    )
                })
                .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
                .map_or(0, |(_, _, fold)| fold);
            self.put(group, fold);
        }
    }

    /// Whether every fold has every class.
    fn is_covered(&self) -> bool {
        let totals = &self.groups.totals;
        self.in_fold.iter().all(|counts| {
            counts
                .iter()
                .zip(totals)
                .all(|(n, total)| *n > 0 || *total == 0)
        })
    }

    /// Whether every training part has every class.
    fn is_trainable(&self) -> bool {
        let totals = &self.groups.totals;
        self.in_fold.iter().all(|counts| {
            counts
                .iter()
                .zip(totals)
                .all(|(n, total)| n < total || *total == 0)
        })
    }

    /// Moves groups one by one as long as folds become more even and keep every class.
    fn even_out(&mut self, order: &[usize]) {
        for _ in 0..MOST_PASSES {
            let mut moved = false;
            for &group in order {
                let Some(home) = self.fold_of[group] else {
                    continue;
                };
                self.take(group);
                let mut best = (
                    unevenness(&mut self.in_fold, home, self.groups, group),
                    home,
                );
                for fold in 0..self.n_groups.len() {
                    let value = unevenness(&mut self.in_fold, fold, self.groups, group);
                    if value < best.0 {
                        best = (value, fold);
                    }
                }
                self.put(group, best.1);
                if best.1 != home {
                    if self.is_covered() {
                        moved = true;
                    } else {
                        self.take(group);
                        self.put(group, home);
                    }
                }
            }
            if !moved {
                break;
            }
        }
    }

    fn fold_of_patches(&self, n_patches: usize) -> Vec<usize> {
        let mut fold_of = vec![0; n_patches];
        for (members, fold) in self.groups.members.iter().zip(&self.fold_of) {
            for &at in members {
                fold_of[at] = fold.unwrap_or(0);
            }
        }
        fold_of
    }
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

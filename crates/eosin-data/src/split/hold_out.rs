//! One validation part of about a given share of every class.

use eosin_core::Rng;

use super::cover::{self, Cover};
use super::groups::Groups;
use super::stratified::shuffled_by_class;

/// Positions of the validation part among independent patches: of each class the rounded share, at
/// least one patch and at most all but one.
pub(super) fn ungrouped(
    classes: &[usize],
    n_classes: usize,
    fraction: f64,
    rng: &mut Rng,
) -> Vec<usize> {
    let mut val = Vec::new();
    for members in shuffled_by_class(classes, n_classes, rng) {
        if members.len() < 2 {
            continue;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a fraction of a length fits a length"
        )]
        let n = (members.len() as f64 * fraction).round() as usize;
        val.extend(&members[..n.clamp(1, members.len() - 1)]);
    }
    val
}

/// Positions of the validation part made of whole groups: each group in turn joins when that brings
/// the class shares nearer to the one asked for. Where that leaves either side without a class, both
/// begin with groups that a search found for them.
pub(super) fn grouped(groups: &Groups, fraction: f64, rng: &mut Rng) -> Vec<usize> {
    let order = groups.most_uneven_first(rng);
    let mut val = drawn(groups, &order, fraction, &Sides::default());
    if !both_covered(groups, &val)
        && let Cover::Found(parts) = cover::find(groups, 2, rng)
        && let Ok([val_part, train_part]) = <[Vec<usize>; 2]>::try_from(parts)
    {
        let sides = Sides {
            val: val_part,
            train: train_part,
        };
        val = drawn(groups, &order, fraction, &sides);
    }
    val.iter()
        .flat_map(|&group| groups.members[group].iter().copied())
        .collect()
}

/// Groups whose side is fixed.
#[derive(Default)]
struct Sides {
    val: Vec<usize>,
    train: Vec<usize>,
}

/// The groups of the validation part.
fn drawn(groups: &Groups, order: &[usize], fraction: f64, sides: &Sides) -> Vec<usize> {
    let mut counts = vec![0_usize; groups.totals.len()];
    let mut val = Vec::new();
    let joined = |counts: &[usize], group: usize| -> Vec<usize> {
        let group = &groups.counts[group];
        counts.iter().zip(group).map(|(a, b)| a + b).collect()
    };
    for &group in &sides.val {
        counts = joined(&counts, group);
        val.push(group);
    }
    let fixed = |group: &usize| sides.val.contains(group) || sides.train.contains(group);
    let free: Vec<usize> = order
        .iter()
        .copied()
        .filter(|group| !fixed(group))
        .collect();
    for (at, &group) in free.iter().enumerate() {
        let with = joined(&counts, group);
        let is_last_chance = val.is_empty() && at + 1 == free.len();
        let nearer = distance(&with, groups, fraction) < distance(&counts, groups, fraction);
        if nearer || is_last_chance {
            val.push(group);
            counts = with;
        }
    }
    val
}

/// Whether both sides have every class.
fn both_covered(groups: &Groups, val: &[usize]) -> bool {
    (0..groups.totals.len())
        .filter(|class| groups.totals[*class] > 0)
        .all(|class| {
            let within: usize = val.iter().map(|&group| groups.counts[group][class]).sum();
            within > 0 && within < groups.totals[class]
        })
}

/// Squared distance of the class shares from the share asked for.
fn distance(counts: &[usize], groups: &Groups, fraction: f64) -> f64 {
    counts
        .iter()
        .zip(&groups.totals)
        .filter(|(_, total)| **total > 0)
        .map(|(&n, &total)| (n as f64 / total as f64 - fraction).powi(2))
        .sum()
}

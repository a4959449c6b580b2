//! One validation part of about a given share of every class.

use eosin_core::Rng;

use super::grouped::Groups;
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
/// the class shares nearer to the one asked for.
pub(super) fn grouped(groups: &Groups, fraction: f64, rng: &mut Rng) -> Vec<usize> {
    let mut counts = vec![0_usize; groups.totals.len()];
    let mut val = Vec::new();
    let mut left = groups.members.len();
    for group in groups.most_uneven_first(rng) {
        let with: Vec<usize> = counts
            .iter()
            .zip(&groups.counts[group])
            .map(|(a, b)| a + b)
            .collect();
        let is_last_chance = val.is_empty() && left == 1;
        let nearer = distance(&with, groups, fraction) < distance(&counts, groups, fraction);
        if nearer || is_last_chance {
            val.extend(&groups.members[group]);
            counts = with;
        }
        left -= 1;
    }
    val
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

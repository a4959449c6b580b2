//! Clusters of patches, as many as the patches show.

use kodama::{Method, linkage};
use rayon::prelude::*;

use super::features::Features;

/// Clusters at the least: fewer are stains, not patients, and no cross-validation of ten folds.
const LEAST_CLUSTERS: usize = 10;
/// Patches below which nothing is said.
const FEW: usize = LEAST_CLUSTERS * LEAST_MEMBERS;
/// Patches above which distances of all pairs are too many.
const MANY: usize = 12_000;
/// Patches that a number of clusters is judged on, at most.
const JUDGED: usize = 2_000;
/// Patches of a cluster, at the least, on average.
const LEAST_MEMBERS: usize = 5;
/// Share of the best silhouette that is good enough: of those the fewest clusters are taken, since a
/// slide that is torn apart leaks and slides that are taken as one only cost folds.
const GOOD_ENOUGH: f64 = 0.9;

/// Patches that are taken to be of one patient.
#[derive(Clone, Debug, PartialEq)]
pub struct PseudoGroups {
    /// The cluster of each patch, numbered by their first patches.
    pub of: Vec<usize>,
    /// The mean silhouette of each cluster's patches, at least 0: 1 where they are far nearer to each
    /// other than to any other cluster, 0 where they might as well be of another.
    pub confidence: Vec<f64>,
    /// The mean silhouette of all.
    pub silhouette: f64,
}

/// Clusters by Ward's criterion; their number is the least of 10 and more whose mean silhouette is 90 % of
/// the best. `None` of fewer than 50 patches, of more than 12,000, or where nothing tells patches apart.
pub fn pseudo_groups(features: &Features) -> Option<PseudoGroups> {
    let count = features.len();
    if !(FEW..=MANY).contains(&count) {
        return None;
    }
    let merges = merges(features);
    let judged: Vec<usize> = (0..count).step_by(count.div_ceil(JUDGED)).collect();
    let most = count / LEAST_MEMBERS;
    let mut numbers = vec![LEAST_CLUSTERS];
    while let Some(last) = numbers.last().filter(|last| **last < most) {
        numbers.push((last + 1).max(last * 9 / 8).min(most));
    }
    let tried: Vec<(usize, f64)> = numbers
        .into_par_iter()
        .map(|number| {
            let of = cut(&merges, count, number);
            let all = silhouettes(features, &of, &judged);
            (number, all.iter().sum::<f64>() / all.len().max(1) as f64)
        })
        .collect();
    let best = tried.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let (number, silhouette) = *tried
        .iter()
        .find(|(_, value)| best > 0.0 && *value >= GOOD_ENOUGH * best)?;
    let of = cut(&merges, count, number);
    let all = silhouettes(features, &of, &judged);
    let mut sums = vec![(0.0, 0.0_f64); number];
    for (at, value) in judged.iter().zip(all) {
        sums[of[*at]].0 += value;
        sums[of[*at]].1 += 1.0;
    }
    let confidence = sums.iter().map(|(sum, n)| (sum / n.max(1.0)).max(0.0));
    Some(PseudoGroups {
        confidence: confidence.collect(),
        of,
        silhouette,
    })
}

/// Which clusters become one, the nearest first; the first `count` are the patches, each later one is
/// what the step before made.
fn merges(features: &Features) -> Vec<[usize; 2]> {
    let count = features.len();
    let rows: Vec<Vec<f32>> = (0..count)
        .into_par_iter()
        .map(|one| {
            #[expect(clippy::cast_possible_truncation, reason = "a distance")]
            (one + 1..count)
                .map(|other| distance(features, one, other) as f32)
                .collect()
        })
        .collect();
    let mut distances = rows.concat();
    let steps = linkage(&mut distances, count, Method::Ward);
    steps
        .steps()
        .iter()
        .map(|step| [step.cluster1, step.cluster2])
        .collect()
}

fn distance(features: &Features, one: usize, other: usize) -> f64 {
    let apart = features.row(one).iter().zip(features.row(other));
    apart.map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// The cluster of each patch when `number` are left.
fn cut(merges: &[[usize; 2]], count: usize, number: usize) -> Vec<usize> {
    let mut links = crate::links::Links::new(count);
    // A patch of each cluster.
    let mut member: Vec<usize> = (0..count).collect();
    for [one, other] in &merges[..count - number] {
        links.join(member[*one], member[*other]);
        member.push(member[*one]);
    }
    links.numbers()
}

/// The silhouette of each of `judged`, among themselves (Rousseeuw 1987); 0 of a patch by itself.
fn silhouettes(features: &Features, of: &[usize], judged: &[usize]) -> Vec<f64> {
    let clusters = of.iter().max().map_or(0, |most| most + 1);
    let one = |at: &usize| {
        let mut sums = vec![(0.0, 0.0_f64); clusters];
        for other in judged.iter().filter(|other| *other != at) {
            let (sum, count) = &mut sums[of[*other]];
            *sum += distance(features, *at, *other);
            *count += 1.0;
        }
        let mean = |(sum, count): &(f64, f64)| (*count > 0.0).then(|| sum / count);
        let own = mean(&sums[of[*at]]);
        let others = sums
            .iter()
            .enumerate()
            .filter(|(cluster, _)| *cluster != of[*at]);
        let nearest = others
            .filter_map(|(_, sum)| mean(sum))
            .min_by(f64::total_cmp);
        match (own, nearest) {
            (Some(own), Some(nearest)) => (nearest - own) / own.max(nearest).max(1e-12),
            _ => 0.0,
        }
    };
    judged.par_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_that_are_there_are_found_and_none_is_torn_apart() {
        // Twelve places, as far from each other, with ten patches each.
        let values = (0..120 * 12).map(|at: usize| {
            let (patch, axis) = (at / 12, at % 12);
            let jitter = ((at * 37) % 11) as f64 / 20.0;
            jitter + if patch % 12 == axis { 10.0 } else { 0.0 }
        });
        let features = Features {
            values: values.collect(),
            width: 12,
        };
        let found = pseudo_groups(&features).unwrap();
        // Two places may be one, which costs little: none is torn apart.
        assert!((11..=12).contains(&found.confidence.len()));
        assert!((0..120).all(|at| found.of[at] == found.of[at % 12]));
        let plain = found.confidence.iter().filter(|value| **value > 0.8);
        assert!(plain.count() >= 10, "{:?}", found.confidence);
    }

    #[test]
    fn nothing_is_made_of_few_patches_or_of_copies_of_one() {
        let few = Features {
            values: vec![0.0; 10],
            width: 1,
        };
        assert_eq!(pseudo_groups(&few), None);
        let same = Features {
            values: vec![1.0; 100],
            width: 1,
        };
        assert_eq!(pseudo_groups(&same), None);
    }
}

//! Clusters of patches by stain.

use eosin_data::Patches;

use super::divisions::Division;
use super::record::SliceKind;

/// Clusters at most.
const MOST: usize = 4;
/// Patches for each cluster, at the least.
const FOR_EACH: usize = 20;
/// Rounds after which means stand still.
const ROUNDS: usize = 50;

/// The optical density of a patch's mean red, green and blue.
type Density = [f64; 3];

/// Up to four clusters of the mean optical density, the palest first: k-means (Lloyd 1982) from the patches that lie
/// furthest from each other. Neither labels nor predictions have a say, and nothing is decoded: the sums over
/// pixels are known since patches were inspected.
pub(super) fn stains(patches: &Patches) -> Result<Division, String> {
    let count = patches.manifest().patches.len();
    let clusters = (count / FOR_EACH).min(MOST);
    if clusters < 2 {
        return Err(format!(
            "{count} patches are too few to tell stains apart: {} are needed",
            2 * FOR_EACH
        ));
    }
    let densities: Vec<Density> = (0..count).map(|place| density(patches, place)).collect();
    let (of, means) = k_means(&densities, clusters);
    if means.len() < 2 {
        return Err("all patches have the same mean colour".to_owned());
    }
    let name = |cluster: &usize| Some(name(*cluster, &means));
    Ok(Division {
        kind: SliceKind::Stain,
        told_by: "clusters of the mean colour, the palest first".to_owned(),
        names: of.iter().map(name).collect(),
    })
}

/// `-ln((mean + 1) / 256)` of each channel.
fn density(patches: &Patches, place: usize) -> Density {
    let mean = patches.facts(place).sums.mean();
    mean.map(|value| -((255.0 * value + 1.0) / 256.0).ln())
}

/// `stain 2 of 4 (#d4a3c9)`, with the mean colour.
fn name(cluster: usize, means: &[Density]) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to a byte"
    )]
    let byte = |density: f64| (256.0 * (-density).exp() - 1.0).round().clamp(0.0, 255.0) as u8;
    let [red, green, blue] = means[cluster].map(byte);
    let (number, all) = (cluster + 1, means.len());
    format!("stain {number} of {all} (#{red:02x}{green:02x}{blue:02x})")
}

/// The cluster of each point, and the means of the clusters, those of the smallest sum first. Fewer than asked for
/// where there are fewer points that differ.
fn k_means(points: &[Density], clusters: usize) -> (Vec<usize>, Vec<Density>) {
    let mut means = far_apart(points, clusters);
    let nearest = |means: &[Density], point: &Density| {
        let distances = means.iter().map(|mean| distance(mean, point));
        let nearest = distances.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
        nearest.map_or(0, |(at, _)| at)
    };
    for _ in 0..ROUNDS {
        let mut sums = vec![([0.0; 3], 0.0); means.len()];
        for point in points {
            let (sum, count) = &mut sums[nearest(&means, point)];
            *count += 1.0;
            for (sum, value) in sum.iter_mut().zip(point) {
                *sum += value;
            }
        }
        let kept = sums.into_iter().filter(|(_, count)| *count > 0.0);
        let moved: Vec<Density> = kept
            .map(|(sum, count)| sum.map(|sum| sum / count))
            .collect();
        if moved == means {
            break;
        }
        means = moved;
    }
    means.sort_by(|a, b| a.iter().sum::<f64>().total_cmp(&b.iter().sum()));
    (
        points.iter().map(|point| nearest(&means, point)).collect(),
        means,
    )
}

/// The point nearest to the mean, then each time the one that is furthest from all before.
fn far_apart(points: &[Density], wanted: usize) -> Vec<Density> {
    let count = points.len().max(1) as f64;
    let mean: Density =
        std::array::from_fn(|at| points.iter().map(|point| point[at]).sum::<f64>() / count);
    let by = |a: &&Density, b: &&Density| distance(a, &mean).total_cmp(&distance(b, &mean));
    let mut chosen: Vec<Density> = points.iter().min_by(by).copied().into_iter().collect();
    while chosen.len() < wanted {
        let apart = |point: &Density| {
            let distances = chosen.iter().map(|other| distance(other, point));
            distances.fold(f64::INFINITY, f64::min)
        };
        let furthest = points.iter().map(|point| (apart(point), point));
        // Of equals the first.
        let furthest = furthest.reduce(|a, b| if b.0 > a.0 { b } else { a });
        match furthest {
            Some((apart, point)) if apart > 1e-12 => chosen.push(*point),
            _ => break,
        }
    }
    chosen
}

fn distance(a: &Density, b: &Density) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_that_are_there_are_found_whatever_the_order_and_the_palest_is_first() {
        let centre = |at: usize| [0.2 + 0.3 * (at % 3) as f64, 0.3, 0.1 * (at % 3) as f64];
        let jitter = |at: usize| ((at * 37) % 11) as f64 / 200.0;
        let points: Vec<Density> = (0..90)
            .map(|at| centre(at).map(|value| value + jitter(at)))
            .collect();
        let (of, means) = k_means(&points, 3);
        assert!((0..90).all(|at| of[at] == at % 3), "{of:?}");
        assert_eq!(means.len(), 3);
        let turned: Vec<Density> = points.iter().rev().copied().collect();
        let (back, _) = k_means(&turned, 3);
        assert!(back.iter().rev().eq(&of));
    }

    #[test]
    fn patches_of_one_colour_make_one_cluster() {
        let (of, means) = k_means(&[[0.5; 3]; 60], 3);
        assert_eq!((means.len(), of), (1, vec![0; 60]));
        assert_eq!(name(0, &[[0.0; 3], [1.0; 3]]), "stain 1 of 2 (#ffffff)");
    }
}

//! Whether maps depend on what the network has learned.

use std::path::Path;

use anyhow::Result;
use eosin_core::Seed;
use eosin_data::Patches;
use eosin_metrics::rank_correlation;
use eosin_train::ExplainedWeights;
use serde::Serialize;

use super::{Asked, ExplainArgs, open_with};

/// Networks with fresh weights that a map is compared with.
const NETWORKS: usize = 5;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sanity {
    /// Pairs of maps that were compared: images times networks (times members).
    pub pairs: usize,
    /// Pairs in which a map has one value everywhere, which are left out.
    pub constant: usize,
    /// Mean of Spearman's rank correlations of what speaks for the class, place by place; `None` without pairs.
    pub rank_correlation: Option<f64>,
    /// Mean of their absolute values: fresh weights follow light and dark, too, with either sign.
    pub absolute: Option<f64>,
}

/// Holds the maps of a run beside those of the same network with fresh weights in all layers (Adebayo et al. 2018,
/// arXiv:1810.03292), a few seeds of them; `looked` is told how many maps of how many have been made.
///
/// # Errors
/// As [`open_explainers`](super::open_explainers); when maps are not made through the network, or a patch cannot
/// be used.
pub fn sanity_check(
    run: &Path,
    args: ExplainArgs,
    patches: &Patches,
    asked: &Asked,
    mut looked: impl FnMut(usize, usize),
) -> Result<Sanity> {
    let all = patches.manifest().patches.len();
    let seeds = (0..NETWORKS).map(|seed| ExplainedWeights::Fresh(Seed(seed as u64)));
    let (mut correlations, mut constant, mut done) = (Vec::new(), 0, 0);
    let mut trained: Vec<Evidence> = Vec::new();
    for weights in [ExplainedWeights::Trained].into_iter().chain(seeds) {
        // One network at a time: some are large.
        let mut runs = open_with(run, args, weights)?;
        let mut at = 0;
        for place in 0..all {
            for explained in &mut runs {
                let (_, map) = explained.map(patches, place)?;
                if weights == ExplainedWeights::Trained {
                    let class = asked.class.unwrap_or_else(|| map.likeliest());
                    let values = as_doubles(&map.evidence(class));
                    trained.push(Evidence { class, values });
                } else {
                    let Evidence { class, values } = &trained[at];
                    match rank_correlation(values, &as_doubles(&map.evidence(*class))) {
                        Some(found) => correlations.push(found),
                        None => constant += 1,
                    }
                }
                at += 1;
            }
            done += 1;
            looked(done, all * (NETWORKS + 1));
        }
    }
    let mean = |of: fn(f64) -> f64| {
        let sum: f64 = correlations.iter().map(|found| of(*found)).sum();
        (!correlations.is_empty()).then(|| sum / correlations.len() as f64)
    };
    Ok(Sanity {
        pairs: correlations.len(),
        constant,
        rank_correlation: mean(|found| found),
        absolute: mean(f64::abs),
    })
}

/// What speaks for a class in a patch.
struct Evidence {
    class: usize,
    /// By place.
    values: Vec<f64>,
}

fn as_doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

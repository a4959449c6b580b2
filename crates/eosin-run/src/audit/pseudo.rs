//! Patients guessed from stain and texture, where nothing says who they are.

use std::collections::BTreeMap;

use anyhow::Result;
use eosin_audit::{Directions, FoundPair, Links, pseudo_features, pseudo_groups};
use serde::Serialize;

use super::groups::{Linked, known};
use super::looked::Looked;
use crate::job::Job;

/// Patients that were guessed.
#[derive(Clone, Debug, Serialize)]
pub struct PseudoRecord {
    /// How many.
    pub patients: usize,
    /// Mean silhouette of all patches: 0 where the guess is worth nothing, 1 where it is plain.
    pub silhouette: f64,
    /// The mean silhouette of the patches of each, at least 0.
    pub confidence: Vec<f64>,
    /// Patches of each.
    pub sizes: Vec<usize>,
    /// The table of them, as `groups.csv` has it.
    #[serde(skip)]
    pub csv: Vec<u8>,
}

/// Guesses patients of the training patches; `None` where patients, slides or groups are known, or
/// there are too few or too many patches to say anything.
pub(super) fn pseudo(
    job: &Job,
    looked: &Looked,
    directions: Option<&Directions>,
    pairs: &[FoundPair],
) -> Result<Option<PseudoRecord>> {
    let patches = &job.manifest().patches;
    if patches.iter().any(|patch| known(patch).is_some()) {
        return Ok(None);
    }
    let pool = job.manifest().training_pool();
    let appearances: Vec<_> = pool
        .iter()
        .map(|place| looked.appearances[*place].clone())
        .collect();
    let classes: Vec<Option<usize>> = pool.iter().map(|place| patches[*place].class).collect();
    let directions = directions.map(|directions| directions.only(&pool));
    let features = pseudo_features(&appearances, directions.as_ref(), &classes);
    let Some(found) = pseudo_groups(&features) else {
        return Ok(None);
    };
    let of = together(patches.len(), &pool, &found.of, pairs);
    let mut sizes = vec![0; found.confidence.len()];
    for number in of.values() {
        sizes[*number] += 1;
    }
    let mut linked = Linked::of(job, pairs);
    for (place, number) in &of {
        linked.rename(*place, format!("pseudo-{:03}", number + 1));
    }
    Ok(Some(PseudoRecord {
        patients: sizes.iter().filter(|size| **size > 0).count(),
        silhouette: found.silhouette,
        confidence: found.confidence,
        sizes,
        csv: linked.csv(job)?,
    }))
}

/// The number of each patch of the pool; patches that are linked by pairs have that of the most of them.
fn together(
    patches: usize,
    pool: &[usize],
    of: &[usize],
    pairs: &[FoundPair],
) -> BTreeMap<usize, usize> {
    let mut links = Links::new(patches);
    for pair in pairs {
        links.join(pair.a, pair.b);
    }
    let mut votes: BTreeMap<usize, BTreeMap<usize, usize>> = BTreeMap::new();
    for (place, number) in pool.iter().zip(of) {
        let set = votes.entry(links.set_of(*place)).or_default();
        *set.entry(*number).or_default() += 1;
    }
    pool.iter()
        .map(|place| {
            let set = &votes[&links.set_of(*place)];
            let most = set
                .iter()
                .max_by_key(|(number, count)| (**count, std::cmp::Reverse(**number)));
            (*place, most.map_or(0, |(number, _)| *number))
        })
        .collect()
}

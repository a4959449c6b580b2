//! The patches that stand for all that a run judged.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use eosin_core::{FoldId, Seed, Stream};
use eosin_data::{Manifest, PatchSource};
use eosin_train::{Part, Prediction};
use rand::RngExt as _;

/// Patches of one part, sorted by the fold that judges them and by key.
pub(super) struct Sample {
    pub part: Part,
    pub rows: Vec<Sampled>,
    /// Patches that they were drawn from.
    pub of: usize,
}

/// A patch.
pub(super) struct Sampled {
    pub key: String,
    pub target: usize,
    /// Number of the fold that judges it; `None`: the mean of all.
    pub fold: Option<usize>,
    /// What the run said of it.
    pub held: Vec<f32>,
}

impl Sample {
    /// At most `most` labelled patches, of each class its share, drawn at random: of the test part, else of the first
    /// cross-validation.
    pub(super) fn of(
        rows: &[Prediction],
        folds: &[FoldId],
        most: usize,
        seed: Seed,
    ) -> Result<Self> {
        let of_part = |part: Part| {
            let first = |row: &&Prediction| row.fold.is_none_or(|fold| fold.repeat == 0);
            let rows = rows.iter().filter(first);
            let rows = rows.filter_map(|row| Some((row, row.target?)));
            rows.filter(|(row, _)| row.part == part)
                .map(|(row, target)| Sampled {
                    key: row.key.clone(),
                    target,
                    fold: row
                        .fold
                        .and_then(|fold| folds.iter().position(|other| *other == fold)),
                    held: row.probs.clone(),
                })
                .collect::<Vec<_>>()
        };
        let parts = [Part::TestAverage, Part::OutOfFold];
        let found = parts.map(|part| (part, of_part(part)));
        let found = found.into_iter().find(|(_, rows)| !rows.is_empty());
        let Some((part, mut all)) = found else {
            bail!("the run judged no labelled patch, so there is nothing to measure on");
        };
        all.sort_by(|a, b| a.key.cmp(&b.key));
        let of = all.len();
        let mut rows = drawn(all, most, seed);
        rows.sort_by(|a, b| (a.fold, &a.key).cmp(&(b.fold, &b.key)));
        Ok(Self { part, rows, of })
    }

    /// The content of each patch's image.
    pub(super) fn read(&self, manifest: &Manifest, data: &Path) -> Result<Vec<PatchSource>> {
        let place = |row: &Sampled| manifest.position(&row.key);
        let gone: Vec<&Sampled> = self
            .rows
            .iter()
            .filter(|row| place(row).is_none())
            .collect();
        if let Some(first) = gone.first() {
            bail!(
                "{} of {} patches of the run are not in {} (the first is {}); say where they are with '--data'",
                gone.len(),
                self.rows.len(),
                data.display(),
                first.key
            );
        }
        let places = self.rows.iter().filter_map(place);
        let sources = places.map(|place| {
            let source = &manifest.patches[place].source;
            let bytes = source.read()?;
            let name = source.to_string();
            Ok(PatchSource::Bytes { name, bytes })
        });
        sources.collect()
    }
}

/// Of each class its share of `most`, rounded so that the sum holds and no class is left out that is there.
fn drawn(all: Vec<Sampled>, most: usize, seed: Seed) -> Vec<Sampled> {
    if all.len() <= most {
        return all;
    }
    let total = all.len();
    let mut classes: BTreeMap<usize, Vec<Sampled>> = BTreeMap::new();
    for row in all {
        classes.entry(row.target).or_default().push(row);
    }
    let mut kept = Vec::new();
    let (mut seen, mut taken) = (0, 0);
    for (class, mut rows) in classes {
        seen += rows.len();
        // What is due by now, less what was taken.
        let due = (most * seen + total / 2) / total;
        let count = due.saturating_sub(taken).clamp(1, rows.len());
        taken += count;
        let mut rng = seed.stream(Stream::Subset, &[class as u64]);
        for at in 0..count {
            let other = rng.random_range(at..rows.len());
            rows.swap(at, other);
        }
        rows.truncate(count);
        kept.extend(rows);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(part: Part) -> Vec<Prediction> {
        let row = |at: usize| Prediction {
            key: format!("k{at:03}"),
            part,
            fold: (part == Part::OutOfFold).then(|| FoldId::new(0, at % 3)),
            target: Some(usize::from(at.is_multiple_of(4))),
            probs: vec![0.5, 0.5],
        };
        (0..100).map(row).collect()
    }

    #[test]
    fn a_sample_has_the_shares_of_the_classes_and_is_the_same_again() {
        let folds: Vec<FoldId> = (0..3).map(|fold| FoldId::new(0, fold)).collect();
        let sample = |most, seed| {
            let sample = Sample::of(&rows(Part::OutOfFold), &folds, most, Seed(seed));
            sample.expect("labelled rows")
        };
        let keys = |sample: &Sample| {
            let keys = sample.rows.iter().map(|row| row.key.clone());
            keys.collect::<Vec<_>>()
        };
        let twenty = sample(20, 1);
        let positive = twenty.rows.iter().filter(|row| row.target == 1).count();
        assert_eq!((twenty.rows.len(), positive), (20, 5));
        assert_eq!(keys(&twenty), keys(&sample(20, 1)));
        assert_ne!(keys(&twenty), keys(&sample(20, 2)));
        assert!(twenty.rows.is_sorted_by_key(|row| row.fold));
        assert_eq!(sample(1000, 1).rows.len(), 100);
        assert_eq!(sample(1, 1).rows.len(), 2);
    }

    #[test]
    fn test_patches_come_before_those_out_of_fold() {
        let both: Vec<Prediction> = [Part::OutOfFold, Part::TestAverage]
            .into_iter()
            .flat_map(rows)
            .collect();
        let sample = Sample::of(&both, &[], 10, Seed(1)).expect("labelled rows");
        assert_eq!(sample.part, Part::TestAverage);
        assert!(sample.rows.iter().all(|row| row.fold.is_none()));
        assert!(Sample::of(&[], &[], 10, Seed(1)).is_err());
    }
}

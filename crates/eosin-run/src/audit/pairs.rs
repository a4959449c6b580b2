//! Pairs as they are told.

use std::collections::BTreeMap;

use anyhow::Result;
use eosin_audit::{FoundPair, PairKind, same_pixels};
use eosin_data::Patches;
use rayon::prelude::*;

use super::folds::KnownFolds;
use super::looked::decoded;
use super::record::PairRecord;
use crate::job::Job;

/// For each patch the first with the same bytes.
pub(super) fn first_same(patches: &Patches) -> Vec<usize> {
    let mut first = BTreeMap::new();
    let count = patches.manifest().patches.len();
    (0..count)
        .map(|place| *first.entry(*patches.hash(place)).or_insert(place))
        .collect()
}

/// The same pairs; those that are one picture pixel by pixel are copies.
pub(super) fn with_same_pixels(job: &Job, pairs: Vec<FoundPair>) -> Result<Vec<FoundPair>> {
    let look = |pair: FoundPair| {
        let may_be = pair.kind == PairKind::NearCopy
            && pair
                .alignment
                .is_some_and(|found| found.correlation > 0.99 && (found.scale - 1.0).abs() < 0.01);
        if !may_be {
            return Ok(pair);
        }
        let same = same_pixels(&decoded(job, pair.a)?, &decoded(job, pair.b)?);
        Ok(match (same, pair.alignment) {
            (Some(symmetry), Some(found)) => FoundPair {
                kind: PairKind::Copy,
                alignment: Some(eosin_audit::Alignment {
                    symmetry,
                    scale: 1.0,
                    offset_px: [0.0; 2],
                    ..found
                }),
                confidence: 1.0,
                ..pair
            },
            _ => pair,
        })
    };
    pairs.into_par_iter().map(look).collect()
}

/// What is told of each pair: those across parts or folds first, then by kind and confidence.
pub(super) fn pair_records(job: &Job, pairs: &[FoundPair], folds: &KnownFolds) -> Vec<PairRecord> {
    let manifest = job.manifest();
    let record = |pair: &FoundPair| {
        let [a, b] = [pair.a, pair.b].map(|place| &manifest.patches[place]);
        let found = pair.alignment.as_ref();
        PairRecord {
            a: a.key.clone(),
            b: b.key.clone(),
            kind: pair.kind,
            symmetry: found.map_or_else(|| "identity".to_owned(), |found| found.symmetry.name()),
            offset_px: found.map_or([0.0; 2], |found| found.offset_px.map(tenths)),
            scale: found.map_or(1.0, |found| (found.scale * 1e3).round() / 1e3),
            covered: found.map_or(1.0, |found| (found.covered_a.min(1.0) * 1e3).round() / 1e3),
            correlation: found.map_or(1.0, |found| (found.correlation * 1e3).round() / 1e3),
            confidence: pair.confidence,
            across: folds.across(manifest, pair.a, pair.b),
            labels_differ: matches!((a.class, b.class), (Some(a), Some(b)) if a != b),
        }
    };
    let mut records: Vec<PairRecord> = pairs.iter().map(record).collect();
    records.sort_by(|one, other| {
        let key = |pair: &PairRecord| (!pair.labels_differ, pair.across.is_empty(), pair.kind);
        let order = key(one).cmp(&key(other));
        order.then_with(|| (&one.a, &one.b).cmp(&(&other.a, &other.b)))
    });
    records
}

/// To a tenth of a pixel; no negative zero.
fn tenths(px: f64) -> f64 {
    (px * 10.0).round() / 10.0 + 0.0
}

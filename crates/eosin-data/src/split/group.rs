//! What may not be on both sides of a split.

use std::collections::{BTreeMap, BTreeSet};

use eosin_core::Split;
use eosin_core::config::GroupBy;

use super::SplitError;
use crate::manifest::{Manifest, Patch};

/// Decides `auto`, and checks that every patch of the training pool has the group.
pub(super) fn resolve(
    by: GroupBy,
    manifest: &Manifest,
    pool: &[usize],
) -> Result<GroupBy, SplitError> {
    match by {
        GroupBy::None => Ok(GroupBy::None),
        GroupBy::Auto => {
            let known = [GroupBy::Patient, GroupBy::Slide, GroupBy::Group]
                .into_iter()
                .find(|by| {
                    pool.iter()
                        .any(|&at| manifest.patches[at].group_by(*by).is_some())
                });
            known.map_or(Ok(GroupBy::None), |by| resolve(by, manifest, pool))
        }
        by => {
            let missing: Vec<String> = pool
                .iter()
                .map(|&at| &manifest.patches[at])
                .filter(|patch| patch.group_by(by).is_none())
                .map(|patch| patch.key.clone())
                .collect();
            match missing.len() {
                0 => Ok(by),
                n if n == pool.len() => Err(SplitError::NotGrouped(by)),
                n => Err(SplitError::PartlyGrouped {
                    by,
                    known: pool.len() - n,
                    total: pool.len(),
                    missing,
                }),
            }
        }
    }
}

/// The part that a patch counts as when groups are checked across parts. Patches without a split
/// and those in `train` are one side; `val` is a side of its own only when `val_apart`.
fn part_of(patch: &Patch, val_apart: bool) -> &'static str {
    match patch.split {
        Some(Split::Test) => "test",
        Some(Split::Val) if val_apart => "val",
        _ => "train",
    }
}

/// Refuses a group on both sides of the predefined parts.
pub(super) fn refuse_across_parts(
    manifest: &Manifest,
    by: GroupBy,
    val_apart: bool,
) -> Result<(), SplitError> {
    let mut parts: BTreeMap<&str, BTreeSet<&'static str>> = BTreeMap::new();
    for patch in &manifest.patches {
        if let Some(group) = patch.group_by(by) {
            parts
                .entry(group)
                .or_default()
                .insert(part_of(patch, val_apart));
        }
    }
    let across: Vec<_> = parts.iter().filter(|(_, parts)| parts.len() > 1).collect();
    let Some((group, parts)) = across.first() else {
        return Ok(());
    };
    let order = ["train", "val", "test"];
    let mut sides = order.into_iter().filter(|part| parts.contains(part));
    Err(SplitError::GroupAcrossParts {
        by,
        group: (**group).to_owned(),
        first: sides.next().unwrap_or("train"),
        second: sides.next().unwrap_or("test"),
        all: across.len(),
    })
}

//! Where patches come from.

use std::collections::{BTreeMap, BTreeSet};

use eosin_core::{Layout, Level};
use eosin_data::{Manifest, Patches};

use super::divisions::Division;
use super::record::SliceKind;
use crate::audit::name_pattern;

/// Patterns of names that are sources; more are none.
const MOST_PATTERNS: usize = 16;

/// The column `site` of a table; else the folders of a level that says nothing else; else what names of files look
/// like; else how files are written.
pub(super) fn sources(patches: &Patches) -> Result<Division, String> {
    let manifest = patches.manifest();
    let count = manifest.patches.len();
    let sites = manifest.patches.iter().map(|patch| patch.site.clone());
    let found = [
        ("column 'site'", sites.collect()),
        ("folder", folders(manifest)),
        ("pattern of file names", patterns(patches)),
        (
            "file format",
            (0..count).map(|at| Some(format_of(patches, at))).collect(),
        ),
    ];
    let divides = |(_, names): &(&str, Vec<Option<String>>)| {
        let distinct: BTreeSet<&String> = names.iter().flatten().collect();
        distinct.len() > 1 && !is_class(manifest, names)
    };
    let found = found.into_iter().find(divides);
    let (told_by, names) = found.ok_or(
        "no table has a column 'site', and folders, names and formats of files do not tell patches apart \
         (or tell the class)",
    )?;
    Ok(Division {
        kind: SliceKind::Source,
        told_by: told_by.to_owned(),
        names,
    })
}

/// Whether the names are classes by another name.
fn is_class(manifest: &Manifest, names: &[Option<String>]) -> bool {
    let mut classes: BTreeMap<&String, BTreeSet<Option<usize>>> = BTreeMap::new();
    for (name, patch) in names.iter().zip(&manifest.patches) {
        if let Some(name) = name {
            classes.entry(name).or_default().insert(patch.class);
        }
    }
    classes.len() <= manifest.classes.len() && classes.values().all(|of| of.len() == 1)
}

/// The folder of the first level that says neither class nor group.
fn folders(manifest: &Manifest) -> Vec<Option<String>> {
    let levels = match &manifest.layout {
        Layout::Folders(layout) => layout.levels(),
        Layout::Manifest | Layout::Datathon => &[],
    };
    let depth = levels
        .iter()
        .position(|level| matches!(level, Level::Organ | Level::Any));
    let folder = |key: &str| {
        let mut parts: Vec<&str> = key.split('/').collect();
        parts.pop();
        parts.get(depth?).map(|part| (*part).to_owned())
    };
    manifest
        .patches
        .iter()
        .map(|patch| folder(&patch.key))
        .collect()
}

/// What names of files look like, where they look like a few things, each of several patches.
fn patterns(patches: &Patches) -> Vec<Option<String>> {
    let manifest = patches.manifest();
    let pattern = |patch: &eosin_data::Patch| {
        let stem = patch.source.file()?.file_stem()?;
        Some(name_pattern(&stem.to_string_lossy()))
    };
    let all: Vec<Option<String>> = manifest.patches.iter().map(pattern).collect();
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for name in all.iter().flatten() {
        *counts.entry(name).or_default() += 1;
    }
    if counts.len() > MOST_PATTERNS || counts.values().any(|count| *count < 2) {
        return vec![None; all.len()];
    }
    all
}

/// Format, depth and the quality that a JPEG's tables stand for.
fn format_of(patches: &Patches, place: usize) -> String {
    let header = patches.facts(place).header;
    let quality = header.jpeg_quality;
    let quality = quality.map_or_else(String::new, |quality| format!(", quality {quality}"));
    format!("{} {}{quality}", header.format, header.mode)
}

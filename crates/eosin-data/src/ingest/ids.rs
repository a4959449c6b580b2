//! Patients and slides from the names of files: used where names leave no doubt, else offered.

use std::collections::BTreeSet;

use eosin_core::config::IdSource;

use super::IngestError;
use super::folder::text_of;
use super::found::{Found, FoundPatch};
use super::identify::{Certainty, Holds, NAMINGS, Naming};
use crate::listed::counted;

/// Adds what names hold, as `source` asks for it.
pub(super) fn add(found: &mut Found, source: IdSource) -> Result<(), IngestError> {
    if source == IdSource::None || found.patches.is_empty() {
        return Ok(());
    }
    let naming = NAMINGS.iter().find(|naming| fits(naming, &found.patches));
    match naming {
        Some(naming) => apply(found, naming, source),
        None if source == IdSource::Names => return Err(IngestError::NoIds(found.root.clone())),
        None => {}
    }
    Ok(())
}

fn apply(found: &mut Found, naming: &Naming, source: IdSource) {
    let asked = source == IdSource::Names;
    let grouped = |patch: &FoundPatch| is_grouped(patch, naming.holds);
    // Folds that are given stay as they are, whatever the names of files say.
    let in_fold = |patch: &FoundPatch| patch.fold.is_some();
    if !asked
        && found
            .patches
            .iter()
            .any(|patch| in_fold(patch) || grouped(patch))
    {
        return;
    }
    let seen = described(naming, &found.patches);
    if !asked && naming.certainty == Certainty::Likely {
        let note = format!("{seen}; use it with '--set data.ids=names'");
        found.notes.push(note);
        return;
    }
    for patch in &mut found.patches {
        let id = id(naming, patch);
        match naming.holds {
            Holds::Patient => patch.patient = id,
            Holds::Slide => patch.slide = id,
        }
    }
    let note = format!("{seen}; used, '--set data.ids=none' leaves it out");
    found.notes.push(note);
}

/// Whether folders or a table say already what names hold, or something coarser.
const fn is_grouped(patch: &FoundPatch, holds: Holds) -> bool {
    match holds {
        Holds::Patient => patch.patient.is_some(),
        Holds::Slide => patch.patient.is_some() || patch.slide.is_some() || patch.group.is_some(),
    }
}

fn described(naming: &Naming, patches: &[FoundPatch]) -> String {
    let ids: BTreeSet<String> = patches
        .iter()
        .filter_map(|patch| id(naming, patch))
        .collect();
    let (one, many) = match naming.holds {
        Holds::Patient => ("patient", "patients"),
        Holds::Slide => ("slide", "slides"),
    };
    format!(
        "file names look like {}: {one} is '{}' in the first ({} in all)",
        naming.name,
        ids.first().map_or("", String::as_str),
        counted(ids.len(), one, many)
    )
}

/// Whether every name holds an id, and some hold the same.
fn fits(naming: &Naming, patches: &[FoundPatch]) -> bool {
    let mut ids = BTreeSet::new();
    for patch in patches {
        let Some(id) = id(naming, patch) else {
            return false;
        };
        ids.insert(id);
    }
    ids.len() > 1 && (ids.len() < patches.len() || naming.certainty == Certainty::Certain)
}

fn id(naming: &Naming, patch: &FoundPatch) -> Option<String> {
    (naming.of)(&text_of(patch.path.file_stem()?))
}

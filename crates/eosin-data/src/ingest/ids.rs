//! Patients and slides from the names of files: used where names leave no doubt, else offered.

use std::collections::BTreeSet;

use eosin_core::config::IdSource;

use super::IngestError;
use super::check::{Found, FoundPatch};
use super::identify::{Certainty, Holds, NAMINGS, Naming};
use super::tree::text_of;
use crate::listed::counted;

/// Adds what names hold, as `source` asks for it.
pub(super) fn add(found: &mut Found, source: IdSource) -> Result<(), IngestError> {
    if source == IdSource::None || found.patches.is_empty() {
        return Ok(());
    }
    let naming = NAMINGS.iter().find(|naming| fits(naming, &found.patches));
    let Some(naming) = naming else {
        return match source {
            IdSource::Names => Err(IngestError::NoIds(found.root.clone())),
            IdSource::Auto | IdSource::None => Ok(()),
        };
    };
    let ids: BTreeSet<String> = found
        .patches
        .iter()
        .filter_map(|patch| id(naming, patch))
        .collect();
    let what = match naming.holds {
        Holds::Patient => ("patient", "patients"),
        Holds::Slide => ("slide", "slides"),
    };
    let first = ids.first().cloned().unwrap_or_default();
    let seen = format!(
        "file names look like {}: {} is '{first}' in the first ({} in all)",
        naming.name,
        what.0,
        counted(ids.len(), what.0, what.1)
    );
    let has_own = |patch: &FoundPatch| match naming.holds {
        Holds::Patient => patch.patient.is_some(),
        Holds::Slide => patch.patient.is_some() || patch.slide.is_some() || patch.group.is_some(),
    };
    if source == IdSource::Auto && found.patches.iter().any(has_own) {
        return Ok(());
    }
    let certain = naming.certainty == Certainty::Certain;
    if source == IdSource::Auto && !certain {
        found
            .notes
            .push(format!("{seen}; use it with '--set data.ids=names'"));
        return Ok(());
    }
    for patch in &mut found.patches {
        let id = id(naming, patch);
        match naming.holds {
            Holds::Patient => patch.patient = id,
            Holds::Slide => patch.slide = id,
        }
    }
    found
        .notes
        .push(format!("{seen}; used, '--set data.ids=none' leaves it out"));
    Ok(())
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

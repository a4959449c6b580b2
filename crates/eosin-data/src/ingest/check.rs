//! What every layout must satisfy before it is a manifest.

use std::collections::{BTreeMap, BTreeSet};

use super::found::{Found, FoundPatch};
use super::order::natural;
use super::{IngestError, IngestOptions, alike, ids};
use crate::listed::listed;
use crate::manifest::{Layout, Manifest, Patch};

/// Checks keys and classes, and makes the manifest.
pub(super) fn finish(
    mut found: Found,
    layout: Layout,
    options: &IngestOptions,
) -> Result<Manifest, IngestError> {
    if found.patches.is_empty() && found.declared.len() < 2 {
        return Err(IngestError::NoImages {
            folder: found.root,
            instead: None,
        });
    }
    refuse_duplicates(&found.patches)?;
    ids::add(&mut found, options.ids)?;
    alike::refuse(&found.patches)?;
    let classes = match &options.classes {
        Some(classes) => classes.clone(),
        None => classes_of(&found),
    };
    let index: BTreeMap<&str, usize> = classes.iter().map(String::as_str).zip(0..).collect();
    let mut patches = Vec::with_capacity(found.patches.len());
    for patch in &found.patches {
        patches.push(resolve(patch, &index, &classes)?);
    }
    let manifest = Manifest {
        root: found.root.clone(),
        layout,
        classes,
        patches,
        notes: found.notes.clone(),
    };
    check_classes(&manifest, &found)?;
    Ok(manifest.sorted())
}

/// Keys tell patches apart.
pub(super) fn refuse_duplicates(patches: &[FoundPatch]) -> Result<(), IngestError> {
    let mut seen = BTreeSet::new();
    let twice: BTreeSet<&str> = patches
        .iter()
        .map(|patch| patch.key.as_str())
        .filter(|key| !seen.insert(*key))
        .collect();
    if twice.is_empty() {
        return Ok(());
    }
    let keys = twice.into_iter().map(str::to_owned).collect();
    Err(IngestError::DuplicateKeys(keys))
}

fn classes_of(found: &Found) -> Vec<String> {
    let labels = found.patches.iter().filter_map(|patch| patch.label.clone());
    let all: BTreeSet<String> = labels.chain(found.declared.keys().cloned()).collect();
    let mut all: Vec<String> = all.into_iter().collect();
    all.sort_by(|a, b| natural(a, b));
    all
}

fn resolve(
    patch: &FoundPatch,
    index: &BTreeMap<&str, usize>,
    classes: &[String],
) -> Result<Patch, IngestError> {
    let class = match &patch.label {
        None => None,
        Some(label) => {
            Some(
                *index
                    .get(label.as_str())
                    .ok_or_else(|| IngestError::UnknownClass {
                        got: label.clone(),
                        expected: listed(classes),
                    })?,
            )
        }
    };
    Ok(Patch {
        key: patch.key.clone(),
        source: patch.path.clone().into(),
        class,
        patient: patch.patient.clone(),
        slide: patch.slide.clone(),
        group: patch.group.clone(),
        split: patch.split,
        fold: patch.fold.clone(),
        site: patch.site.clone(),
    })
}

/// Every class needs a patch to train on; where there is only a test part, a patch at all.
fn check_classes(manifest: &Manifest, found: &Found) -> Result<(), IngestError> {
    let pool = manifest.training_pool();
    let counts = if pool.is_empty() {
        if manifest.patches.iter().all(|patch| patch.class.is_none()) {
            return Ok(());
        }
        manifest.class_counts()
    } else {
        manifest.class_counts_of(pool)
    };
    if let [only] = manifest.classes.as_slice() {
        return Err(IngestError::SingleClass(only.clone()));
    }
    match counts.iter().position(|&n| n == 0) {
        None => Ok(()),
        Some(at) => {
            let class = manifest.classes[at].clone();
            if let held_out @ 1.. = manifest.class_counts()[at] {
                return Err(IngestError::ClassOfTestPart { class, held_out });
            }
            let declared = found.declared.get(&class).cloned().flatten();
            Err(IngestError::EmptyClass {
                class,
                others: declared.as_ref().map_or(0, |declared| declared.others),
                folder: declared.map(|declared| declared.folder),
            })
        }
    }
}

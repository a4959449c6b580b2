//! Class folders, alone or under `train`, `val` and `test`.

use std::path::Path;

use eosin_core::Split;

use super::IngestError;
use super::check::{Found, FoundPatch};
use super::detect::loose;
use super::walk::{images_below, key_of, list, name_of};
use crate::listed::counted;

/// Reads `<class>/**/<image>`.
pub(super) fn read(root: &Path) -> Result<Found, IngestError> {
    let mut found = Found {
        root: root.to_owned(),
        ..Found::default()
    };
    let others = add_classes(&mut found, root, None)?;
    note_others(&mut found, others);
    Ok(found)
}

/// Reads `train|val|test/<class>/**/<image>`.
pub(super) fn read_split(root: &Path) -> Result<Found, IngestError> {
    let mut found = Found {
        root: root.to_owned(),
        ..Found::default()
    };
    let listing = list(root)?;
    if !listing.images.is_empty() {
        return Err(loose(root, &listing.images));
    }
    let mut others = listing.others;
    for &split in Split::ALL {
        let folder = root.join(split.as_str());
        if folder.is_dir() {
            others += add_classes(&mut found, &folder, Some(split))?;
        }
    }
    note_others(&mut found, others);
    Ok(found)
}

/// Adds the class folders in `folder`; returns the number of files that are no images.
fn add_classes(
    found: &mut Found,
    folder: &Path,
    split: Option<Split>,
) -> Result<usize, IngestError> {
    let listing = list(folder)?;
    if !listing.images.is_empty() {
        return Err(loose(folder, &listing.images));
    }
    let mut others = listing.others;
    for class_folder in listing.folders {
        let label = name_of(&class_folder);
        let (images, not_images) = images_below(&class_folder)?;
        others += not_images;
        for path in images {
            found.patches.push(FoundPatch {
                key: key_of(&found.root, &path),
                path,
                label: Some(label.clone()),
                split,
                ..FoundPatch::default()
            });
        }
        found
            .declared
            .entry(label)
            .or_insert_with(|| Some(class_folder));
    }
    Ok(others)
}

fn note_others(found: &mut Found, others: usize) {
    if others > 0 {
        let files = counted(others, "file is", "files are");
        found
            .notes
            .push(format!("{files} not used: the name has no image ending"));
    }
}

//! A table of patches: `path,label` and any of `patient,slide,group,split,fold`; `path` alone
//! where patches are to be predicted.

use std::path::{Path, PathBuf};

use super::IngestError;
use super::folder::key_of;
use super::folder_parts::test_images_elsewhere;
use super::found::Found;
use super::manifest_columns::{Columns, Purpose};
use super::manifest_notes::notes;
use super::manifest_rows::Reader;
use super::tree::Tree;
use crate::matching::NameMatcher;
use crate::table::Table;

/// Who chose the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Picked {
    /// The user, so that what it says counts.
    ByName,
    /// The folder, in which it was found.
    InFolder,
}

/// Reads a table to train on that was picked so.
pub(super) fn read_to_train(file: &Path, picked: Picked) -> Result<Found, IngestError> {
    let mut found = read(file, Purpose::Training)?;
    if found.patches.iter().any(|patch| patch.split.is_some())
        && let Some(said) = test_images_elsewhere(&found.root, &found.patches)
    {
        if picked == Picked::InFolder {
            return Err(IngestError::Ambiguous {
                path: file.to_owned(),
                found: said,
                fix: format!(
                    "correct its column 'split', or go by it with '--data {}'",
                    file.display()
                ),
            });
        }
        found.notes.push(format!("{} {said}", file.display()));
    }
    Ok(found)
}

/// Reads the file; paths are relative to its folder.
pub(super) fn read(file: &Path, purpose: Purpose) -> Result<Found, IngestError> {
    let root = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let table = Table::read(file)?;
    let columns = Columns::find(&table, purpose)?;
    let images = Tree::read(&root)?.root.all_images();
    let keyed = images
        .iter()
        .map(|path| (key_of(&root, path), path.clone()));
    let matcher = NameMatcher::new(&root, keyed.collect());
    let mut reader = Reader::new(&table, &columns, &root, matcher);
    let patches = reader.rows(&table.rows)?;
    let notes = notes(&table, &columns, &reader, &images, &patches)?;
    Ok(Found {
        key_column: columns.key().map(|at| table.header[at].clone()),
        root,
        patches,
        notes,
        ..Found::default()
    })
}

//! A table of patches: `path,label` and any of `patient,slide,group,split,fold`; `path` alone
//! where patches are to be predicted.

use std::path::{Path, PathBuf};

use super::IngestError;
use super::folder::key_of;
use super::found::Found;
use super::manifest_columns::{Columns, Purpose};
use super::manifest_notes::notes;
use super::manifest_rows::Reader;
use super::tree::Tree;
use crate::matching::NameMatcher;
use crate::table::Table;

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

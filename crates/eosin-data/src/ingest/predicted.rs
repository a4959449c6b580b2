//! Images without labels: what is to be predicted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::check::refuse_duplicates;
use super::choose::{Chosen, choose};
use super::detect::own_manifest;
use super::folder::{ending, text_of};
use super::found::{Found, FoundPatch};
use super::label_tables::tables_of_labels;
use super::manifest_columns::Purpose;
use super::tree::{Tree, no_images};
use super::{IngestError, manifest_file};
use crate::listed::counted;
use crate::manifest::{Layout, Manifest, Patch};
use crate::table::{Table, is_table_name, read_text};

/// Images to predict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImagesFound {
    /// The images, without classes.
    pub manifest: Manifest,
    /// What the one table that names them calls the column of their keys.
    pub key_column: Option<String>,
}

/// Finds images to predict: files as they are named, those of folders, to any depth, and those of
/// tables, all as [`read_manifest`](crate::read_manifest) finds them. A folder with a manifest, or
/// whose images only one table of labels tells apart, is read by its table. Keys are what tables say,
/// else the paths from what was named on.
///
/// # Errors
/// When something named does not exist, holds no image, a table names what is not there, a key is
/// there twice, or links lead in a circle.
pub fn find_images(named: &[PathBuf]) -> Result<ImagesFound, IngestError> {
    let mut found = Found::default();
    for path in named {
        if path.is_dir() {
            add_folder(&mut found, path)?;
        } else if !path.exists() {
            return Err(IngestError::NoSuchImage(path.clone()));
        } else if is_table(path) {
            add_table(&mut found, path)?;
        } else {
            found.patches.push(image(path.clone()));
        }
    }
    refuse_duplicates(&found.patches)?;
    refuse_named_twice(&found.patches)?;
    let manifest = Manifest {
        root: PathBuf::new(),
        layout: Layout::CLASS_FOLDERS,
        classes: Vec::new(),
        patches: found.patches.into_iter().map(unlabelled).collect(),
        notes: found.notes,
    };
    Ok(ImagesFound {
        manifest,
        // Of several places each may call it otherwise.
        key_column: found.key_column.filter(|_| named.len() == 1),
    })
}

/// A text without names of columns is a file among others, such as `notes.txt`.
fn is_table(path: &Path) -> bool {
    let is_text = ending(path).is_some_and(|ending| ending == "txt");
    let has_header = || read_text(path).is_ok_and(|read| Table::has_header(&read.text));
    is_table_name(path) && (!is_text || has_header())
}

/// One image under two keys would be predicted twice.
fn refuse_named_twice(patches: &[FoundPatch]) -> Result<(), IngestError> {
    let mut keys: BTreeMap<PathBuf, &str> = BTreeMap::new();
    let mut twice = Vec::new();
    for patch in patches {
        let path = std::path::absolute(&patch.path).unwrap_or_else(|_| patch.path.clone());
        if let Some(first) = keys.insert(path, &patch.key) {
            twice.push(format!("'{first}' and '{}' are one image", patch.key));
        }
    }
    if twice.is_empty() {
        return Ok(());
    }
    Err(IngestError::NamedTwice(twice))
}

fn add_folder(found: &mut Found, folder: &Path) -> Result<(), IngestError> {
    if let Some(table) = own_manifest(folder)? {
        return add_table(found, &table);
    }
    let tree = Tree::read(folder)?;
    let images = tree.root.all_images();
    if images.is_empty() {
        return Err(no_images(&tree));
    }
    match choose(&tree) {
        Ok(Chosen::Folders(..)) | Err(IngestError::FoldersOrTable { .. }) => {}
        Ok(Chosen::Table(table, _)) if is_table(&table) => return add_table(found, &table),
        // What cannot be trained on may be predicted: only the images count.
        Ok(Chosen::Table(..)) | Err(_) => match tables_of_labels(&tree).as_slice() {
            [] => {}
            [table] => return add_table(found, table),
            tables => found.notes.push(several(folder, tables)),
        },
    }
    found.patches.extend(images.into_iter().map(image));
    found.notes.extend(tree.notes());
    Ok(())
}

/// Labels are not wanted here, so which of several tables has them need not be known.
fn several(folder: &Path, tables: &[&Path]) -> String {
    let tables: Vec<String> = tables
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    format!(
        "{} hold labels, and none of them is used: every image of {} is predicted; name one of them \
         instead of the folder to have its images and keys",
        tables.join(" and "),
        folder.display()
    )
}

fn add_table(found: &mut Found, table: &Path) -> Result<(), IngestError> {
    let of_table = manifest_file::read(table, Purpose::Prediction)?;
    let images = counted(of_table.patches.len(), "image", "images");
    let note = format!("{images} are those of {}", table.display());
    found.notes.push(note);
    found.notes.extend(of_table.notes);
    found.key_column = of_table.key_column;
    found.patches.extend(of_table.patches);
    Ok(())
}

fn image(path: PathBuf) -> FoundPatch {
    FoundPatch {
        key: text_of(path.as_os_str()),
        path,
        ..FoundPatch::default()
    }
}

fn unlabelled(found: FoundPatch) -> Patch {
    Patch {
        key: found.key,
        source: found.path.into(),
        class: None,
        patient: None,
        slide: None,
        group: None,
        split: None,
        fold: None,
        site: None,
    }
}

//! Parts that folders name, of images whose table does not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use eosin_core::Split;

use super::IngestError;
use super::folder::key_of;
use super::found::FoundPatch;
use super::words::part_named;
use crate::listed::{counted, listed};

/// The folder of an image that is a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartFolder {
    /// Its path below the folder of the table.
    pub name: String,
    /// The part.
    pub part: Split,
}

/// The uppermost folder of an image whose name is that of a part.
pub(super) fn part_folder(root: &Path, image: &Path) -> Option<PartFolder> {
    // Folders above those of the set say nothing of it.
    image.strip_prefix(root).ok()?;
    let key = key_of(root, image);
    let folders = key.rsplit_once('/')?.0;
    let mut end = 0;
    for name in folders.split('/') {
        end += name.len();
        if let Some(part) = part_named(name) {
            return Some(PartFolder {
                name: folders[..end].to_owned(),
                part,
            });
        }
        end += 1;
    }
    None
}

/// Whether the folders of a table's images say their parts.
#[derive(Debug, Default)]
pub(super) struct FolderParts {
    /// Folders that are parts.
    folders: BTreeSet<String>,
    parts: BTreeSet<Split>,
    /// An image in none of them.
    outside: Option<String>,
}

impl FolderParts {
    pub(super) fn of<'a>(root: &Path, images: impl Iterator<Item = &'a PathBuf>) -> Self {
        let mut found = Self::default();
        for image in images {
            match part_folder(root, image) {
                Some(folder) => {
                    found.parts.insert(folder.part);
                    found.folders.insert(folder.name);
                }
                None => found.outside = Some(key_of(root, image)),
            }
        }
        found
    }

    /// Whether they say a part of any image, other than one and the same of all.
    pub(super) fn tell(&self) -> bool {
        self.parts.len() > 1 || (!self.parts.is_empty() && self.outside.is_some())
    }

    /// Refuses a table with images of which some lie in folders that are parts and some do not.
    pub(super) fn refuse_some(&self, table: &Path) -> Result<(), IngestError> {
        match &self.outside {
            Some(outside) if self.tell() => Err(IngestError::Ambiguous {
                path: table.to_owned(),
                found: format!(
                    "has no column 'split', and of its images some lie in folders that are parts \
                     ({}) and some do not, such as {outside}",
                    self.names()
                ),
                fix: "add a column 'split' that says train, val or test".into(),
            }),
            _ => Ok(()),
        }
    }

    /// What is said of them.
    pub(super) fn note(&self) -> String {
        format!(
            "the parts are those of the folders ({}), since the table has no column 'split'",
            self.names()
        )
    }

    fn names(&self) -> String {
        listed(&self.folders.iter().collect::<Vec<_>>())
    }
}

/// What a folder finds out of a table with parts of its own.
pub(super) fn test_images_elsewhere(root: &Path, patches: &[FoundPatch]) -> Option<String> {
    let of_test = |patch: &&FoundPatch| {
        let folder = part_folder(root, &patch.path);
        patch.split != Some(Split::Test) && folder.is_some_and(|folder| folder.part == Split::Test)
    };
    let crossing: Vec<&FoundPatch> = patches.iter().filter(of_test).collect();
    let first = crossing.first()?;
    Some(format!(
        "puts {} of a folder whose name is that of the test part into another part, such as {}",
        counted(crossing.len(), "image", "images"),
        key_of(root, &first.path)
    ))
}

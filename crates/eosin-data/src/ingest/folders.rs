//! Patches in folders whose names say what they are.

use std::path::{Path, PathBuf};

use eosin_core::{FolderLayout, Level, Split};

use super::IngestError;
use super::folder::{Folder, key_of, name_of};
use super::found::{Declared, Found, FoundPatch};
use super::tree::Tree;
use super::words::{is_class_like, is_of_work, is_unknown, part_named};
use crate::listed::{counted, listed};

/// Reads the folder by `layout`.
pub(super) fn read(tree: &Tree, layout: FolderLayout) -> Result<Found, IngestError> {
    let mut reader = Reader {
        layout,
        root: tree.root.path.clone(),
        found: Found {
            root: tree.root.path.clone(),
            notes: tree.notes(),
            ..Found::default()
        },
        work: Vec::new(),
    };
    reader.folder(&tree.root, 0, &FoundPatch::default())?;
    if !reader.work.is_empty() {
        let folders = counted(
            reader.work.len(),
            "folder without images",
            "folders without images",
        );
        reader
            .found
            .notes
            .push(format!("{folders} passed over: {}", listed(&reader.work)));
    }
    Ok(reader.found)
}

struct Reader {
    layout: FolderLayout,
    root: PathBuf,
    found: Found,
    /// Names of folders without images that are no class.
    work: Vec<String>,
}

impl Reader {
    /// Adds what lies in `folder`, which is `depth` below the root; `known` is what the folders
    /// above it say.
    fn folder(
        &mut self,
        folder: &Folder,
        depth: usize,
        known: &FoundPatch,
    ) -> Result<(), IngestError> {
        let class_depth = self.layout.depth_of(Level::Class).unwrap_or(0);
        if depth <= class_depth && !folder.images.is_empty() {
            return Err(loose(&folder.path, &folder.images));
        }
        for path in &folder.images {
            self.found.patches.push(FoundPatch {
                key: key_of(&self.root, path),
                path: path.clone(),
                ..known.clone()
            });
        }
        for below in &folder.folders {
            let level = self.layout.levels().get(depth).copied();
            let mut known = known.clone();
            if depth <= class_depth && below.is_work() && !is_class_like(&below.name) {
                self.work.push(below.name.clone());
                continue;
            }
            if depth < class_depth && !below.has_images() && level == Some(Level::Part) {
                self.work.push(below.name.clone());
                continue;
            }
            self.say(level, below, &mut known)?;
            self.folder(below, depth + 1, &known)?;
        }
        Ok(())
    }

    /// What the folder's name says of all below it.
    fn say(
        &mut self,
        level: Option<Level>,
        folder: &Folder,
        known: &mut FoundPatch,
    ) -> Result<(), IngestError> {
        let name = || folder.name.clone();
        let named = || (!is_unknown(&folder.name)).then(name);
        match level {
            None | Some(Level::Any | Level::Organ) => {}
            Some(Level::Patient) => known.patient = named(),
            Some(Level::Slide) => known.slide = named(),
            Some(Level::Group) => known.group = named(),
            Some(Level::Fold) => known.fold = named(),
            Some(Level::Part) => {
                let part = part_named(&folder.name);
                known.split = Some(part.ok_or_else(|| IngestError::NoPart(folder.path.clone()))?);
            }
            Some(Level::Class) => {
                if is_unknown(&folder.name) {
                    return Err(IngestError::UnknownFolder(folder.path.clone()));
                }
                if is_of_work(&folder.name) {
                    return Err(IngestError::WorkFolder(folder.path.clone()));
                }
                known.label = Some(name());
                self.declare(folder);
            }
        }
        Ok(())
    }

    fn declare(&mut self, folder: &Folder) {
        let declared = Declared {
            folder: folder.path.clone(),
            others: folder.all_others().len(),
        };
        self.found
            .declared
            .entry(folder.name.clone())
            .or_insert(Some(declared));
    }
}

pub(super) fn loose(folder: &Path, images: &[PathBuf]) -> IngestError {
    let is_test = part_named(&name_of(folder)) == Some(Split::Test);
    IngestError::LooseImages {
        folder: folder.to_owned(),
        files: images.iter().map(|path| name_of(path)).collect(),
        fix: if is_test {
            "if their classes are not known, move the folder away and predict it"
        } else {
            "move each into its class folder"
        },
    }
}

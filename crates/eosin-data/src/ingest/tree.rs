//! A folder and all below it, read once. Links are followed; what is no patch is counted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::IngestError;
use super::annotations::Annotations;
use super::folder::{Folder, ending, is_image, is_text, name_of, text_of};
use super::strays::{Stray, is_own_folder, is_own_picture, is_work, stray};
use crate::listed::counted;

/// Folders within folders that nobody has.
const DEEPEST: usize = 64;

/// A folder and what was passed over in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub root: Folder,
    /// Entries that systems and tools left behind.
    pub strays: usize,
    /// Folders and pictures that eosin wrote.
    pub own: Vec<PathBuf>,
    /// Folders that were reached through a link.
    pub links: usize,
    /// Images that show what is drawn on other images beside them.
    pub annotations: Annotations,
}

/// There is no image to read; files that may be meant to be some are named.
pub(super) fn no_images(tree: &Tree) -> IngestError {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let others = tree.root.all_others();
    let endings = others.iter().filter_map(|path| ending(path));
    for ending in endings.filter(|ending| !is_work(ending) && !is_text(ending)) {
        *counts.entry(ending).or_default() += 1;
    }
    let most = counts.iter().max_by_key(|(_, n)| **n);
    IngestError::NoImages {
        folder: tree.root.path.clone(),
        instead: most.map(|(ending, n)| {
            let files = counted(*n, "file that ends", "files that end");
            format!("{files} in .{ending}")
        }),
    }
}

impl Tree {
    /// Reads the folder.
    pub(super) fn read(path: &Path) -> Result<Self, IngestError> {
        let canonical = std::fs::canonicalize(path).map_err(IngestError::read(path))?;
        let mut walk = Walk::default();
        let root = walk.folder(path, &canonical)?;
        Ok(Self {
            root: root.unwrap_or_default(),
            ..walk.tree
        })
    }

    /// What was passed over, in sentences.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let others = self.root.all_others().len();
        if others > 0 {
            let files = counted(others, "file is", "files are");
            notes.push(format!("{files} not used: the name has no image ending"));
        }
        if self.strays > 0 {
            let entries = counted(self.strays, "entry", "entries");
            notes.push(format!(
                "{entries} that systems or tools left behind passed over, such as __MACOSX, ._*, \
                 Thumbs.db"
            ));
        }
        if !self.own.is_empty() {
            let names: Vec<String> = self
                .own
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            let names = crate::listed::listed(&names);
            notes.push(format!("passed over what eosin wrote: {names}"));
        }
        notes.extend(self.annotations.note());
        if self.links > 0 {
            let links = counted(self.links, "link to a folder", "links to folders");
            notes.push(format!("{links} followed"));
        }
        notes
    }
}

#[derive(Default)]
struct Walk {
    tree: Tree,
    /// Where each folder was found first, by its real path.
    seen: BTreeMap<PathBuf, PathBuf>,
    /// Real paths of the folders that are being read.
    above: Vec<PathBuf>,
}

impl Walk {
    /// Reads one folder; `None` when eosin wrote it.
    fn folder(&mut self, path: &Path, real: &Path) -> Result<Option<Folder>, IngestError> {
        self.refuse_again(path, real)?;
        let mut entries = std::fs::read_dir(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(IngestError::read(path))?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        let is_root = self.above.is_empty();
        let has = |name: &str| entries.iter().any(|entry| entry.file_name() == name);
        if !is_root && is_own_folder(has) {
            self.tree.own.push(path.to_owned());
            return Ok(None);
        }
        self.above.push(real.to_owned());
        let mut folder = Folder {
            path: path.to_owned(),
            name: name_of(path),
            ..Folder::default()
        };
        let own_before = self.tree.own.len();
        for entry in entries {
            self.entry(&mut folder, &entry, real)?;
        }
        self.above.pop();
        self.take_own_pictures(&mut folder, is_root);
        self.tree.annotations.take(&mut folder);
        let holds_own = self.tree.own.len() > own_before;
        if !is_root && holds_own && !folder.has_images() {
            // A folder of runs, or a cache.
            self.tree.own.truncate(own_before);
            self.tree.own.push(path.to_owned());
            return Ok(None);
        }
        Ok(Some(folder))
    }

    /// Adds an entry.
    fn entry(
        &mut self,
        folder: &mut Folder,
        entry: &std::fs::DirEntry,
        real: &Path,
    ) -> Result<(), IngestError> {
        let name = text_of(&entry.file_name());
        match stray(&name) {
            Some(Stray::LeftBehind) => {
                self.tree.strays += 1;
                return Ok(());
            }
            Some(Stray::Hidden) => return Ok(()),
            None => {}
        }
        let path = entry.path();
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if path.is_dir() {
            let real = if is_link {
                self.tree.links += 1;
                std::fs::canonicalize(&path).map_err(IngestError::read(&path))?
            } else {
                real.join(entry.file_name())
            };
            folder.folders.extend(self.folder(&path, &real)?);
            return Ok(());
        }
        if is_image(&path) {
            // Opening a pipe would wait for whoever writes to it.
            if path.exists() && !path.is_file() {
                return Err(IngestError::NotAFile(path));
            }
            folder.images.push(path);
        } else if is_link && !path.exists() {
            return Err(IngestError::BrokenLink(path));
        } else {
            folder.others.push(path);
        }
        Ok(())
    }

    fn refuse_again(&mut self, path: &Path, real: &Path) -> Result<(), IngestError> {
        if self.above.len() > DEEPEST || self.above.iter().any(|above| above == real) {
            return Err(IngestError::LinkLoop(path.to_owned()));
        }
        match self.seen.insert(real.to_owned(), path.to_owned()) {
            None => Ok(()),
            Some(first) => Err(IngestError::SameFolder {
                first,
                second: path.to_owned(),
            }),
        }
    }

    /// Pictures that eosin wrote lie beside folders of patches, not among patches.
    fn take_own_pictures(&mut self, folder: &mut Folder, is_root: bool) {
        let many = folder.images.len() > 1000;
        if many || (folder.folders.is_empty() && !is_root) {
            return;
        }
        let (own, images) = std::mem::take(&mut folder.images)
            .into_iter()
            .partition(|path| is_own_picture(path));
        folder.images = images;
        self.tree.own.extend::<Vec<PathBuf>>(own);
    }
}

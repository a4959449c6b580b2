//! Images without labels: what is to be predicted.

use std::path::{Path, PathBuf};

use super::IngestError;
use super::strays::stray;
use super::tree::{Tree, is_image, text_of};
use crate::manifest::{Layout, Manifest, Patch};

/// The images that lie directly in a folder, sorted by name; strays are left out.
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, IngestError> {
    let mut entries = std::fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(IngestError::read(folder))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let paths = entries
        .into_iter()
        .filter(|entry| stray(&text_of(&entry.file_name())).is_none());
    Ok(paths
        .map(|entry| entry.path())
        .filter(|path| is_image(path) && !path.is_dir())
        .collect())
}

/// Finds images to predict: files as they are named, and those of folders, to any depth and read
/// as [`read_manifest`](crate::read_manifest) reads them. Keys are the paths from what was named on.
///
/// # Errors
/// When something named does not exist, holds no image, or links lead in a circle.
pub fn find_images(named: &[PathBuf]) -> Result<Manifest, IngestError> {
    let mut manifest = Manifest {
        root: PathBuf::new(),
        layout: Layout::CLASS_FOLDERS,
        classes: Vec::new(),
        patches: Vec::new(),
        notes: Vec::new(),
    };
    for path in named {
        if path.is_dir() {
            let tree = Tree::read(path)?;
            let images = tree.root.all_images();
            if images.is_empty() {
                return Err(IngestError::NoImages(path.clone()));
            }
            manifest.patches.extend(images.into_iter().map(patch));
            manifest.notes.extend(tree.notes());
        } else if path.exists() {
            manifest.patches.push(patch(path.clone()));
        } else {
            return Err(IngestError::NoSuchImage(path.clone()));
        }
    }
    Ok(manifest)
}

fn patch(path: PathBuf) -> Patch {
    Patch {
        key: text_of(path.as_os_str()),
        source: path.into(),
        class: None,
        patient: None,
        slide: None,
        group: None,
        split: None,
    }
}

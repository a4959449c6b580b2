//! The images of one folder.

use std::path::{Path, PathBuf};

use super::IngestError;
use super::folder::{is_image, text_of};
use super::strays::stray;

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

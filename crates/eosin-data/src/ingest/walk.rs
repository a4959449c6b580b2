//! Listing folders in a stable order.

use std::path::{Path, PathBuf};

use super::IngestError;

/// Endings that mark a file as meant to be an image; what it really is, its content decides.
const IMAGE_ENDINGS: [&str; 7] = ["png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp"];

pub(super) fn is_image(path: &Path) -> bool {
    path.extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| IMAGE_ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}

/// The file name as text.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// What lies directly in a folder, each part sorted by name; hidden entries are left out.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub folders: Vec<PathBuf>,
    pub images: Vec<PathBuf>,
    pub others: usize,
}

pub(super) fn list(folder: &Path) -> Result<Listing, IngestError> {
    let mut entries = std::fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(IngestError::read(folder))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut listing = Listing::default();
    for entry in entries {
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            listing.folders.push(path);
        } else if is_image(&path) {
            listing.images.push(path);
        } else {
            listing.others += 1;
        }
    }
    Ok(listing)
}

/// Every image below `folder` at any depth, sorted, and the number of files that are no images.
pub(super) fn images_below(folder: &Path) -> Result<(Vec<PathBuf>, usize), IngestError> {
    let mut images = Vec::new();
    let mut others = 0;
    let mut pending = vec![folder.to_owned()];
    while let Some(next) = pending.pop() {
        let listing = list(&next)?;
        images.extend(listing.images);
        others += listing.others;
        // A link to a folder is not followed below the top: it could lead in a circle.
        pending.extend(
            listing
                .folders
                .into_iter()
                .filter(|path| !path.is_symlink()),
        );
    }
    images.sort();
    Ok((images, others))
}

/// The path below `root` with `/` between parts.
pub(super) fn key_of(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

//! One folder and the names of what is in it.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::strays::is_work;

/// Endings that mark a file as meant to be an image; what it really is, its content decides.
const IMAGE_ENDINGS: [&str; 7] = ["png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp"];

/// The ending of a file's name in lower case.
pub(super) fn ending(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

pub(super) fn is_image(path: &Path) -> bool {
    ending(path).is_some_and(|ending| IMAGE_ENDINGS.contains(&ending.as_str()))
}

/// A name as text. Bytes that are no UTF-8 are written out, so that distinct names stay distinct.
pub(crate) fn text_of(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            if write!(text, "\\x{byte:02X}").is_err() {
                // Text grows as long as there is memory.
            }
        }
    }
    text
}

/// The file name as text.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name().map(text_of).unwrap_or_default()
}

/// The path below `root` with `/` between parts.
pub(crate) fn key_of(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    if below.is_absolute() {
        return text_of(below.as_os_str());
    }
    let parts = below.components().map(|part| text_of(part.as_os_str()));
    parts.collect::<Vec<_>>().join("/")
}

/// One folder, its entries sorted by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Folder {
    pub path: PathBuf,
    pub name: String,
    pub images: Vec<PathBuf>,
    pub folders: Vec<Folder>,
    /// Files without an image ending.
    pub others: Vec<PathBuf>,
}

impl Folder {
    pub(super) fn has_images(&self) -> bool {
        !self.images.is_empty() || self.folders.iter().any(Self::has_images)
    }

    /// Calls `visit` with this folder and each below it, and how deep it lies.
    pub(super) fn each<'a>(&'a self, depth: usize, visit: &mut dyn FnMut(&'a Self, usize)) {
        visit(self, depth);
        for folder in &self.folders {
            folder.each(depth + 1, visit);
        }
    }

    /// Every image of this folder and those below it, sorted.
    pub(super) fn all_images(&self) -> Vec<PathBuf> {
        let mut images = Vec::new();
        self.each(0, &mut |folder, _| {
            images.extend(folder.images.iter().cloned());
        });
        images.sort();
        images
    }

    /// Files of this folder and those below it that have no image ending.
    pub(super) fn all_others(&self) -> Vec<&Path> {
        let mut others = Vec::new();
        self.each(0, &mut |folder, _| {
            others.extend(folder.others.iter().map(PathBuf::as_path));
        });
        others
    }

    /// Whether it holds what people keep beside patches, and nothing that could be patches.
    pub(super) fn is_work(&self) -> bool {
        let others = self.all_others();
        let known =
            |path: &&Path| ending(path).is_none_or(|ending| is_work(&ending) || is_text(&ending));
        let working = |path: &&Path| ending(path).is_some_and(|ending| is_work(&ending));
        !self.has_images() && others.iter().any(working) && others.iter().all(known)
    }
}

/// Whether files of this ending are for people to read.
pub(super) fn is_text(ending: &str) -> bool {
    matches!(ending, "md" | "txt" | "rst")
}

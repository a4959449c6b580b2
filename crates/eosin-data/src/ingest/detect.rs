//! Which layout a path has, and reading it.

use std::path::{Path, PathBuf};

use super::check::finish;
use super::walk::{list, name_of};
use super::{IngestError, datathon, folders, table};
use crate::manifest::{Layout, Manifest};

/// What the caller knows about the patches beforehand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngestOptions {
    /// A manifest to use instead of the folder's own layout.
    pub manifest: Option<PathBuf>,
    /// The layout, when it should not be found out.
    pub layout: Option<Layout>,
    /// Every class in the order that probabilities shall have; sorted by name when absent.
    pub classes: Option<Vec<String>>,
}

/// Finds every patch below `location`, a folder or a CSV or TSV manifest.
///
/// Layouts are tried in this order: a manifest given or named `manifest.csv` or `manifest.tsv` in
/// the folder; the datathon's (`train/train_data`); class folders under `train`, `val`, `test`;
/// class folders. No image is opened: that is what [`inspect`](crate::inspect()) does.
///
/// # Errors
/// When nothing is found, more than one layout fits, labels and images do not match, keys repeat,
/// a class is empty, or there is only one class.
pub fn read_manifest(location: &Path, options: &IngestOptions) -> Result<Manifest, IngestError> {
    if !location.exists() {
        return Err(IngestError::Missing(location.to_owned()));
    }
    let (layout, source) = source_of(location, options)?;
    let found = match layout {
        Layout::ManifestFile => table::read(&source)?,
        Layout::Datathon => datathon::read(&source)?,
        Layout::SplitClassFolders => folders::read_split(&source)?,
        Layout::ClassFolders => folders::read(&source)?,
    };
    finish(found, layout, options)
}

/// The layout and the file or folder to read it from.
fn source_of(location: &Path, options: &IngestOptions) -> Result<(Layout, PathBuf), IngestError> {
    if let Some(manifest) = &options.manifest {
        if manifest.is_file() {
            return Ok((Layout::ManifestFile, manifest.clone()));
        }
        return Err(IngestError::Missing(manifest.clone()));
    }
    if location.is_file() {
        let ending = location
            .extension()
            .map(std::ffi::OsStr::to_ascii_lowercase);
        return match ending.as_ref().and_then(|e| e.to_str()) {
            Some("csv" | "tsv") => Ok((Layout::ManifestFile, location.to_owned())),
            _ => Err(IngestError::NotAManifest(location.to_owned())),
        };
    }
    match options.layout {
        Some(Layout::ManifestFile) => match own_manifest(location)? {
            Some(file) => Ok((Layout::ManifestFile, file)),
            None => Err(IngestError::Missing(location.join("manifest.csv"))),
        },
        Some(layout) => Ok((layout, location.to_owned())),
        None => detect(location),
    }
}

fn own_manifest(folder: &Path) -> Result<Option<PathBuf>, IngestError> {
    let [csv, tsv] = ["manifest.csv", "manifest.tsv"].map(|name| folder.join(name));
    match (csv.is_file(), tsv.is_file()) {
        (true, true) => Err(IngestError::Ambiguous {
            path: folder.to_owned(),
            found: "holds both manifest.csv and manifest.tsv".into(),
            fix: "remove one, or name the one to use as the manifest".into(),
        }),
        (true, false) => Ok(Some(csv)),
        (false, true) => Ok(Some(tsv)),
        (false, false) => Ok(None),
    }
}

fn detect(folder: &Path) -> Result<(Layout, PathBuf), IngestError> {
    if let Some(file) = own_manifest(folder)? {
        return Ok((Layout::ManifestFile, file));
    }
    let train = folder.join("train");
    if train.join("train_data").is_dir() || train.join("train_label").is_file() {
        return Ok((Layout::Datathon, folder.to_owned()));
    }
    let listing = list(folder)?;
    let names: Vec<String> = listing.folders.iter().map(|path| name_of(path)).collect();
    let (parts, classes): (Vec<&String>, Vec<&String>) = names
        .iter()
        .partition(|name| matches!(name.as_str(), "train" | "val" | "test"));
    match (parts.is_empty(), classes.is_empty()) {
        (true, true) if listing.images.is_empty() => Err(IngestError::NoLayout(folder.to_owned())),
        (true, true) => Err(loose(folder, &listing.images)),
        (false, true) => Ok((Layout::SplitClassFolders, folder.to_owned())),
        (true, false) => Ok((Layout::ClassFolders, folder.to_owned())),
        (false, false) => Err(mixed(folder, parts[0], classes[0])),
    }
}

fn mixed(folder: &Path, part: &str, class: &str) -> IngestError {
    let renamed = eosin_core::choice::nearest(class, ["train", "val", "test"])
        .map_or_else(String::new, |word| {
            format!(" or rename '{class}' to '{word}'")
        });
    IngestError::Ambiguous {
        path: folder.to_owned(),
        found: format!("holds the split folder '{part}' beside '{class}'"),
        fix: format!(
            "if '{class}' is a class, put it under train, val or test{renamed}; if '{part}' is a \
             class too, set the layout to class-folders"
        ),
    }
}

pub(super) fn loose(folder: &Path, images: &[PathBuf]) -> IngestError {
    IngestError::LooseImages {
        folder: folder.to_owned(),
        files: images.iter().map(|path| name_of(path)).collect(),
    }
}

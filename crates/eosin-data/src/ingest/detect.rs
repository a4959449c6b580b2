//! Which layout a path has, and reading it.

use std::path::{Path, PathBuf};

use eosin_core::config::IdSource;

use super::check::finish;
use super::choose::{Chosen, choose};
use super::found::Found;
use super::manifest_file::{Picked, read_to_train};
use super::tree::{Tree, no_images};
use super::unused_levels::unused_levels;
use super::{IngestError, datathon, folders};
use crate::manifest::{Layout, Manifest};
use crate::table::is_table_name;

/// What the caller knows about the patches beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestOptions {
    /// A manifest to use instead of the folder's own layout.
    pub manifest: Option<PathBuf>,
    /// The layout, when it should not be found out.
    pub layout: Option<Layout>,
    /// Every class in the order that probabilities shall have; sorted by name when absent, numbers
    /// in number order.
    pub classes: Option<Vec<String>>,
    /// Whether patients and slides are read out of the names of files.
    pub ids: IdSource,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self {
            manifest: None,
            layout: None,
            classes: None,
            ids: IdSource::Auto,
        }
    }
}

/// Finds every patch below `location`, a folder or a table.
///
/// A manifest given or named `manifest.csv` or `manifest.tsv` in the folder comes first, then the
/// datathon's layout (`train/train_data`). Of any other folder the levels of sub-folders are looked
/// at: what is a class, a part, a fold, a patient or a slide is known from their names, how they
/// repeat, and the names of files, or else it is asked for. A table of labels beside images that names
/// most of them says the classes where the folders are not known to; else both must agree. No image is opened: that is what
/// [`inspect`](crate::inspect()) does.
///
/// # Errors
/// When nothing is found, the folder can be read in more than one way, labels and images do not
/// match, keys repeat, names differ only in spelling, a class is empty, or there is only one class.
pub fn read_manifest(location: &Path, options: &IngestOptions) -> Result<Manifest, IngestError> {
    if !location.exists() {
        return Err(IngestError::Missing(location.to_owned()));
    }
    let (layout, found) = match source_of(location, options)? {
        Source::Manifest(file, picked) => (Layout::Manifest, read_to_train(&file, picked)?),
        Source::Datathon => (Layout::Datathon, datathon::read(location)?),
        Source::Folders => folder(location, options.layout)?,
    };
    finish(found, layout, options)
}

/// What patches are read from.
enum Source {
    Manifest(PathBuf, Picked),
    Datathon,
    Folders,
}

fn source_of(location: &Path, options: &IngestOptions) -> Result<Source, IngestError> {
    if let Some(manifest) = &options.manifest {
        if manifest.is_file() {
            return Ok(Source::Manifest(manifest.clone(), Picked::ByName));
        }
        return Err(IngestError::Missing(manifest.clone()));
    }
    if location.is_file() {
        return if is_table_name(location) {
            Ok(Source::Manifest(location.to_owned(), Picked::ByName))
        } else {
            Err(IngestError::NotAManifest(location.to_owned()))
        };
    }
    let own = || own_manifest(location);
    match options.layout {
        Some(Layout::Manifest) => match own()? {
            Some(file) => Ok(Source::Manifest(file, Picked::ByName)),
            None => Err(IngestError::Missing(location.join("manifest.csv"))),
        },
        Some(Layout::Datathon) => Ok(Source::Datathon),
        Some(Layout::Folders(_)) => Ok(Source::Folders),
        None => Ok(match own()? {
            Some(file) => Source::Manifest(file, Picked::InFolder),
            None if is_datathon(location) => Source::Datathon,
            None => Source::Folders,
        }),
    }
}

fn is_datathon(folder: &Path) -> bool {
    let train = folder.join("train");
    train.join("train_data").is_dir() || train.join("train_label").is_file()
}

/// The manifest that a folder has of its own.
pub(super) fn own_manifest(folder: &Path) -> Result<Option<PathBuf>, IngestError> {
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

/// Reads a folder by the layout asked for, or by the one that it shows.
fn folder(folder: &Path, asked: Option<Layout>) -> Result<(Layout, Found), IngestError> {
    let tree = Tree::read(folder)?;
    if let Some(Layout::Folders(levels)) = asked {
        return Ok((Layout::Folders(levels), folders::read(&tree, levels)?));
    }
    if !tree.root.has_images() {
        return Err(if tree.root.folders.is_empty() {
            IngestError::NoLayout(folder.to_owned())
        } else {
            no_images(&tree)
        });
    }
    let chosen = choose(&tree).or_else(|refused| match only_table(&tree) {
        // What is wrong with the only table says more than that images lie loose beside it.
        Some(table) => Ok(Chosen::Table(table.to_owned(), Vec::new())),
        None => Err(refused),
    })?;
    match chosen {
        Chosen::Folders(layout, found) => Ok((Layout::Folders(layout), found)),
        Chosen::Table(table, notes) => {
            let mut found = read_to_train(&table, Picked::InFolder)?;
            found
                .notes
                .push(format!("labels are those of {}", table.display()));
            found.notes.extend(notes);
            found.notes.extend(unused_levels(&tree, &found));
            Ok((Layout::Manifest, found))
        }
    }
}

/// The only table beside images that lie in no folder, whatever is in it.
fn only_table(tree: &Tree) -> Option<&Path> {
    let mut tables = tree.root.others.iter().filter(|path| is_table_name(path));
    let only = tables.next().filter(|_| tables.next().is_none());
    only.map(PathBuf::as_path)
        .filter(|_| !tree.root.images.is_empty())
}

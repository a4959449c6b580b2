//! What can be wrong with a set of patches before any image is opened.

use std::path::PathBuf;

use crate::listed::{counted, listed};

/// Why a manifest could not be read. Every message names the fix; lists are complete in the value
/// and capped in the text.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The folder or file does not exist.
    #[error("{} does not exist; give a folder of patches or a CSV manifest", .0.display())]
    Missing(PathBuf),
    /// A folder or file could not be read.
    #[error("cannot read {}: {source}; check that it exists and its permissions", .path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file given is neither a folder nor a manifest.
    #[error(
        "{} is neither a folder nor a .csv or .tsv manifest; give one of these", .0.display()
    )]
    NotAManifest(PathBuf),
    /// The folder fits more than one layout.
    #[error("{} {found}; {fix}", .path.display())]
    Ambiguous {
        /// The folder.
        path: PathBuf,
        /// What was found there.
        found: String,
        /// The two ways out.
        fix: String,
    },
    /// The folder fits no layout.
    #[error(
        "{} holds no class folders, no train/val/test folders and no manifest.csv; put each class \
         in a folder of its own, such as benign/*.png", .0.display()
    )]
    NoLayout(PathBuf),
    /// There is no image at all.
    #[error("{} holds no images (png, jpg, tif, bmp, webp)", .0.display())]
    NoImages(PathBuf),
    /// A class has no labelled patch to train on.
    #[error(
        "class '{class}' has no patches to train on; add images to it, or remove the class{}",
        .folder.as_ref().map_or_else(String::new, |f| format!(" (folder {} is empty)", f.display()))
    )]
    EmptyClass {
        /// The class.
        class: String,
        /// Its folder, when the layout has one.
        folder: Option<PathBuf>,
    },
    /// There is only one class, so nothing to tell apart.
    #[error("all patches are of one class, '{0}'; a classifier needs at least 2 classes")]
    SingleClass(String),
    /// Images lie where no class says what they are.
    #[error(
        "{} directly in {} and in no class folder: {}; move each into its class folder",
        counted(.files.len(), "image lies", "images lie"), .folder.display(), listed(.files)
    )]
    LooseImages {
        /// Where they lie.
        folder: PathBuf,
        /// Their names.
        files: Vec<String>,
    },
    /// Labels whose image is missing, or images whose label is missing, or both.
    #[error("{}", unmatched(.labels_without_image, .images_without_label))]
    Unmatched {
        /// Keys that have a label but no image.
        labels_without_image: Vec<String>,
        /// Keys that have an image but no label.
        images_without_label: Vec<String>,
    },
    /// The same key twice.
    #[error(
        "{} more than once: {}; keep one of each",
        counted(.0.len(), "key occurs", "keys occur"), listed(.0)
    )]
    DuplicateKeys(Vec<String>),
    /// A class that is not among the classes asked for.
    #[error(
        "label '{got}' is none of the classes asked for ({expected}); correct the label, or add \
         the class"
    )]
    UnknownClass {
        /// The label found.
        got: String,
        /// The classes asked for.
        expected: String,
    },
    /// A column that the manifest must have.
    #[error(
        "{} has no column '{column}'; its columns are {found}{}",
        .path.display(),
        .nearest.as_ref().map_or_else(String::new, |word| format!(" (rename '{word}' to '{column}'?)"))
    )]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// The columns that the file has.
        found: String,
        /// The column that was probably meant.
        nearest: Option<String>,
    },
    /// Rows or lines that cannot be read as what they should be.
    #[error("{} in {}: {}", counted(.lines.len(), "bad line", "bad lines"), .path.display(), listed(.lines))]
    BadLines {
        /// The file.
        path: PathBuf,
        /// One message a line, each beginning with the line's number.
        lines: Vec<String>,
    },
    /// The file is not readable as CSV.
    #[error("cannot read {} as a table: {source}; expected a header and comma or tab separated rows", .path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// The parser's reason.
        source: csv::Error,
    },
}

fn unmatched(labels: &[String], images: &[String]) -> String {
    let mut parts = Vec::new();
    if !labels.is_empty() {
        let n = counted(labels.len(), "label has", "labels have");
        parts.push(format!("{n} no image: {}", listed(labels)));
    }
    if !images.is_empty() {
        let n = counted(images.len(), "image has", "images have");
        parts.push(format!("{n} no label: {}", listed(images)));
    }
    format!(
        "{}; add what is missing, or remove the other half",
        parts.join("; ")
    )
}

impl IngestError {
    pub(crate) fn read(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Read { path, source }
    }
}

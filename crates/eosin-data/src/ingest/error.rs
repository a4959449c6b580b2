//! What can be wrong with a set of patches before any image is opened.

use std::path::{Path, PathBuf};

use super::{Reading, Spelling, TableReading};
use crate::listed::{counted, listed};
use crate::table::TableError;

/// Why a manifest could not be read. Every message names the fix; lists are complete in the value
/// and capped in the text.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The folder or file does not exist.
    #[error("{} does not exist; give a folder of patches or a CSV manifest", .0.display())]
    Missing(PathBuf),
    /// A folder or file could not be read.
    #[error("cannot read {}: {cause}; check that it exists and its permissions", .path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// The system's reason.
        cause: std::io::Error,
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
    #[error(
        "{} holds no images (png, jpg, tif, bmp, webp){}", .folder.display(),
        .instead.as_ref().map_or_else(String::new, |files| format!(", but {files}; convert these to PNG"))
    )]
    NoImages {
        /// The folder.
        folder: PathBuf,
        /// Files that may be meant to be images.
        instead: Option<String>,
    },
    /// A class has no labelled patch to train on.
    #[error(
        "class '{class}' has no patches to train on; add images to it, or remove the class{}",
        .folder.as_ref().map_or_else(String::new, |f| empty_folder(f, *.others))
    )]
    EmptyClass {
        /// The class.
        class: String,
        /// Files in its folder that have no image ending.
        others: usize,
        /// Its folder, when the layout has one.
        folder: Option<PathBuf>,
    },
    /// All patches of a class are held out.
    #[error(
        "class '{class}' is in the test part only ({}), so nothing can be trained to know it; move \
         some of its patches into the train part, or take the class out of the test part",
        counted(*.held_out, "patch", "patches")
    )]
    ClassOfTestPart {
        /// The class.
        class: String,
        /// Its patches.
        held_out: usize,
    },
    /// There is only one class, so nothing to tell apart.
    #[error("all patches are of one class, '{0}'; a classifier needs at least 2 classes")]
    SingleClass(String),
    /// Images lie where no class says what they are.
    #[error(
        "{} directly in {} and in no class folder: {}; {fix}",
        counted(.files.len(), "image lies", "images lie"), .folder.display(), listed(.files)
    )]
    LooseImages {
        /// Where they lie.
        folder: PathBuf,
        /// Their names.
        files: Vec<String>,
        /// What to do.
        fix: &'static str,
    },
    /// Labels whose image is missing, or images whose label is missing, or both.
    #[error("{}", unmatched(.labels_without_image, .images_without_label))]
    Unmatched {
        /// Keys that have a label but no image.
        labels_without_image: Vec<String>,
        /// Keys that have an image but no label.
        images_without_label: Vec<String>,
    },
    /// Rows of a table whose image is not there.
    #[error(
        "{} in {}: {}; correct the name, or remove the row ({hint})",
        counted(.names.len(), "name has no image", "names have no image"), .table.display(),
        listed(.names)
    )]
    MissingImages {
        /// The table.
        table: PathBuf,
        /// What the rows call their images.
        names: Vec<String>,
        /// What is there instead.
        hint: String,
    },
    /// The same key twice.
    #[error(
        "{} more than once: {}; keep one of each",
        counted(.0.len(), "key occurs", "keys occur"), listed(.0)
    )]
    DuplicateKeys(Vec<String>),
    /// One image under several keys.
    #[error("{}: name each image once", listed(.0))]
    NamedTwice(Vec<String>),
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
    /// Rows or lines that cannot be read as what they should be.
    #[error("{} in {}: {}", counted(.lines.len(), "bad line", "bad lines"), .path.display(), listed(.lines))]
    BadLines {
        /// The file.
        path: PathBuf,
        /// One message a line, each beginning with the line's number.
        lines: Vec<String>,
    },
    /// The file is not readable as a table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The folder can be read in several ways, or in none that is known.
    #[error("{} {why}; say which it is with\n  {}", .path.display(), ways(.readings))]
    Readings {
        /// The folder.
        path: PathBuf,
        /// Why it was not read.
        why: &'static str,
        /// Ways to read it.
        readings: Vec<Reading>,
    },
    /// Folders and a table say different things.
    #[error(
        "{} has folders that may be the classes, but {why}; say which it is with\n  {folders}\n  {table}",
        .path.display()
    )]
    FoldersOrTable {
        /// The folder.
        path: PathBuf,
        /// What the table says, beginning with its name.
        why: String,
        /// As the folders are named.
        folders: Box<Reading>,
        /// As the table says.
        table: Box<TableReading>,
    },
    /// No folders say the classes, and what is most likely the table of labels cannot be read.
    #[error("{refused}\n{}", .unread.join("\n"))]
    UnreadTables {
        /// What is wrong without a table.
        refused: Box<IngestError>,
        /// Why each table is not read.
        unread: Vec<String>,
    },
    /// Several tables could hold the labels.
    #[error(
        "{} holds several tables with labels; give the one to use instead of \
         the folder: {}",
        .folder.display(), .tables.join(" or ")
    )]
    Tables {
        /// The folder.
        folder: PathBuf,
        /// The tables.
        tables: Vec<String>,
    },
    /// Names that are most likely the same.
    #[error(
        "{} spelled in two ways: {}; write each in one way",
        counted(.0.len(), "name is", "names are"), listed(.0)
    )]
    Spellings(Vec<Spelling>),
    /// A folder that should be a part but is not called so.
    #[error("{} is no part: call it train, val or test", .0.display())]
    NoPart(PathBuf),
    /// A class folder whose name stands for what is not known.
    #[error(
        "the name of the class folder {} stands for what is not known; rename it if it is a class, \
         else move it away", .0.display()
    )]
    UnknownFolder(PathBuf),
    /// A class folder with the name of what work leaves behind.
    #[error(
        "{} would be a class, but its name is that of results; move it away, or rename it if it is a \
         class", .0.display()
    )]
    WorkFolder(PathBuf),
    /// Something that has the name of an image and is no file.
    #[error("{} is a pipe, socket or device, not a file; move it away", .0.display())]
    NotAFile(PathBuf),
    /// Links lead in a circle.
    #[error("the link {} leads back to a folder that holds it; remove the link", .0.display())]
    LinkLoop(PathBuf),
    /// A link leads nowhere.
    #[error("the link {} leads nowhere; mend or remove it", .0.display())]
    BrokenLink(PathBuf),
    /// One folder under two names.
    #[error(
        "{} and {} are one folder, since there are links: its patches would count twice; remove one",
        .first.display(), .second.display()
    )]
    SameFolder {
        /// Where it was found first.
        first: PathBuf,
        /// Where it was found again.
        second: PathBuf,
    },
    /// An image to predict that is not there.
    #[error("{} does not exist; give images, folders of images, or a table of images", .0.display())]
    NoSuchImage(PathBuf),
    /// Not every name of a file holds a patient or slide.
    #[error(
        "names of files in {} hold no patient or slide that is known; leave out \
         '--set data.ids=names'", .0.display()
    )]
    NoIds(PathBuf),
}

fn empty_folder(folder: &Path, others: usize) -> String {
    let folder = folder.display();
    if others == 0 {
        return format!(" (folder {folder} is empty)");
    }
    let files = counted(others, "file", "files");
    format!(" (folder {folder} holds {files}, none with the ending of an image)")
}

fn ways(readings: &[Reading]) -> String {
    if readings.is_empty() {
        return "a table of labels: '--data FILE.csv' with columns 'path' and 'label'".into();
    }
    let ways: Vec<String> = readings.iter().map(ToString::to_string).collect();
    ways.join("\n  ")
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
        move |cause| Self::Read { path, cause }
    }
}

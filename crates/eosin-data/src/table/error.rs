//! Why a table cannot be read.

use std::path::PathBuf;

use crate::listed::listed;

/// What is wrong with a table as a whole.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file could not be read.
    #[error("cannot read {}: {source}; check that it exists and its permissions", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("{} is {what}, not text; {fix}", .path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// What to do.
        fix: &'static str,
    },
    /// Rows do not have the columns of the header.
    #[error("cannot read {} as a table: {source}; expected a header and rows with as many cells, separated by commas, semicolons, tabs or bars", .path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// The parser's reason.
        source: csv::Error,
    },
    /// More than one sign may separate the cells.
    #[error(
        "{} may be separated by '{first}' or by '{second}'; write 'sep={first}' or \
         'sep={second}' as its first line", .path.display()
    )]
    Delimiter {
        /// The file.
        path: PathBuf,
        /// One sign.
        first: char,
        /// The other.
        second: char,
    },
    /// The file has no rows.
    #[error("{} has no rows; expected a header and a row for each patch", .0.display())]
    Empty(PathBuf),
    /// A column that must be there.
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
    /// Several columns may be the one.
    #[error(
        "{} has several columns that may be '{column}': {}; rename the one to use to '{column}'",
        .path.display(), listed(.found)
    )]
    AmbiguousColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// Those that may be it.
        found: Vec<String>,
    },
}

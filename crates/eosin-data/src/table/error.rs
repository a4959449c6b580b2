//! Why a table cannot be read.

use std::path::PathBuf;

use crate::listed::{counted, listed};

/// What is wrong with a table as a whole.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file could not be read.
    #[error("cannot read {}: {cause}; check that it exists and its permissions", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        cause: std::io::Error,
    },
    /// The file is something else.
    #[error("{} is {what}, not a table; {fix}", .path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// What to do.
        fix: &'static str,
    },
    /// The text is no table.
    #[error("cannot read {} as a table: {cause}; expected a header and rows with as many cells, separated by commas, semicolons, tabs or bars", .path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// The parser's reason.
        cause: csv::Error,
    },
    /// Rows do not have the columns of the header.
    #[error(
        "{} has {}, where the header has {expected}: {}; {fix}",
        .path.display(), counted(.rows.len(), "row with more or fewer cells", "rows with more or fewer cells"),
        listed(.rows)
    )]
    Uneven {
        /// The file.
        path: PathBuf,
        /// Cells of the header.
        expected: usize,
        /// Each row's line and number of cells.
        rows: Vec<String>,
        /// What to do.
        fix: String,
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
        "{} has no column '{column}'; its columns are {found}; {fix}", .path.display()
    )]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// The columns that the file has.
        found: String,
        /// What to do.
        fix: String,
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

//! Why a shared folder cannot be used.

use std::path::PathBuf;

use crate::error::FileError;

/// Why a shared folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SharedError {
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A whole line is not what was written.
    #[error(
        "{}, line {line}, is damaged: {problem}; all other lines are as they were: restore the file, or \
         take the line out, and what it told of is done again",
        .path.display()
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// The line; 1 is the first.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A value has no JSON form.
    #[error("cannot express a line of {} as JSON: {problem}", .path.display())]
    NoJson {
        /// The file that was to be written.
        path: PathBuf,
        /// What the serialiser said.
        problem: String,
    },
    /// A name that is no plain name of a unit.
    #[error("'{0}' names no unit of work: letters, digits, '-' and '_' do")]
    Name(String),
}

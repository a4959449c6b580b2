//! Why phantoms cannot be made.

use std::path::PathBuf;

/// A request that cannot be drawn or written.
#[derive(Debug, thiserror::Error)]
pub enum PhantomError {
    /// An option out of range.
    #[error("phantom option {option} is {got}, expected {expected}")]
    Option {
        /// The option.
        option: &'static str,
        /// Its value.
        got: String,
        /// The values possible.
        expected: &'static str,
    },
    /// The folder holds something already.
    #[error("{} is not empty; give a new or empty folder", .0.display())]
    NotEmpty(PathBuf),
    /// A file could not be written.
    #[error("cannot write {}: {cause}; check the disk's space and permissions", .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        cause: std::io::Error,
    },
}

impl PhantomError {
    pub(super) fn write<E: Into<std::io::Error>>(
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(E) -> Self {
        let path = path.into();
        move |cause| Self::Write {
            path,
            cause: cause.into(),
        }
    }
}

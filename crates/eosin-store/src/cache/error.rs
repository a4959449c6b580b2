//! Why the cache could not keep or give an embedding.

use std::io;
use std::path::PathBuf;

use eosin_core::config::CacheDtype;

use crate::error::{FileError, fix};

/// Why the cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A recipe that no cache can hold.
    #[error("recipe has {what} {got}; it must be {expected}")]
    Recipe {
        /// The ingredient.
        what: &'static str,
        /// Its value.
        got: usize,
        /// What it must be.
        expected: &'static str,
    },
    /// The head of an entry's file is damaged, or tells of other records than asked for.
    #[error(
        "{}: {problem}; delete the folder {}, and its embeddings will be computed again",
        .path.display(),
        .path.parent().unwrap_or(.path).display()
    )]
    Header {
        /// The records file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// An embedding of the wrong length.
    #[error(
        "image {image} comes with {got} values; this entry holds {expected} an image \
         (symmetries times width)"
    )]
    Length {
        /// The image's hash, hex.
        image: String,
        /// Values given.
        got: usize,
        /// Values wanted.
        expected: usize,
    },
    /// A value that must not be stored.
    #[error("embedding of image {image} holds {value}, which {dtype} cannot keep; {}", hint(*.value))]
    Value {
        /// The image's hash, hex.
        image: String,
        /// The value.
        value: f32,
        /// How values are stored.
        dtype: CacheDtype,
    },
    /// A batch was not written to its end.
    #[error(
        "cannot write embeddings to {}: {cause}; all earlier ones and {kept} of the last {total} \
         were kept and will not be computed again{}", .path.display(), fix(.cause)
    )]
    Append {
        /// The records file.
        path: PathBuf,
        /// Whole records of this batch that are in the file.
        kept: usize,
        /// Records that were to be written.
        total: usize,
        /// What the operating system said.
        cause: io::Error,
    },
    /// No folder to put the cache in.
    #[error("no cache folder: HOME is not set; set EOSIN_CACHE to a folder")]
    NoFolder,
}

fn hint(value: f32) -> &'static str {
    if value.is_finite() {
        "set cache.dtype to 'f32'"
    } else {
        "check the backbone's weights and the normalisation"
    }
}

//! Where the bytes of a patch come from.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::decode::DecodeError;

/// Where a patch comes from. Its bytes are read in one go and known by their hash from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchSource {
    /// An image file.
    File(PathBuf),
    /// A tile of a whole-slide file.
    Tile {
        /// The slide.
        slide: PathBuf,
        /// Level of the pyramid, 0 the largest.
        level: u32,
        /// Left edge in pixels of level 0.
        x_px: u64,
        /// Upper edge in pixels of level 0.
        y_px: u64,
    },
    /// The content of an image file, from elsewhere.
    Bytes {
        /// What errors call it.
        name: String,
        /// The content.
        bytes: Arc<[u8]>,
    },
}

impl PatchSource {
    /// Reads the content of the image file.
    ///
    /// # Errors
    /// When it cannot be read; tiles can not, since nothing here opens slides.
    pub fn read(&self) -> Result<Arc<[u8]>, DecodeError> {
        match self {
            Self::File(path) => match std::fs::read(path) {
                Ok(bytes) => Ok(bytes.into()),
                Err(cause) => Err(DecodeError::Read {
                    name: self.to_string(),
                    cause,
                }),
            },
            Self::Tile { .. } => Err(DecodeError::Tile {
                name: self.to_string(),
            }),
            Self::Bytes { bytes, .. } => Ok(Arc::clone(bytes)),
        }
    }

    /// The file that the patch lies in; `None` for bytes.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Tile { slide: path, .. } => Some(path),
            Self::Bytes { .. } => None,
        }
    }
}

impl From<PathBuf> for PatchSource {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

/// The name that errors use.
impl fmt::Display for PatchSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Tile {
                slide,
                level,
                x_px,
                y_px,
            } => write!(f, "{}, level {level} at {x_px},{y_px}", slide.display()),
            Self::Bytes { name, .. } => f.write_str(name),
        }
    }
}

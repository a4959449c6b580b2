//! From a file to the pixels that a network sees.

use std::path::Path;

use eosin_core::config::DataConfig;
use eosin_data::{DecodeLimits, ResizeSpec, RgbPatch, decode_rgb_bytes, resize};

use crate::error::TrainError;

/// How a patch becomes the pixels that a network sees.
#[derive(Clone, Copy, Debug)]
pub struct PatchReader {
    /// What is too large or too small to decode.
    pub limits: DecodeLimits,
    /// The size that patches are brought to; `None`: they must have the network's size already.
    pub resize: Option<ResizeSpec>,
    /// Side that the network is run at.
    pub size_px: usize,
}

impl PatchReader {
    /// Reads patches as `data` says, for a network that is run at `size_px`.
    pub fn new(data: &DataConfig, size_px: usize) -> Self {
        Self {
            limits: DecodeLimits {
                max_side_px: data.max_side_px,
                ..DecodeLimits::default()
            },
            resize: data.size_px.map(|size_px| ResizeSpec {
                size_px,
                filter: data.resize,
                policy: data.non_square,
            }),
            size_px,
        }
    }

    /// Reads, decodes and resizes one file.
    ///
    /// # Errors
    /// When it cannot be read or decoded, or has another size and no resizing was asked for.
    pub fn read(&self, path: &Path) -> Result<RgbPatch, TrainError> {
        self.decode(path, &read_file(path)?)
    }

    fn decode(&self, path: &Path, bytes: &[u8]) -> Result<RgbPatch, TrainError> {
        let patch = decode_rgb_bytes(bytes, &path.display().to_string(), &self.limits)?;
        let patch = match self.resize {
            Some(spec) => resize(&patch, spec).map_err(|source| TrainError::Resize {
                path: path.to_owned(),
                source,
            })?,
            None => patch,
        };
        if (patch.width_px, patch.height_px) == (self.size_px, self.size_px) {
            Ok(patch)
        } else {
            Err(TrainError::Size {
                path: path.to_owned(),
                width_px: patch.width_px,
                height_px: patch.height_px,
                expected_px: self.size_px,
            })
        }
    }
}

pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, TrainError> {
    std::fs::read(path).map_err(|source| TrainError::Read {
        path: path.to_owned(),
        source,
    })
}

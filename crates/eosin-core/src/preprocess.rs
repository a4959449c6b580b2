//! What happens to a patch between its file and the network.

use serde::{Deserialize, Serialize};

use crate::config::{ResizeFilter, ResizePolicy};

/// Scaling of pixel values, by channel (R, G, B): `(x / 255 - mean) / std`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Subtracted, on the 0..1 scale.
    pub mean: [f32; 3],
    /// Divided by.
    pub std: [f32; 3],
}

impl Normalisation {
    /// To 0..1 and no further.
    pub const UNIT: Self = Self {
        mean: [0.0; 3],
        std: [1.0; 3],
    };
}

/// How patches are brought to the network's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resize {
    /// How new pixels are computed.
    pub filter: ResizeFilter,
    /// What is done with a patch that is not square.
    pub non_square: ResizePolicy,
}

/// Everything that turns a decoded patch into what a network sees. Part of the recipe of every
/// embedding, and of a run's description of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preprocess {
    /// Side in pixels that the network is run at.
    pub size_px: usize,
    /// How patches get there; `None`: they must have that size.
    pub resize: Option<Resize>,
    /// Stain method with its fitted parameters, where there is one.
    pub stain: Option<String>,
    /// Micrometres per pixel of what the network sees, where that is known.
    pub mpp: Option<f64>,
    /// Scaling of pixel values.
    pub scale: Normalisation,
}

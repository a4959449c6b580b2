//! The numbers that scale pixel values for a backbone.

use serde::{Deserialize, Serialize};

/// `(x / 255 - mean) / std` by channel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Subtracted, by channel (R, G, B), on the 0..1 scale.
    pub mean: [f32; 3],
    /// Divided by, by channel.
    pub std: [f32; 3],
}

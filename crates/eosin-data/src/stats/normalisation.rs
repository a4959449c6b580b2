//! From bytes to the numbers that a backbone takes.

use serde::{Deserialize, Serialize};

use crate::decode::RgbPatch;

/// `(x / 255 - mean) / std` by channel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Subtracted, by channel (R, G, B), on the 0..1 scale.
    pub mean: [f32; 3],
    /// Divided by, by channel.
    pub std: [f32; 3],
}

impl Normalisation {
    /// Leaves 0..1 as it is.
    pub const UNIT: Self = Self {
        mean: [0.0; 3],
        std: [1.0; 3],
    };
    /// `ImageNet`'s statistics, which torchvision's and most of timm's weights expect.
    pub const IMAGENET: Self = Self {
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
    };

    /// Writes the patch to `out` as planes (3 x height x width): each channel's pixels together, in
    /// row order. A transpose of HWC, not a reshape of its bytes.
    ///
    /// # Panics
    /// When `out` has not 3 x height x width elements.
    pub fn apply_chw(&self, patch: &RgbPatch, out: &mut [f32]) {
        let n_px = patch.width_px * patch.height_px;
        assert_eq!(out.len(), 3 * n_px, "out must hold 3*height*width values");
        assert_eq!(
            patch.pixels.len(),
            3 * n_px,
            "pixels must be height*width*3"
        );
        // Only 256 values can occur in a channel: compute each once, with the division exact.
        for (channel, plane) in out.chunks_exact_mut(n_px).enumerate() {
            let (mean, std) = (self.mean[channel], self.std[channel]);
            let value_of: [f32; 256] =
                std::array::from_fn(|byte| (byte as f32 / 255.0 - mean) / std);
            for (value, pixel) in plane.iter_mut().zip(patch.pixels.as_chunks::<3>().0) {
                *value = value_of[usize::from(pixel[channel])];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_transposed_and_not_reshaped() {
        let patch = RgbPatch {
            width_px: 2,
            height_px: 1,
            pixels: vec![255, 0, 51, 0, 255, 102],
        };
        let mut out = [0.0; 6];
        Normalisation::UNIT.apply_chw(&patch, &mut out);
        let expected = [1.0, 0.0, 0.0, 1.0, 0.2, 0.4_f32];
        assert_eq!(out.map(f32::to_bits), expected.map(f32::to_bits));
        Normalisation::IMAGENET.apply_chw(&patch, &mut out);
        assert!((out[0] - (1.0 - 0.485) / 0.229).abs() < 1e-6);
        assert!((out[5] - (0.4 - 0.406) / 0.225).abs() < 1e-6);
    }
}

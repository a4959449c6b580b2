//! The picture of the nuclei.

use super::basis::{HED, StainBasis};
use crate::decode::RgbPatch;

/// Concentration of haematoxylin in every pixel, row by row, in natural optical density, by fixed
/// stains (Ruifrok & Johnston 2001). May be below 0 where the colour is not of the stains.
pub fn haematoxylin(patch: &RgbPatch) -> Vec<f32> {
    let basis = StainBasis::new(HED);
    let (pixels, _) = patch.pixels.as_chunks::<3>();
    pixels
        .iter()
        .map(|pixel| basis.concentrations(*pixel)[0])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_of_haematoxylin_alone_has_its_concentration() {
        // 255 exp(-0.5 * [0.65, 0.70, 0.29])
        let patch = RgbPatch {
            width_px: 2,
            height_px: 1,
            pixels: vec![184, 180, 221, 255, 255, 255],
        };
        let found = haematoxylin(&patch);
        assert!(
            (found[0] - 0.5).abs() < 0.01 && found[1].abs() < 1e-6,
            "{found:?}"
        );
    }
}

//! Whether two patches are one picture, pixel by pixel.

use eosin_core::D4;
use eosin_data::RgbPatch;

/// The symmetry under which the second patch is the first to the last bit of every pixel.
pub fn same_pixels(a: &RgbPatch, b: &RgbPatch) -> Option<D4> {
    D4::all().find(|symmetry| {
        let (width, height) = if symmetry.swaps_sides() {
            (b.height_px, b.width_px)
        } else {
            (b.width_px, b.height_px)
        };
        (width, height) == (a.width_px, a.height_px)
            && symmetry.apply(b.pixels.as_chunks::<3>().0, b.height_px, b.width_px, 1)
                == a.pixels.as_chunks::<3>().0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_patch_is_known_again_and_a_changed_pixel_is_not() {
        let pixels: Vec<u8> = (0..4 * 6 * 3).collect();
        let a = RgbPatch {
            width_px: 6,
            height_px: 4,
            pixels: pixels.clone(),
        };
        let mut turned = RgbPatch {
            width_px: 4,
            height_px: 6,
            pixels: D4::ROT90.apply(&pixels, 4, 6, 3),
        };
        assert_eq!(same_pixels(&a, &turned), Some(D4::ROT270));
        turned.pixels[5] ^= 1;
        assert_eq!(same_pixels(&a, &turned), None);
    }
}

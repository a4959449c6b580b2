//! Whether two patches are one picture, written anew, resized or turned.

use eosin_core::D4;
use eosin_data::RgbPatch;

/// Cells along a side of the small pictures that are compared.
const SIDE: usize = 16;
/// Least correlation of the small pictures. Patches written as JPEG, recoloured a little or resized stay
/// above .99; neighbours on a slide stay far below.
const LEAST: f32 = 0.98;

/// The lights and darks of a patch, in few cells: mean 0, length 1.
pub(super) struct SmallPicture(Vec<f32>);

impl SmallPicture {
    /// `None` of one shade, in which nothing can be told.
    pub(super) fn of(patch: &RgbPatch) -> Option<Self> {
        let mut cells = vec![0.0_f32; SIDE * SIDE];
        let mut counts = vec![0.0_f32; SIDE * SIDE];
        let pixels = patch.pixels.as_chunks::<3>().0;
        for (at, pixel) in pixels.iter().enumerate() {
            let (row, column) = (at / patch.width_px, at % patch.width_px);
            let cell = row * SIDE / patch.height_px * SIDE + column * SIDE / patch.width_px;
            cells[cell] += pixel.iter().map(|value| f32::from(*value)).sum::<f32>();
            counts[cell] += 1.0;
        }
        for (cell, count) in cells.iter_mut().zip(&counts) {
            *cell /= count.max(1.0);
        }
        let mean = cells.iter().sum::<f32>() / cells.len() as f32;
        for cell in &mut cells {
            *cell -= mean;
        }
        let length = cells.iter().map(|cell| cell * cell).sum::<f32>().sqrt();
        if length < 1.0 {
            return None;
        }
        for cell in &mut cells {
            *cell /= length;
        }
        Some(Self(cells))
    }

    /// Under any symmetry.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        D4::all().any(|symmetry| {
            let turned = symmetry.apply(&other.0, SIDE, SIDE, 1);
            let products = self.0.iter().zip(&turned).map(|(a, b)| a * b);
            products.sum::<f32>() >= LEAST
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: u32, side: usize) -> RgbPatch {
        let mut state = seed;
        let mut patch = RgbPatch::filled(side, side, [0; 3]);
        for pixel in patch.pixels.as_chunks_mut::<3>().0 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *pixel = [state.to_be_bytes()[0]; 3];
        }
        patch
    }

    #[test]
    fn a_turned_and_darkened_patch_is_the_same_picture_and_another_is_not() {
        let patch = noise(1, 64);
        let small = |patch: &RgbPatch| SmallPicture::of(patch).unwrap();
        for symmetry in D4::ALL {
            let mut turned = patch.clone();
            turned.pixels = symmetry.apply(&patch.pixels, 64, 64, 3);
            for value in &mut turned.pixels {
                *value -= *value / 8;
            }
            assert!(small(&patch).is_same(&small(&turned)), "{symmetry:?}");
        }
        assert!(!small(&patch).is_same(&small(&noise(2, 64))));
        assert!(SmallPicture::of(&RgbPatch::filled(20, 20, [9; 3])).is_none());
    }
}

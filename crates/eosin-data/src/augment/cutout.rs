//! Blanking a part of a patch.

use super::pixels::rounded;
use crate::decode::RgbPatch;

/// A square of `side` (a share of the patch's sides) around `centre` (shares from the top left)
/// in the patch's mean colour (`DeVries` & Taylor 2017, arXiv:1708.04552).
pub fn cutout(patch: &RgbPatch, side: f32, centre: [f32; 2]) -> RgbPatch {
    let (pixels, _) = patch.pixels.as_chunks::<3>();
    let mean: [u8; 3] = std::array::from_fn(|channel| {
        let sum: f32 = pixels.iter().map(|pixel| f32::from(pixel[channel])).sum();
        rounded(sum / pixels.len().max(1) as f32)
    });
    let inside = |at: usize, len: usize, centre: f32| {
        ((at as f32 + 0.5) / len as f32 - centre).abs() < side / 2.0
    };
    let mut blanked = patch.clone();
    for (at, pixel) in blanked.pixels.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        let (row, column) = (at / patch.width_px, at % patch.width_px);
        let [right, down] = centre;
        if inside(row, patch.height_px, down) && inside(column, patch.width_px, right) {
            *pixel = mean;
        }
    }
    blanked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_of_the_share_asked_for_is_the_mean_colour() {
        let mut patch = RgbPatch::filled(10, 10, [10, 20, 30]);
        patch.pixels[..150].fill(200);
        let blanked = cutout(&patch, 0.4, [0.2, 0.5]);
        let changed: Vec<usize> = (0..100)
            .filter(|at| blanked.pixels[at * 3..][..3] == [105, 110, 115])
            .collect();
        assert_eq!(changed.len(), 16);
        assert_eq!((changed[0], changed[15]), (30, 63));
    }
}

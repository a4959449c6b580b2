//! Jitter of the stains' concentrations.

use super::pixels::{map_pixels, rounded};
use crate::decode::RgbPatch;
use crate::stain::{HED, REFERENCE_STAINS, StainBasis};

/// What happens to the concentration `s` of each stain: `scale * s + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StainShift {
    /// Factors of haematoxylin, eosin and DAB.
    pub scale: [f32; 3],
    /// Offsets, in natural optical density.
    pub offset: [f32; 3],
}

/// Changes the stains of a patch in Ruifrok's fixed basis: haematoxylin, eosin and DAB. See
/// [`jitter_stains_in`].
pub fn jitter_stains(patch: &RgbPatch, shift: &StainShift) -> RgbPatch {
    jitter_stains_in(HED, patch, shift)
}

/// Changes the stains of a patch (Tellez et al. 2018, doi:10.1109/TMI.2018.2820199): the optical
/// density `-ln(value / 255)` of a pixel is divided into the concentrations of haematoxylin, eosin
/// and a third stain, these are changed, and the pixel is made from them again. `stains` are the three's
/// densities of red, green and blue.
pub fn jitter_stains_in(stains: [[f32; 3]; 3], patch: &RgbPatch, shift: &StainShift) -> RgbPatch {
    let basis = StainBasis::new(stains);
    map_pixels(patch, |pixel| {
        let stains = basis.concentrations(pixel);
        let changed = std::array::from_fn(|i| shift.scale[i].mul_add(stains[i], shift.offset[i]));
        basis.colour(changed).map(rounded)
    })
}

/// Shows the concentrations of Ruifrok's haematoxylin and eosin in other colours of them: `share` of the way (0 to
/// 1) to those of Macenko's reference. What is of neither stain stays as it is.
pub fn restain(patch: &RgbPatch, share: f32) -> RgbPatch {
    let mut other = HED;
    for (own, reference) in other.iter_mut().zip(REFERENCE_STAINS) {
        for (density, towards) in own.iter_mut().zip(reference) {
            *density += share * (towards - *density);
        }
    }
    let (from, to) = (StainBasis::new(HED), StainBasis::new(other));
    map_pixels(patch, |pixel| {
        to.colour(from.concentrations(pixel)).map(rounded)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(pixels: &[[u8; 3]]) -> RgbPatch {
        RgbPatch {
            width_px: pixels.len(),
            height_px: 1,
            pixels: pixels.concat(),
        }
    }

    const COLOURS: [[u8; 3]; 4] = [
        [180, 120, 190],
        [255, 255, 255],
        [90, 60, 120],
        [0, 10, 200],
    ];

    #[test]
    fn nothing_changed_gives_the_patch_back() {
        let shift = StainShift {
            scale: [1.0; 3],
            offset: [0.0; 3],
        };
        let same = jitter_stains(&patch(&COLOURS), &shift);
        let differ = same.pixels.iter().zip(COLOURS.concat());
        assert!(differ.into_iter().all(|(a, b)| a.abs_diff(b) <= 1));
    }

    #[test]
    fn more_haematoxylin_darkens_by_its_own_densities() {
        let shift = StainShift {
            scale: [1.0; 3],
            offset: [0.5, 0.0, 0.0],
        };
        let darker = jitter_stains(&patch(&COLOURS[1..2]), &shift).pixels;
        // 255 exp(-0.5 * [0.65, 0.70, 0.29])
        assert_eq!(darker, [184, 180, 221]);
    }
}

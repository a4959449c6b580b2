//! Changing a patch's size, only when asked and only by a named filter.

use eosin_core::config::{ResizeFilter, ResizePolicy};
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use crate::decode::RgbPatch;

/// The size that patches shall have, and how they get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResizeSpec {
    /// Side of the square that comes out.
    pub size_px: usize,
    /// How new pixels are computed.
    pub filter: ResizeFilter,
    /// What happens to patches that are not square.
    pub policy: ResizePolicy,
}

/// Why a patch cannot be given the size asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResizeError {
    /// Width and height differ.
    #[error(
        "{width_px}x{height_px} px is not square, and cropping is never silent; set \
         data.non_square to 'stretch' or 'pad'"
    )]
    NotSquare {
        /// Width got.
        width_px: usize,
        /// Height got.
        height_px: usize,
    },
    /// The size asked for, or the image, cannot be resized.
    #[error("cannot resize {width_px}x{height_px} px to {size_px} px; sizes must be 1 to 65535 px")]
    Size {
        /// Width got.
        width_px: usize,
        /// Height got.
        height_px: usize,
        /// Side asked for.
        size_px: usize,
    },
}

const fn algorithm(filter: ResizeFilter) -> ResizeAlg {
    match filter {
        ResizeFilter::Nearest => ResizeAlg::Nearest,
        ResizeFilter::Area => ResizeAlg::Convolution(FilterType::Box),
        ResizeFilter::Bilinear => ResizeAlg::Convolution(FilterType::Bilinear),
        ResizeFilter::Bicubic => ResizeAlg::Convolution(FilterType::CatmullRom),
        ResizeFilter::Lanczos3 => ResizeAlg::Convolution(FilterType::Lanczos3),
    }
}

/// Gives the patch the size asked for; a patch that has it already is returned unchanged.
///
/// # Errors
/// When the patch is not square and the policy is [`ResizePolicy::Square`], or a size is 0.
pub fn resize(patch: RgbPatch, spec: ResizeSpec) -> Result<RgbPatch, ResizeError> {
    let (width_px, height_px, size_px) = (patch.width_px, patch.height_px, spec.size_px);
    if width_px == size_px && height_px == size_px {
        return Ok(patch);
    }
    match spec.policy {
        ResizePolicy::Square if width_px != height_px => Err(ResizeError::NotSquare {
            width_px,
            height_px,
        }),
        ResizePolicy::Square | ResizePolicy::Stretch => {
            scaled(&patch, size_px, size_px, spec.filter)
        }
        ResizePolicy::Pad => {
            let longest = width_px.max(height_px).max(1);
            let side = |px: usize| ((px * size_px + longest / 2) / longest).max(1);
            let inner = scaled(&patch, side(width_px), side(height_px), spec.filter)?;
            Ok(centred_on_white(&inner, size_px))
        }
    }
}

fn scaled(
    patch: &RgbPatch,
    width_px: usize,
    height_px: usize,
    filter: ResizeFilter,
) -> Result<RgbPatch, ResizeError> {
    let failed = || ResizeError::Size {
        width_px: patch.width_px,
        height_px: patch.height_px,
        size_px: width_px.max(height_px),
    };
    let side = |px: usize| u16::try_from(px).ok().filter(|&px| px > 0).map(u32::from);
    let sides = [patch.width_px, patch.height_px, width_px, height_px].map(side);
    let [
        Some(from_width),
        Some(from_height),
        Some(to_width),
        Some(to_height),
    ] = sides
    else {
        return Err(failed());
    };
    // Typed images: `Resizer::resize` is compiled for every kind of pixel there is, a minute of building.
    let source = TypedImageRef::<U8x3>::from_buffer(from_width, from_height, &patch.pixels)
        .map_err(|_| failed())?;
    let mut resized = RgbPatch::filled(width_px, height_px, [0; 3]);
    let mut target = TypedImage::<U8x3>::from_buffer(to_width, to_height, &mut resized.pixels)
        .map_err(|_| failed())?;
    let options = ResizeOptions::new().resize_alg(algorithm(filter));
    Resizer::new()
        .resize_typed(&source, &mut target, &options)
        .map_err(|_| failed())?;
    Ok(resized)
}

fn centred_on_white(patch: &RgbPatch, size_px: usize) -> RgbPatch {
    let mut square = RgbPatch::filled(size_px, size_px, [255; 3]);
    let left = (size_px - patch.width_px) / 2;
    let top = (size_px - patch.height_px) / 2;
    for (row, pixels) in patch.pixels.chunks_exact(patch.width_px * 3).enumerate() {
        let at = ((top + row) * size_px + left) * 3;
        square.pixels[at..at + pixels.len()].copy_from_slice(pixels);
    }
    square
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(size_px: usize, policy: ResizePolicy) -> ResizeSpec {
        ResizeSpec {
            size_px,
            filter: ResizeFilter::Area,
            policy,
        }
    }

    fn half_black(width_px: usize, height_px: usize) -> RgbPatch {
        let mut patch = RgbPatch::filled(width_px, height_px, [200, 100, 50]);
        patch.pixels[..width_px * height_px / 2 * 3].fill(0);
        patch
    }

    #[test]
    fn the_right_size_is_left_alone() {
        let patch = half_black(8, 8);
        assert_eq!(
            resize(patch.clone(), spec(8, ResizePolicy::Square)),
            Ok(patch)
        );
    }

    #[test]
    fn a_patch_that_is_not_square_is_refused_unless_a_policy_says_how() {
        let patch = half_black(8, 4);
        let error = resize(patch.clone(), spec(4, ResizePolicy::Square)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "8x4 px is not square, and cropping is never silent; set data.non_square to \
             'stretch' or 'pad'"
        );
        let stretched = resize(patch.clone(), spec(4, ResizePolicy::Stretch)).unwrap();
        assert_eq!((stretched.width_px, stretched.height_px), (4, 4));
        let padded = resize(patch.clone(), spec(4, ResizePolicy::Pad)).unwrap();
        assert_eq!(&padded.pixels[..12], &[255; 12], "white above");
        assert_eq!(&padded.pixels[12..24], &[0; 12], "the black half");
        assert_eq!(&padded.pixels[24..27], &[200, 100, 50], "the coloured half");
    }

    #[test]
    fn area_takes_the_mean_and_every_filter_keeps_a_flat_colour() {
        let mut patch = RgbPatch::filled(2, 2, [0; 3]);
        patch.pixels[..3].copy_from_slice(&[100, 40, 8]);
        let mean = resize(patch.clone(), spec(1, ResizePolicy::Square)).unwrap();
        assert_eq!(mean.pixels, [25, 10, 2]);
        for &filter in ResizeFilter::ALL {
            let flat = RgbPatch::filled(50, 50, [181, 90, 160]);
            let to = ResizeSpec {
                filter,
                ..spec(33, ResizePolicy::Square)
            };
            let out = resize(flat.clone(), to).unwrap();
            assert_eq!(out, RgbPatch::filled(33, 33, [181, 90, 160]), "{filter}");
        }
    }

    #[test]
    fn a_size_of_zero_is_an_error() {
        let error = resize(half_black(8, 8), spec(0, ResizePolicy::Stretch)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot resize 8x8 px to 0 px; sizes must be 1 to 65535 px"
        );
    }
}

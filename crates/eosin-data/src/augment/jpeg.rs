//! What JPEG compression does to a patch.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;

use crate::decode::{DecodeLimits, RgbPatch, decode_rgb_bytes};

/// The patch written as JPEG of this quality (1 to 100) and read again.
///
/// # Panics
/// Never for a patch that was decoded: its sides fit a JPEG file.
pub fn jpeg(patch: &RgbPatch, quality: u8) -> RgbPatch {
    let mut bytes = Vec::new();
    let side = |px: usize| u32::try_from(px).expect("a decoded patch is not that large");
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode(
            &patch.pixels,
            side(patch.width_px),
            side(patch.height_px),
            ExtendedColorType::Rgb8,
        )
        .expect("a decoded patch fits a JPEG file, and memory can be written");
    let limits = DecodeLimits {
        min_side_px: 1,
        ..DecodeLimits::default()
    };
    decode_rgb_bytes(&bytes, "a JPEG made here", &limits).expect("it was written just now")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_quality_is_seen_and_full_quality_hardly() {
        let byte = |at: usize| u8::try_from((at * at / 7 + at) % 256).unwrap();
        let patch = RgbPatch {
            width_px: 24,
            height_px: 17,
            pixels: (0..24 * 17 * 3).map(byte).collect(),
        };
        let error = |quality: u8| {
            let back = jpeg(&patch, quality);
            assert_eq!((back.width_px, back.height_px), (24, 17));
            let differences = back.pixels.iter().zip(&patch.pixels);
            let sum: f64 = differences.map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
            sum / patch.pixels.len() as f64
        };
        let even = RgbPatch::filled(24, 24, [180, 120, 160]);
        let same = jpeg(&even, 100).pixels.into_iter().zip(even.pixels);
        assert!(same.into_iter().all(|(a, b)| a.abs_diff(b) <= 2));
        assert!(error(10) > 2.0 * error(100));
    }
}

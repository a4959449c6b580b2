//! The decoded patch.

use std::path::Path;

use image::ImageDecoder;

use super::header::open;
use super::jpeg_end::reaches_end;
use super::pixels::{peak, to_rgb};
use super::{DecodeError, DecodeLimits, Header, PatchFormat};

/// An 8-bit RGB image: interleaved (`height_px` x `width_px` x 3), row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RgbPatch {
    /// Width.
    pub width_px: usize,
    /// Height.
    pub height_px: usize,
    /// `R, G, B` of each pixel, rows from the top.
    pub pixels: Vec<u8>,
}

impl RgbPatch {
    /// An image of one colour.
    pub fn filled(width_px: usize, height_px: usize, colour: [u8; 3]) -> Self {
        Self {
            width_px,
            height_px,
            pixels: colour.repeat(width_px * height_px),
        }
    }
}

/// Decodes the image at `path` to RGB.
///
/// # Errors
/// When the file cannot be read, is no image, is damaged or cut off, or breaks a limit.
pub fn decode_rgb(path: &Path, limits: &DecodeLimits) -> Result<RgbPatch, DecodeError> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|cause| DecodeError::Read {
        name: name.clone(),
        cause,
    })?;
    decode_rgb_bytes(&bytes, &name, limits)
}

/// Decodes the image whose file content is `bytes`; `name` is what errors call it.
///
/// # Errors
/// As [`decode_rgb`].
pub fn decode_rgb_bytes(
    bytes: &[u8],
    name: &str,
    limits: &DecodeLimits,
) -> Result<RgbPatch, DecodeError> {
    let (samples, header) = samples_of(bytes, name, limits)?;
    Ok(patch_of(samples, &header))
}

/// A decoded patch, and the largest value of a colour in the file's own depth.
pub(crate) struct WithPeak {
    pub patch: RgbPatch,
    pub peak: u16,
}

/// As [`decode_rgb_bytes`], with the largest value before it is brought to 8 bits.
pub(crate) fn decode_with_peak(
    bytes: &[u8],
    name: &str,
    limits: &DecodeLimits,
) -> Result<WithPeak, DecodeError> {
    let (samples, header) = samples_of(bytes, name, limits)?;
    let peak = peak(&samples, header.mode);
    let patch = patch_of(samples, &header);
    Ok(WithPeak { patch, peak })
}

fn patch_of(samples: Vec<u8>, header: &Header) -> RgbPatch {
    RgbPatch {
        width_px: header.width_px,
        height_px: header.height_px,
        pixels: to_rgb(samples, header.mode),
    }
}

fn samples_of(
    bytes: &[u8],
    name: &str,
    limits: &DecodeLimits,
) -> Result<(Vec<u8>, Header), DecodeError> {
    refuse_cut_off(bytes, name)?;
    let (decoder, header) = open(name, bytes.into(), limits)?;
    let length = usize::try_from(decoder.total_bytes()).unwrap_or(usize::MAX);
    let mut samples = vec![0; length];
    decoder
        .read_image_boxed(&mut samples)
        .map_err(|error| DecodeError::from_image(name, &error, limits))?;
    Ok((samples, header))
}

/// Finds the cut in formats whose decoders would fill it with grey or call it damage.
fn refuse_cut_off(bytes: &[u8], name: &str) -> Result<(), DecodeError> {
    let reason = match PatchFormat::of_content(bytes) {
        Some(PatchFormat::Jpeg) if !reaches_end(bytes) => "it has no end-of-image marker".into(),
        Some(PatchFormat::WebP) => {
            let stated = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
            let expected = stated as usize + 8;
            if bytes.len() >= expected {
                return Ok(());
            }
            format!("it has {} bytes of {expected}", bytes.len())
        }
        _ => return Ok(()),
    };
    Err(DecodeError::Truncated {
        name: name.to_owned(),
        reason,
    })
}

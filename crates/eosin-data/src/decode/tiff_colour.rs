//! TIFF files whose colours the `image` crate does not convert: YCbCr, which is what libtiff and
//! Pillow write with JPEG compression.

use std::io::{BufRead, Seek, SeekFrom};

use image::codecs::tiff::TiffDecoder;
use image::error::{DecodingError, ImageFormatHint, LimitError, LimitErrorKind};
use image::{ColorType, ImageDecoder, ImageError, ImageFormat, ImageResult};
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

use super::DecodeLimits;

/// A YCbCr TIFF, delivered as 8-bit RGB.
pub(super) struct TiffColour<R: BufRead + Seek> {
    inner: Decoder<R>,
    dimensions: (u32, u32),
}

impl<R: BufRead + Seek> TiffColour<R> {
    /// The decoder for this TIFF: ours for YCbCr, the `image` crate's for everything else.
    pub(super) fn open<'a>(
        mut reader: R,
        limits: &DecodeLimits,
    ) -> ImageResult<Box<dyn ImageDecoder + 'a>>
    where
        R: 'a,
    {
        let mut inner = Decoder::new(&mut reader).map_err(from_tiff)?;
        let is_ycbcr = matches!(inner.colortype(), Ok(tiff::ColorType::YCbCr(8)));
        drop(inner);
        reader.seek(SeekFrom::Start(0))?;
        if !is_ycbcr {
            let mut decoder = TiffDecoder::new(reader)?;
            decoder.set_limits(limits.for_decoder())?;
            return Ok(Box::new(decoder));
        }
        let mut inner = Decoder::new(reader).map_err(from_tiff)?;
        let dimensions = inner.dimensions().map_err(from_tiff)?;
        Ok(Box::new(Self { inner, dimensions }))
    }
}

impl<R: BufRead + Seek> ImageDecoder for TiffColour<R> {
    fn dimensions(&self) -> (u32, u32) {
        self.dimensions
    }

    fn color_type(&self) -> ColorType {
        ColorType::Rgb8
    }

    fn icc_profile(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.inner.get_tag_u8_vec(Tag::IccProfile).ok())
    }

    fn read_image(mut self, out: &mut [u8]) -> ImageResult<()> {
        let samples = self.inner.read_image().map_err(from_tiff)?;
        match samples {
            DecodingResult::U8(ycbcr) if ycbcr.len() == out.len() => {
                for (rgb, ycbcr) in out.chunks_exact_mut(3).zip(ycbcr.chunks_exact(3)) {
                    rgb.copy_from_slice(&rgb_of(ycbcr));
                }
                Ok(())
            }
            _ => Err(ImageError::Decoding(DecodingError::from_format_hint(
                ImageFormatHint::Exact(ImageFormat::Tiff),
            ))),
        }
    }

    fn read_image_boxed(self: Box<Self>, out: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(out)
    }
}

/// JFIF's full-range BT.601 conversion in 16-bit fixed point, rounded to nearest.
fn rgb_of(ycbcr: &[u8]) -> [u8; 3] {
    let [y, cb, cr] = [0, 1, 2].map(|at| i32::from(ycbcr[at]));
    let (cb, cr) = (cb - 128, cr - 128);
    let half = 1 << 15;
    [
        y + ((91_881 * cr + half) >> 16),
        y - ((22_554 * cb + 46_802 * cr + half) >> 16),
        y + ((116_130 * cb + half) >> 16),
    ]
    .map(|value| u8::try_from(value.clamp(0, 255)).unwrap_or(u8::MAX))
}

fn from_tiff(error: tiff::TiffError) -> ImageError {
    match error {
        tiff::TiffError::IoError(error) => ImageError::IoError(error),
        tiff::TiffError::LimitsExceeded => {
            ImageError::Limits(LimitError::from_kind(LimitErrorKind::InsufficientMemory))
        }
        tiff::TiffError::UnsupportedError(reason) => {
            ImageError::Unsupported(image::error::UnsupportedError::from_format_and_kind(
                ImageFormat::Tiff.into(),
                image::error::UnsupportedErrorKind::GenericFeature(reason.to_string()),
            ))
        }
        other => ImageError::Decoding(DecodingError::new(ImageFormat::Tiff.into(), other)),
    }
}

#[cfg(test)]
mod tests {
    use super::rgb_of;

    #[test]
    fn ycbcr_converts_to_the_rgb_that_jfif_defines() {
        assert_eq!(rgb_of(&[128, 128, 128]), [128, 128, 128]);
        assert_eq!(rgb_of(&[255, 128, 128]), [255, 255, 255]);
        // Pure red is Y 76, Cb 85, Cr 255 in JFIF.
        assert_eq!(rgb_of(&[76, 85, 255]), [254, 0, 0]);
    }
}

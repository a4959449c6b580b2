//! What an image's header says, without decoding pixels.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek};
use std::path::Path;

use image::metadata::Orientation;
use image::{ColorType, ImageDecoder, ImageReader};
use serde::{Deserialize, Serialize};

use super::extras::{jpeg_quality, pages};
use super::format::looks_like;
use super::source::ImageBytes;
use super::tiff_colour::TiffColour;
use super::{DecodeError, DecodeLimits, PatchFormat};

eosin_core::choice::choices! {
    /// Channels and depth as the decoder delivers them; palettes arrive as RGB.
    pub enum PixelMode {
        /// 8-bit grey.
        Grey8 => "grey8",
        /// 8-bit grey with alpha.
        GreyAlpha8 => "grey-alpha8",
        /// 8-bit RGB.
        Rgb8 => "rgb8",
        /// 8-bit RGB with alpha.
        Rgba8 => "rgba8",
        /// 16-bit grey.
        Grey16 => "grey16",
        /// 16-bit grey with alpha.
        GreyAlpha16 => "grey-alpha16",
        /// 16-bit RGB.
        Rgb16 => "rgb16",
        /// 16-bit RGB with alpha.
        Rgba16 => "rgba16",
    }
}

impl PixelMode {
    /// Whether a sample has 16 bits.
    pub const fn is_wide(self) -> bool {
        matches!(
            self,
            Self::Grey16 | Self::GreyAlpha16 | Self::Rgb16 | Self::Rgba16
        )
    }

    /// Samples of a pixel, and whether the last is alpha.
    pub(super) const fn samples(self) -> (usize, bool) {
        match self {
            Self::Grey8 | Self::Grey16 => (1, false),
            Self::GreyAlpha8 | Self::GreyAlpha16 => (2, true),
            Self::Rgb8 | Self::Rgb16 => (3, false),
            Self::Rgba8 | Self::Rgba16 => (4, true),
        }
    }

    /// Bytes of a pixel.
    const fn bytes(self) -> u64 {
        match self {
            Self::Grey8 => 1,
            Self::GreyAlpha8 | Self::Grey16 => 2,
            Self::Rgb8 => 3,
            Self::Rgba8 | Self::GreyAlpha16 => 4,
            Self::Rgb16 => 6,
            Self::Rgba16 => 8,
        }
    }

    fn of(colour: ColorType) -> Option<Self> {
        match colour {
            ColorType::L8 => Some(Self::Grey8),
            ColorType::La8 => Some(Self::GreyAlpha8),
            ColorType::Rgb8 => Some(Self::Rgb8),
            ColorType::Rgba8 => Some(Self::Rgba8),
            ColorType::L16 => Some(Self::Grey16),
            ColorType::La16 => Some(Self::GreyAlpha16),
            ColorType::Rgb16 => Some(Self::Rgb16),
            ColorType::Rgba16 => Some(Self::Rgba16),
            _ => None,
        }
    }
}

/// Facts about an image that need no pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Width.
    pub width_px: usize,
    /// Height.
    pub height_px: usize,
    /// Format by content.
    pub format: PatchFormat,
    /// Channels and depth.
    pub mode: PixelMode,
    /// EXIF orientation, 1 to 8, when the image states one other than 1. It is not applied.
    pub exif_orientation: Option<u8>,
    /// Whether an ICC profile is embedded. It is not applied.
    pub has_icc: bool,
    /// Pages or frames, of which the first is read; smaller versions of it are not counted.
    pub pages: u32,
    /// The quality that a JPEG's tables stand for.
    pub jpeg_quality: Option<u8>,
}

/// Reads the header of the image at `path`, refusing sizes outside `limits`.
///
/// # Errors
/// When the file cannot be read, is no image, or breaks a limit.
pub fn read_header(path: &Path, limits: &DecodeLimits) -> Result<Header, DecodeError> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|cause| DecodeError::Read {
        name: name.clone(),
        cause,
    })?;
    let file = ImageBytes::File(BufReader::new(file));
    open(&name, file, limits).map(|(_, header)| header)
}

/// As [`read_header`], of the file whose content is `bytes`; `name` is what errors call it.
///
/// # Errors
/// As [`read_header`].
pub fn read_header_bytes(
    bytes: &[u8],
    name: &str,
    limits: &DecodeLimits,
) -> Result<Header, DecodeError> {
    open(name, bytes.into(), limits).map(|(_, header)| header)
}

/// Refuses an image outside `limits` whose header was read before.
pub(crate) fn check_limits(
    name: &str,
    header: &Header,
    limits: &DecodeLimits,
) -> Result<(), DecodeError> {
    let side = |px: usize| u32::try_from(px).unwrap_or(u32::MAX);
    let pixels = header.width_px as u64 * header.height_px as u64;
    let size = (side(header.width_px), side(header.height_px));
    check_size(name, size, pixels * header.mode.bytes(), limits)
}

/// A decoder of which only the header has been read, and what that says.
pub(super) type Opened<'a> = (Box<dyn ImageDecoder + 'a>, Header);

pub(super) fn open<'a>(
    name: &str,
    mut reader: ImageBytes<'a>,
    limits: &DecodeLimits,
) -> Result<Opened<'a>, DecodeError> {
    let format = identify(name, &mut reader)?;
    let pages = pages(&mut reader, format);
    let jpeg_quality = match format {
        PatchFormat::Jpeg => jpeg_quality(&mut reader),
        _ => None,
    };
    let claimed = (format == PatchFormat::Png)
        .then(|| png_size(&mut reader))
        .flatten();
    let damaged = |error: image::ImageError| match (&error, claimed) {
        // The decoder does not say how large it is.
        (image::ImageError::Limits(_), Some(size)) => DecodeError::too_large(name, size, limits),
        _ => DecodeError::from_image(name, &error, limits),
    };
    let mut decoder: Box<dyn ImageDecoder + 'a> = if format == PatchFormat::Tiff {
        TiffColour::open(reader, limits).map_err(damaged)?
    } else {
        let mut source = ImageReader::with_format(reader, format.for_decoder());
        source.limits(limits.for_decoder());
        Box::new(source.into_decoder().map_err(damaged)?)
    };
    check_size(name, decoder.dimensions(), decoder.total_bytes(), limits)?;
    let mode = PixelMode::of(decoder.color_type()).ok_or_else(|| DecodeError::UnsupportedMode {
        name: name.to_owned(),
        reason: format!("{:?}", decoder.color_type()),
    })?;
    let (width, height) = decoder.dimensions();
    let header = Header {
        width_px: width as usize,
        height_px: height as usize,
        format,
        mode,
        // Damaged metadata does not make the pixels unusable.
        exif_orientation: decoder.orientation().ok().and_then(exif_number),
        has_icc: matches!(decoder.icc_profile(), Ok(Some(_))),
        pages,
        jpeg_quality,
    };
    Ok((decoder, header))
}

/// The size that a PNG says it has.
fn png_size<R: BufRead>(reader: &mut R) -> Option<(u32, u32)> {
    let start = reader.fill_buf().ok()?;
    let side = |at: usize| Some(u32::from_be_bytes(*start.get(at..)?.first_chunk()?));
    Some((side(16)?, side(20)?))
}

fn exif_number(orientation: Orientation) -> Option<u8> {
    (orientation != Orientation::NoTransforms).then(|| orientation.to_exif())
}

fn identify<R: BufRead + Seek>(name: &str, reader: &mut R) -> Result<PatchFormat, DecodeError> {
    // `fill_buf` looks without consuming.
    let start = reader.fill_buf().map_err(|cause| DecodeError::Read {
        name: name.to_owned(),
        cause,
    })?;
    if start.is_empty() {
        return Err(DecodeError::Empty {
            name: name.to_owned(),
        });
    }
    let start = &start[..start.len().min(64)];
    PatchFormat::of_content(start).ok_or_else(|| DecodeError::NotAnImage {
        name: name.to_owned(),
        looks: looks_like(start),
    })
}

fn check_size(
    name: &str,
    (width, height): (u32, u32),
    bytes: u64,
    limits: &DecodeLimits,
) -> Result<(), DecodeError> {
    let longest = width.max(height) as usize;
    if longest > limits.max_side_px || bytes > limits.max_memory_bytes {
        return Err(DecodeError::too_large(name, (width, height), limits));
    }
    if (width.min(height) as usize) < limits.min_side_px {
        return Err(DecodeError::TooSmall {
            name: name.to_owned(),
            width_px: width as usize,
            height_px: height as usize,
            min_side_px: limits.min_side_px,
        });
    }
    Ok(())
}

//! Why an image cannot be used.

use std::error::Error as _;

use super::DecodeLimits;

/// One image's failure; `name` is its key or path.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The file could not be read.
    #[error("cannot read {name}: {cause}; check that it exists and its permissions")]
    Read {
        /// The image.
        name: String,
        /// The system's reason.
        cause: std::io::Error,
    },
    /// The file has no bytes.
    #[error("{name} is empty (0 bytes); copy it again")]
    Empty {
        /// The image.
        name: String,
    },
    /// The content is no image format that is known here.
    #[error(
        "{name} is not an image: its content is {looks}, not PNG, JPEG, TIFF, BMP or WebP; replace it"
    )]
    NotAnImage {
        /// The image.
        name: String,
        /// What the content looks like.
        looks: &'static str,
    },
    /// A side above the limit.
    #[error(
        "{name} is {width_px}x{height_px} px, above the limit of {max_side_px} px a side \
         (data.max_side_px) and {max_memory_bytes} bytes; cut it into patches"
    )]
    TooLarge {
        /// The image.
        name: String,
        /// Its width.
        width_px: usize,
        /// Its height.
        height_px: usize,
        /// The limit.
        max_side_px: usize,
        /// The limit on memory.
        max_memory_bytes: u64,
    },
    /// More memory than the limit, of an image whose size is not known.
    #[error(
        "{name} is too large: it needs more than {max_memory_bytes} bytes; cut it into patches"
    )]
    TooMuchMemory {
        /// The image.
        name: String,
        /// The limit on memory.
        max_memory_bytes: u64,
    },
    /// A side below the limit.
    #[error(
        "{name} is {width_px}x{height_px} px, too small to classify (at least {min_side_px} px a \
         side); export it again"
    )]
    TooSmall {
        /// The image.
        name: String,
        /// Its width.
        width_px: usize,
        /// Its height.
        height_px: usize,
        /// The limit.
        min_side_px: usize,
    },
    /// The file ends before the image does.
    #[error("{name} is truncated: {reason}; copy it again")]
    Truncated {
        /// The image.
        name: String,
        /// What ended too early.
        reason: String,
    },
    /// A pixel mode that has no agreed meaning as 8-bit RGB.
    #[error(
        "{name} has unsupported pixels: {reason}; convert it to 8-bit RGB PNG, for example with \
         'magick {name} out.png'"
    )]
    UnsupportedMode {
        /// The image.
        name: String,
        /// The mode.
        reason: String,
    },
    /// A tile of a slide, which nothing here can open.
    #[error("{name}: tiles of slides cannot be read yet; export them as image files")]
    Tile {
        /// The tile.
        name: String,
    },
    /// The file is another than it was when it was inspected.
    #[error(
        "{name} has changed since it was inspected; restore it, or begin a new run on what is there"
    )]
    Changed {
        /// The image.
        name: String,
    },
    /// The content is damaged.
    #[error("{name} is damaged: {reason}; copy it again")]
    Damaged {
        /// The image.
        name: String,
        /// The decoder's reason.
        reason: String,
    },
}

impl DecodeError {
    /// Sorts a decoder's error into truncated, too large, unsupported or damaged.
    pub(super) fn from_image(name: &str, error: &image::ImageError, limits: &DecodeLimits) -> Self {
        let name = name.to_owned();
        let reason = without_structs(&error.to_string());
        match error {
            image::ImageError::Limits(_) => Self::TooMuchMemory {
                name,
                max_memory_bytes: limits.max_memory_bytes,
            },
            _ if ends_early(error) => Self::Truncated {
                name,
                reason: "the file ends before its last pixel".into(),
            },
            image::ImageError::Unsupported(_) => Self::UnsupportedMode { name, reason },
            _ => Self::Damaged { name, reason },
        }
    }

    pub(super) fn too_large(name: &str, sides: (u32, u32), limits: &DecodeLimits) -> Self {
        Self::TooLarge {
            name: name.to_owned(),
            width_px: sides.0 as usize,
            height_px: sides.1 as usize,
            max_side_px: limits.max_side_px,
            max_memory_bytes: limits.max_memory_bytes,
        }
    }
}

/// A decoder's reason with `IDAT` for `ChunkType { type: IDAT, critical: true }`.
fn without_structs(reason: &str) -> String {
    let Some((before, rest)) = reason.split_once(" { ") else {
        return reason.to_owned();
    };
    let Some((fields, after)) = rest.split_once(" }") else {
        return reason.to_owned();
    };
    let before = before.trim_end_matches(|c: char| c.is_alphanumeric());
    let first = fields.split(',').next().unwrap_or(fields);
    let value = first.split_once(": ").map_or(first, |(_, value)| value);
    format!("{before}{}{}", value.trim(), without_structs(after))
}

fn ends_early(error: &image::ImageError) -> bool {
    let is_eof = |error: &std::io::Error| error.kind() == std::io::ErrorKind::UnexpectedEof;
    if matches!(error, image::ImageError::IoError(error) if is_eof(error)) {
        return true;
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<std::io::Error>().is_some_and(is_eof) {
            return true;
        }
        cause = error.source();
    }
    let text = error.to_string().to_ascii_lowercase();
    [
        "unexpected eof",
        "not enough bytes",
        "unexpected end",
        "end of file",
        "exhausted",
        "failed to fill whole buffer",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

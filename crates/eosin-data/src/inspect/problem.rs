//! What can be wrong with one image.

use serde::{Deserialize, Serialize};

use crate::decode::DecodeError;

eosin_core::choice::choices! {
    /// The kind of a problem.
    pub enum ProblemKind {
        /// The file cannot be read.
        Unreadable => "unreadable",
        /// The file has no bytes.
        EmptyFile => "empty-file",
        /// The content is no known image format.
        WrongFormat => "wrong-format",
        /// The file ends before the image does.
        Truncated => "truncated",
        /// The content is damaged.
        Damaged => "damaged",
        /// The pixel mode has no agreed meaning as RGB.
        UnsupportedMode => "unsupported-mode",
        /// A side is above the limit.
        TooLarge => "too-large",
        /// A side is below the limit.
        TooSmall => "too-small",
        /// The size differs from that of most images.
        OtherSize => "other-size",
        /// Values that fill a small share of their range, in some classes more than in others.
        NarrowRange => "narrow-range",
        /// Hardly anything but background.
        NearBlank => "near-blank",
    }
}

impl ProblemKind {
    /// What to do about it.
    pub const fn fix(self) -> &'static str {
        match self {
            Self::Unreadable => "check that the file exists and its permissions",
            Self::EmptyFile | Self::Truncated | Self::Damaged => "copy the file again",
            Self::WrongFormat => "replace the file by a PNG, JPEG, TIFF, BMP or WebP image",
            Self::UnsupportedMode => "convert the image to 8-bit RGB PNG",
            Self::TooLarge => "cut the image into patches",
            Self::TooSmall => "export the image again",
            Self::OtherSize => "give every image one size with --size",
            Self::NarrowRange => "scale the values to their whole range",
            Self::NearBlank => "check that the patch shows tissue; remove it if it does not",
        }
    }

    /// Whether the image can be used all the same: blank patches are decodable, and patches of
    /// another size become usable with `--size`.
    pub const fn is_bad(self) -> bool {
        !matches!(self, Self::NearBlank | Self::OtherSize)
    }

    pub(super) const fn of(error: &DecodeError) -> Self {
        match error {
            DecodeError::Read { .. } | DecodeError::Changed { .. } | DecodeError::Tile { .. } => {
                Self::Unreadable
            }
            DecodeError::Empty { .. } => Self::EmptyFile,
            DecodeError::NotAnImage { .. } => Self::WrongFormat,
            DecodeError::TooLarge { .. } | DecodeError::TooMuchMemory { .. } => Self::TooLarge,
            DecodeError::TooSmall { .. } => Self::TooSmall,
            DecodeError::Truncated { .. } => Self::Truncated,
            DecodeError::UnsupportedMode { .. } => Self::UnsupportedMode,
            DecodeError::Damaged { .. } => Self::Damaged,
        }
    }
}

/// One image's problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The patch.
    pub key: String,
    /// Its file.
    pub path: String,
    /// What kind of problem.
    pub kind: ProblemKind,
    /// What is wrong, naming the file.
    pub message: String,
    /// What to do.
    pub fix: String,
}

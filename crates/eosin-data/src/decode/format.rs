//! Telling an image format by its first bytes.

eosin_core::choice::choices! {
    /// A file format that patches may have.
    pub enum PatchFormat {
        /// Portable Network Graphics.
        Png => "png",
        /// JPEG.
        Jpeg => "jpeg",
        /// TIFF, uncompressed or with LZW, deflate, PackBits or JPEG compression.
        Tiff => "tiff",
        /// Windows bitmap.
        Bmp => "bmp",
        /// WebP.
        WebP => "webp",
    }
}

impl PatchFormat {
    /// The format whose signature `start` begins with; the first 12 bytes suffice.
    pub fn of_content(start: &[u8]) -> Option<Self> {
        match start {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Self::Tiff),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::WebP),
            [b'B', b'M', ..] if start.len() >= 12 => Some(Self::Bmp),
            _ => None,
        }
    }

    /// The format that a file's ending promises.
    pub fn of_ending(path: &std::path::Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "png" => Some(Self::Png),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "tif" | "tiff" => Some(Self::Tiff),
            "bmp" => Some(Self::Bmp),
            "webp" => Some(Self::WebP),
            _ => None,
        }
    }

    pub(super) const fn for_decoder(self) -> image::ImageFormat {
        match self {
            Self::Png => image::ImageFormat::Png,
            Self::Jpeg => image::ImageFormat::Jpeg,
            Self::Tiff => image::ImageFormat::Tiff,
            Self::Bmp => image::ImageFormat::Bmp,
            Self::WebP => image::ImageFormat::WebP,
        }
    }
}

/// What content that is no known image looks like, for the error text.
pub(super) fn looks_like(start: &[u8]) -> &'static str {
    match start {
        [b'G', b'I', b'F', b'8', ..] => "GIF",
        [b'%', b'P', b'D', b'F', ..] => "PDF",
        [b'P', b'K', 3, 4, ..] => "a ZIP archive",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "AVIF, HEIF or video",
        [0xff, 0x4f, ..] | [0, 0, 0, 12, b'j', b'P', ..] => "JPEG 2000",
        _ if start.iter().all(|&byte| is_text(byte)) => "text",
        _ => "unknown bytes",
    }
}

const fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..)
}

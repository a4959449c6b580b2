//! One image file to 8-bit RGB, within limits, or an error that says what to do.
//!
//! - The format is told by content (PNG, JPEG, TIFF, BMP, WebP), never by the file's ending.
//! - 16-bit channels become 8-bit by `(v * 255 + 32767) / 65535`, that is rounding to nearest.
//! - Alpha is composed over white, the colour of an empty slide: `c * a + 255 * (1 - a)`.
//! - Grey becomes three equal channels; palettes are looked up.
//! - EXIF orientation is reported and **not applied**, as Pillow's `Image.open` does not; all
//!   symmetries of a patch are equally valid, and applying one silently would change the bytes.
//! - ICC profiles are reported and not applied.
//! - Of several pages or frames the first is read, as viewers show it, and their number reported.
//! - A cut-off file is an error, also where a decoder would fill the rest with grey (JPEG).

mod error;
mod extras;
mod format;
mod header;
mod jpeg_end;
mod limits;
mod pixels;
mod rgb;
mod source;
mod tiff_colour;

pub use error::DecodeError;
pub use format::PatchFormat;
pub(crate) use header::check_limits;
pub use header::{Header, PixelMode, read_header, read_header_bytes};
pub use limits::DecodeLimits;
pub use rgb::{RgbPatch, decode_rgb, decode_rgb_bytes};
pub(crate) use rgb::{WithPeak, decode_with_peak};

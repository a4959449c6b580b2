//! Small pictures of patches, for reports.

use eosin_data::RgbPatch;
use eosin_report::{Mime, Thumbnail};

/// Longest side of a small picture, in pixels.
pub(crate) const THUMBNAIL_PX: u32 = 112;

/// A patch as a JPEG of this width and height in pixels; none where it cannot be made one, which is no
/// reason to lose a report.
pub(crate) fn thumbnail(patch: RgbPatch, [width, height]: [u32; 2]) -> Option<Thumbnail> {
    let side = |px: usize| u32::try_from(px).ok();
    let image =
        image::RgbImage::from_raw(side(patch.width_px)?, side(patch.height_px)?, patch.pixels)?;
    let image = image::imageops::thumbnail(&image, width, height);
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 80)
        .encode_image(&image)
        .ok()?;
    Some(Thumbnail {
        mime: Mime::Jpeg,
        bytes,
    })
}

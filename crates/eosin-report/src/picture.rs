//! Pictures inside the file.

use crate::base64::encode;
use crate::model::Thumbnail;

/// An image, or what stands in its place; `alt` is escaped.
pub(crate) fn picture(alt: &str, thumbnail: Option<&Thumbnail>) -> String {
    match thumbnail {
        Some(thumbnail) => format!(
            "<img alt=\"{alt}\" src=\"data:{};base64,{}\">",
            thumbnail.mime.as_str(),
            encode(&thumbnail.bytes)
        ),
        None => "<div class=\"no-image\">no thumbnail</div>".to_owned(),
    }
}

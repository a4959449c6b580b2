//! What a network sees: a file decoded, resized, turned or changed, and scaled.

pub(crate) mod draw;
pub(crate) mod pixels;
pub(crate) mod reader;
mod same_picture;
pub(crate) mod scale;
pub(crate) mod stain_fit;
pub(crate) mod stain_fitter;
pub(crate) mod view;
pub(crate) mod views;

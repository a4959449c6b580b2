//! Random changes to patches: geometry, colour, stain, blur, noise, compression, blanks.
//!
//! [`Augmentation`] does what an `[augment]` table asks for; each operation is also a function of
//! its own, and [`Shift`] is one of stated strength, which models are tried on. Colour operations compute what torchvision's `v2.functional` does on bytes.

mod augmentation;
mod blur;
mod colour;
mod cutout;
mod geometry;
mod jpeg;
mod noise;
mod pixels;
mod rand_augment;
mod shift;
mod stain_jitter;
mod tone;

pub use augmentation::Augmentation;
pub use blur::gaussian_blur;
pub use colour::{adjust_brightness, adjust_contrast, adjust_hue, adjust_saturation};
pub use cutout::cutout;
pub use geometry::Affine;
pub use jpeg::jpeg;
pub use noise::gaussian_noise;
pub use rand_augment::RandOperation;
pub use shift::{Shift, ShiftKind, ShiftWay};
pub use stain_jitter::{StainShift, jitter_stains};
pub use tone::{adjust_sharpness, autocontrast, equalise, posterise, solarise};

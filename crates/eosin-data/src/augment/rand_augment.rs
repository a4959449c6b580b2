//! The operations of `RandAugment`.

use eosin_core::Rng;
use rand::RngExt as _;

use super::colour::{adjust_brightness, adjust_contrast, adjust_saturation};
use super::geometry::Affine;
use super::tone::{adjust_sharpness, autocontrast, equalise, posterise, solarise};
use crate::decode::RgbPatch;

/// An operation of `RandAugment` (Cubuk et al. 2020, arXiv:1909.13719), as torchvision lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RandOperation {
    /// Nothing.
    Identity,
    /// Slanted along x.
    ShearX,
    /// Slanted along y.
    ShearY,
    /// Moved along x.
    TranslateX,
    /// Moved along y.
    TranslateY,
    /// Turned.
    Rotate,
    /// Brightness.
    Brightness,
    /// Saturation.
    Color,
    /// Contrast.
    Contrast,
    /// Sharpness.
    Sharpness,
    /// Fewer bits.
    Posterize,
    /// Bright values inverted.
    Solarize,
    /// Every channel stretched.
    AutoContrast,
    /// Every channel's histogram made even.
    Equalize,
}

impl RandOperation {
    /// Every operation; one is as likely as any other.
    pub const ALL: [Self; 14] = [
        Self::Identity,
        Self::ShearX,
        Self::ShearY,
        Self::TranslateX,
        Self::TranslateY,
        Self::Rotate,
        Self::Brightness,
        Self::Color,
        Self::Contrast,
        Self::Sharpness,
        Self::Posterize,
        Self::Solarize,
        Self::AutoContrast,
        Self::Equalize,
    ];

    /// Applies the operation at a strength of 0 to 1 (torchvision's magnitude over its 31 bins),
    /// or minus that. Beyond the edges patches are mirrored, where torchvision has black.
    pub fn apply(self, patch: &RgbPatch, strength: f32) -> RgbPatch {
        let size = |px: usize| 150.0 / 331.0 * px as f32 * strength;
        match self {
            Self::Identity => patch.clone(),
            Self::ShearX => Affine::shear(0.3 * strength, 0.0).apply(patch),
            Self::ShearY => Affine::shear(0.0, 0.3 * strength).apply(patch),
            Self::TranslateX => Affine::shift(size(patch.width_px), 0.0).apply(patch),
            Self::TranslateY => Affine::shift(0.0, size(patch.height_px)).apply(patch),
            Self::Rotate => Affine::rotation(30.0 * strength).apply(patch),
            Self::Brightness => adjust_brightness(patch, 0.9_f32.mul_add(strength, 1.0)),
            Self::Color => adjust_saturation(patch, 0.9_f32.mul_add(strength, 1.0)),
            Self::Contrast => adjust_contrast(patch, 0.9_f32.mul_add(strength, 1.0)),
            Self::Sharpness => adjust_sharpness(patch, 0.9_f32.mul_add(strength, 1.0)),
            Self::Posterize => posterise(patch, 8 - quarters(strength.abs())),
            Self::Solarize => solarise(patch, 255.0 * (1.0 - strength.abs())),
            Self::AutoContrast => autocontrast(patch),
            Self::Equalize => equalise(patch),
        }
    }

    /// `count` random operations, one after another, at a magnitude of 0 to 10 with a random sign.
    pub(super) fn several(
        patch: &RgbPatch,
        count: usize,
        magnitude: f32,
        rng: &mut Rng,
    ) -> RgbPatch {
        (0..count).fold(patch.clone(), |patch, _| {
            let operation = Self::ALL[rng.random_range(0..Self::ALL.len())];
            let sign = if rng.random::<bool>() { 1.0 } else { -1.0 };
            operation.apply(&patch, sign * magnitude / 10.0)
        })
    }
}

/// 0 to 4, the nearest quarter of a strength.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to 4"
)]
fn quarters(strength: f32) -> u8 {
    (strength * 4.0).round_ties_even() as u8
}

//! Brightness, contrast, saturation and hue, as torchvision's `v2.functional` has them on bytes.

use super::pixels::{map_channels, map_pixels, table, truncated};
use crate::decode::RgbPatch;

/// `factor * value`, bytes below.
pub fn adjust_brightness(patch: &RgbPatch, factor: f32) -> RgbPatch {
    let table = table(|value| truncated(f32::from(value) * factor));
    map_channels(patch, &[table; 3])
}

/// `factor * value + (1 - factor) * m`, where `m` is the mean luma of the patch.
pub fn adjust_contrast(patch: &RgbPatch, factor: f32) -> RgbPatch {
    let (pixels, _) = patch.pixels.as_chunks::<3>();
    let sum: f64 = pixels.iter().map(|pixel| f64::from(luma(*pixel))).sum();
    #[expect(clippy::cast_possible_truncation, reason = "a mean of bytes")]
    let mean = (sum / pixels.len().max(1) as f64) as f32;
    let table = table(|value| blend(value, mean, factor));
    map_channels(patch, &[table; 3])
}

/// `factor * value + (1 - factor) * l`, where `l` is the pixel's luma.
pub fn adjust_saturation(patch: &RgbPatch, factor: f32) -> RgbPatch {
    map_pixels(patch, |pixel| {
        let grey = luma(pixel);
        pixel.map(|value| blend(value, grey, factor))
    })
}

/// The hue of every pixel turned by `turns` (-0.5 to 0.5) in HSV.
pub fn adjust_hue(patch: &RgbPatch, turns: f32) -> RgbPatch {
    if turns == 0.0 {
        return patch.clone();
    }
    map_pixels(patch, |pixel| {
        let [hue, saturation, value] = to_hsv(pixel.map(|byte| f32::from(byte) / 255.0));
        let back = from_hsv([(hue + turns).rem_euclid(1.0), saturation, value]);
        back.map(|share| truncated(share * (256.0 - 1e-3)))
    })
}

/// Luma of ITU-R BT.601, the whole below.
fn luma([red, green, blue]: [u8; 3]) -> f32 {
    let weighed = 0.2989 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue);
    weighed.floor()
}

fn blend(value: u8, other: f32, factor: f32) -> u8 {
    truncated(f32::from(value) * factor + (1.0 - factor) * other)
}

/// Hue in turns, saturation and value (Smith 1978).
fn to_hsv([red, green, blue]: [f32; 3]) -> [f32; 3] {
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let range = most - least;
    if range == 0.0 {
        return [0.0, 0.0, most];
    }
    let [r, g, b] = [red, green, blue].map(|share| (most - share) / range);
    let sixths = if most.to_bits() == red.to_bits() {
        b - g
    } else if most.to_bits() == green.to_bits() {
        2.0 + r - b
    } else {
        4.0 + g - r
    };
    [(sixths / 6.0 + 1.0).rem_euclid(1.0), range / most, most]
}

fn from_hsv([hue, saturation, value]: [f32; 3]) -> [f32; 3] {
    let sixths = hue * 6.0;
    let whole = sixths.floor();
    let part = sixths - whole;
    let p = value * (1.0 - saturation);
    let q = value * (1.0 - saturation * part);
    let t = value * (1.0 - saturation * (1.0 - part));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a hue is from 0 to 1"
    )]
    match whole as u8 % 6 {
        0 => [value, t, p],
        1 => [q, value, p],
        2 => [p, value, t],
        3 => [p, q, value],
        4 => [t, p, value],
        _ => [value, p, q],
    }
}

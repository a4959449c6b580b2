//! Tone curves and sharpness, as torchvision's `v2.functional` has them on bytes.

use super::pixels::{map_channels, map_pixels, table, truncated};
use crate::decode::RgbPatch;

/// Keeps the highest `bits` (1 to 8) of every value.
pub fn posterise(patch: &RgbPatch, bits: u8) -> RgbPatch {
    let mask = !(u8::MAX.checked_shr(u32::from(bits)).unwrap_or(0));
    map_pixels(patch, |pixel| pixel.map(|value| value & mask))
}

/// Inverts every value of `threshold` or more.
pub fn solarise(patch: &RgbPatch, threshold: f32) -> RgbPatch {
    let turned = |value: u8| {
        if f32::from(value) >= threshold {
            255 - value
        } else {
            value
        }
    };
    map_pixels(patch, |pixel| pixel.map(turned))
}

/// Stretches every channel from its least and greatest value to 0 and 255.
pub fn autocontrast(patch: &RgbPatch) -> RgbPatch {
    let tables = [0, 1, 2].map(|channel| {
        let values = || patch.pixels.iter().skip(channel).step_by(3);
        let (least, most) = (values().min(), values().max());
        match (least, most) {
            (Some(&least), Some(&most)) if least < most => {
                let scale = f32::from(most - least) / 255.0;
                table(|value| truncated((f32::from(value) - f32::from(least)) / scale))
            }
            _ => table(|value| value),
        }
    });
    map_channels(patch, &tables)
}

/// Spreads the values of every channel so that each is about as frequent as any other.
pub fn equalise(patch: &RgbPatch) -> RgbPatch {
    let tables = [0, 1, 2].map(|channel| {
        let mut counts = [0_usize; 256];
        for value in patch.pixels.iter().skip(channel).step_by(3) {
            counts[usize::from(*value)] += 1;
        }
        let total: usize = counts.iter().sum();
        let last = counts.iter().rev().find(|count| **count > 0).copied();
        let step = (total - last.unwrap_or(0)) / 255;
        if step == 0 {
            return table(|value| value);
        }
        let mut below = 0;
        counts.map(|count| {
            let value = (below + step / 2) / step;
            below += count;
            u8::try_from(value).unwrap_or(u8::MAX)
        })
    });
    map_channels(patch, &tables)
}

/// `factor * value + (1 - factor) * s`, where `s` is a mean over the pixel (weight 5 of 13) and its
/// neighbours (1 each); the pixels at the edge stay.
pub fn adjust_sharpness(patch: &RgbPatch, factor: f32) -> RgbPatch {
    let (width, height) = (patch.width_px, patch.height_px);
    let mut sharp = patch.clone();
    if width < 3 || height < 3 {
        return sharp;
    }
    let line = width * 3;
    for row in 1..height - 1 {
        for at in row * line + 3..(row + 1) * line - 3 {
            let near = [at - line - 3, at - line, at - line + 3, at - 3, at + 3];
            let near = near
                .into_iter()
                .chain([at + line - 3, at + line, at + line + 3]);
            let sum: f32 = near.map(|near| f32::from(patch.pixels[near])).sum();
            let own = f32::from(patch.pixels[at]);
            let smooth = ((sum + 5.0 * own) / 13.0).round_ties_even();
            sharp.pixels[at] = truncated(own + (1.0 - factor) * (smooth - own));
        }
    }
    sharp
}

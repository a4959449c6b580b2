//! Gaussian blur.

use super::pixels::{reflect, rounded};
use crate::decode::RgbPatch;

/// Convolves with a Gaussian of `sigma_px`, cut off at three of it, mirrored at the edges.
pub fn gaussian_blur(patch: &RgbPatch, sigma_px: f32) -> RgbPatch {
    if sigma_px <= 0.0 {
        return patch.clone();
    }
    let weights = weights(sigma_px);
    let (width, height) = (patch.width_px, patch.height_px);
    let values: Vec<f32> = patch.pixels.iter().map(|value| f32::from(*value)).collect();
    let rows = along(&values, &weights, height, width, [width * 3, 3]);
    let both = along(&rows, &weights, width, height, [3, width * 3]);
    RgbPatch {
        pixels: both.into_iter().map(rounded).collect(),
        ..*patch
    }
}

/// Weights from the middle outwards; both sides together add up to one.
fn weights(sigma_px: f32) -> Vec<f32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few pixels"
    )]
    let radius = (3.0 * sigma_px).ceil() as usize;
    let weight = |at: usize| (-0.5 * (at as f32 / sigma_px).powi(2)).exp();
    let half: Vec<f32> = (0..=radius).map(weight).collect();
    let sum = 2.0 * half.iter().sum::<f32>() - half[0];
    half.into_iter().map(|weight| weight / sum).collect()
}

/// Convolves `lines` lines of `len` pixels; `steps` are the distances of lines and of pixels.
fn along(
    values: &[f32],
    weights: &[f32],
    lines: usize,
    len: usize,
    [line_step, step]: [usize; 2],
) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    for at in 0..len {
        let near = |distance: usize| {
            let (at, distance) = (at.cast_signed(), distance.cast_signed());
            [reflect(at - distance, len), reflect(at + distance, len)]
        };
        let near: Vec<[usize; 2]> = (0..weights.len()).map(near).collect();
        for line in 0..lines {
            for channel in 0..3 {
                let start = line * line_step + channel;
                let mut sum = weights[0] * values[start + at * step];
                for (weight, [before, behind]) in weights.iter().zip(&near).skip(1) {
                    sum += weight * (values[start + before * step] + values[start + behind * step]);
                }
                out[start + at * step] = sum;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_becomes_a_gaussian_and_nothing_is_lost() {
        let mut patch = RgbPatch::filled(21, 21, [0; 3]);
        let middle = (10 * 21 + 10) * 3;
        patch.pixels[middle..middle + 3].fill(255);
        let blurred = gaussian_blur(&patch, 1.5);
        let weight = |x: f32, y: f32| (-0.5 * (x * x + y * y) / 2.25).exp();
        let total: f32 = (-5..=5)
            .flat_map(|x| (-5..=5).map(move |y| weight(x as f32, y as f32)))
            .sum();
        for (row, column) in [(10, 10), (10, 12), (9, 11), (13, 10)] {
            let expected = 255.0 * weight(row as f32 - 10.0, column as f32 - 10.0) / total;
            let got = f32::from(blurred.pixels[(row * 21 + column) * 3]);
            assert!(
                (got - expected).abs() <= 0.6,
                "{row} {column}: {got}, not {expected}"
            );
        }
        let even = RgbPatch::filled(7, 3, [9, 200, 77]);
        assert_eq!(gaussian_blur(&even, 2.0), even);
        let one = RgbPatch::filled(1, 1, [5; 3]);
        assert_eq!(gaussian_blur(&one, 4.0), one);
    }
}

//! Gaussian noise.

use eosin_core::Rng;
use rand::RngExt as _;

use super::pixels::rounded;
use crate::decode::RgbPatch;

/// Adds noise of standard deviation `sigma` (of values in 0..1) to every value.
pub fn gaussian_noise(patch: &RgbPatch, sigma: f32, rng: &mut Rng) -> RgbPatch {
    let mut pixels = patch.pixels.clone();
    for pair in pixels.chunks_mut(2) {
        // Two variates at a time (Box & Muller 1958).
        let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt() * sigma * 255.0;
        let (sin, cos) = (std::f32::consts::TAU * rng.random::<f32>()).sin_cos();
        for (value, side) in pair.iter_mut().zip([cos, sin]) {
            *value = rounded(f32::from(*value) + radius * side);
        }
    }
    RgbPatch { pixels, ..*patch }
}

#[cfg(test)]
mod tests {
    use eosin_core::{Seed, Stream};

    use super::*;

    #[test]
    fn noise_has_the_deviation_asked_for_and_no_bias() {
        let grey = RgbPatch::filled(100, 100, [128; 3]);
        let mut rng = Seed(1).stream(Stream::View, &[]);
        let noisy = gaussian_noise(&grey, 0.05, &mut rng);
        let errors: Vec<f64> = noisy.pixels.iter().map(|v| f64::from(*v) - 128.0).collect();
        let count = errors.len() as f64;
        let mean = errors.iter().sum::<f64>() / count;
        let deviation = (errors.iter().map(|e| e * e).sum::<f64>() / count).sqrt();
        assert!(
            mean.abs() < 0.3 && (deviation - 12.75).abs() < 0.3,
            "{mean} {deviation}"
        );
    }
}

//! Exact sums over one image's pixels.

use serde::{Deserialize, Serialize};

use crate::decode::RgbPatch;

/// Number of pixels, and per channel (R, G, B) the sum and the sum of squares of the 8-bit values.
///
/// Integers, so the statistics of any subset of images are exact and do not depend on order or
/// threads; 2^64 holds the squares of 2.8e14 pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSums {
    /// Number of pixels.
    pub n_px: u64,
    /// Sum of values by channel.
    pub sum: [u64; 3],
    /// Sum of squared values by channel.
    pub sum_sq: [u64; 3],
}

impl ImageSums {
    /// The sums of one patch.
    pub fn of(patch: &RgbPatch) -> Self {
        let mut sums = Self::default();
        for pixel in patch.pixels.as_chunks::<3>().0 {
            for (channel, &value) in pixel.iter().enumerate() {
                let value = u64::from(value);
                sums.sum[channel] += value;
                sums.sum_sq[channel] += value * value;
            }
            sums.n_px += 1;
        }
        sums
    }

    /// The sums over both.
    #[must_use]
    pub fn plus(self, other: &Self) -> Self {
        let add = |a: [u64; 3], b: [u64; 3]| [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
        Self {
            n_px: self.n_px + other.n_px,
            sum: add(self.sum, other.sum),
            sum_sq: add(self.sum_sq, other.sum_sq),
        }
    }

    /// Mean by channel on the 0..1 scale.
    pub fn mean(&self) -> [f64; 3] {
        self.sum.map(|sum| sum as f64 / (self.n_px as f64 * 255.0))
    }

    /// Population standard deviation by channel on the 0..1 scale, from
    /// `n * sum_sq - sum^2` in 128-bit integers, so nothing cancels.
    pub fn std(&self) -> [f64; 3] {
        let n = u128::from(self.n_px);
        std::array::from_fn(|channel| {
            let sum = u128::from(self.sum[channel]);
            let scaled_variance = n * u128::from(self.sum_sq[channel]) - sum * sum;
            (scaled_variance as f64).sqrt() / (self.n_px as f64 * 255.0)
        })
    }
}

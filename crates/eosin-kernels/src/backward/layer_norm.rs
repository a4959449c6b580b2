//! Gradients of layer normalisation.

use super::WeightGradients;
use crate::channels::lane_sum;
use crate::dispatch::multiversion;

/// Positions whose sums are kept in single precision before they are added in double.
const TOGETHER: usize = 64;

/// Channels whose sums the compiler may keep in one register.
const LANES: usize = 16;

/// Gradients of weight and bias of a [`layer_norm`](crate::layer_norm) of `map`; that of `map` is
/// made in `gradient`.
///
/// # Panics
/// When the lengths differ.
pub fn layer_norm_backward(
    map: &[f32],
    weight: &[f32],
    eps: f32,
    gradient: &mut [f32],
) -> WeightGradients {
    assert_eq!(map.len(), gradient.len(), "one gradient a value");
    let channels = weight.len();
    let mut totals = vec![0.0_f64; 2 * channels];
    let mut sums = vec![0.0_f32; 2 * channels];
    let block = TOGETHER * channels;
    for (map, gradient) in map.chunks(block).zip(gradient.chunks_mut(block)) {
        sums.fill(0.0);
        rows_backward(map, weight, eps, gradient, &mut sums);
        for (total, sum) in totals.iter_mut().zip(&sums) {
            *total += f64::from(*sum);
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "gradients are f32")]
    let narrow = |totals: &[f64]| totals.iter().map(|total| *total as f32).collect();
    WeightGradients {
        weights: narrow(&totals[..channels]),
        bias: narrow(&totals[channels..]),
    }
}

multiversion! {
    /// With `z = (x - mean) f` and `h = g w`: `f (h - mean(h) - z mean(h z))` in place of `g`; `g z`
    /// and `g` are added to the two halves of `sums`.
    fn rows_backward<M>(map: &[f32], weight: &[f32], eps: f32, gradient: &mut [f32], sums: &mut [f32]) {
        let channels = weight.len();
        let count = channels as f32;
        let (of_weight, of_bias) = sums.split_at_mut(channels);
        let mut normalised = vec![0.0_f32; channels];
        for (row, gradient) in map.chunks_exact(channels).zip(gradient.chunks_exact_mut(channels)) {
            let mean = lane_sum(row, |x| x) / count;
            let variance = lane_sum(row, |x| (x - mean) * (x - mean)) / count;
            let factor = 1.0 / (variance + eps).sqrt();
            let (mut plain, mut weighted) = ([0.0_f32; LANES], [0.0_f32; LANES]);
            let mut first = 0;
            while first < channels {
                let used = LANES.min(channels - first);
                let span = first..first + used;
                let (row, gradient, weight) = (&row[span.clone()], &gradient[span.clone()], &weight[span.clone()]);
                let (of_weight, of_bias) = (&mut of_weight[span.clone()], &mut of_bias[span.clone()]);
                let normalised = &mut normalised[span];
                for lane in 0..used {
                    let z = (row[lane] - mean) * factor;
                    let h = gradient[lane] * weight[lane];
                    normalised[lane] = z;
                    of_weight[lane] = M::mul_add(gradient[lane], z, of_weight[lane]);
                    of_bias[lane] += gradient[lane];
                    plain[lane] += h;
                    weighted[lane] = M::mul_add(h, z, weighted[lane]);
                }
                first += used;
            }
            let plain = plain.iter().sum::<f32>() / count;
            let weighted = weighted.iter().sum::<f32>() / count;
            for ((gradient, z), weight) in gradient.iter_mut().zip(&normalised).zip(weight) {
                *gradient = factor * (*gradient * weight - plain - z * weighted);
            }
        }
    }
}

//! What acts on the channels of a map: joining, adding, gating, normalising.

use crate::activation::Activation;
use crate::dispatch::multiversion;
use crate::smooth;

/// Joins maps along their channels; `parts` are maps of the same positions with their channels.
pub fn concat(parts: &[(&[f32], usize)], out: &mut Vec<f32>) {
    out.clear();
    let positions = parts
        .first()
        .map_or(0, |(map, channels)| map.len() / channels);
    for position in 0..positions {
        for (map, channels) in parts {
            out.extend_from_slice(&map[position * channels..(position + 1) * channels]);
        }
    }
}

/// `map` with `other` added to its first channels; `other` may have fewer than `map`.
pub fn add_to_first(
    (map, channels): (&[f32], usize),
    (other, first): (&[f32], usize),
    out: &mut Vec<f32>,
) {
    out.clear();
    out.extend_from_slice(map);
    for (row, other) in out
        .chunks_exact_mut(channels)
        .zip(other.chunks_exact(first))
    {
        for (value, other) in row.iter_mut().zip(other) {
            *value += other;
        }
    }
}

/// `activation(map * gate)`: `map` is `[n, positions, channels]`, `gate` is `[n, channels]`.
pub fn scale(
    [positions, channels]: [usize; 2],
    map: &[f32],
    gate: &[f32],
    activation: Activation,
    out: &mut Vec<f32>,
) {
    out.resize(map.len(), 0.0);
    let image = positions * channels;
    for ((target, map), gate) in out
        .chunks_exact_mut(image)
        .zip(map.chunks_exact(image))
        .zip(gate.chunks_exact(channels))
    {
        multiply_rows(target, map, gate);
    }
    activation.apply(out);
}

/// Sum of the `radix` equal parts of the channels: `[positions, radix * channels]` to
/// `[positions, channels]`.
pub fn sum_splits(map: &[f32], channels: usize, radix: usize, out: &mut Vec<f32>) {
    out.clear();
    for row in map.chunks_exact(channels * radix) {
        let at = out.len();
        out.extend_from_slice(&row[..channels]);
        for part in row[channels..].chunks_exact(channels) {
            for (sum, value) in out[at..].iter_mut().zip(part) {
                *sum += value;
            }
        }
    }
}

/// Split attention (Zhang et al. 2022, arXiv:2004.08955): the sum of the `radix` parts of `map`
/// (`[n, positions, radix * channels]`), weighted by the softmax over the parts of `logits`
/// (`[n, radix * channels]`).
pub fn split_attention(
    [positions, channels, radix]: [usize; 3],
    map: &[f32],
    logits: &[f32],
    out: &mut Vec<f32>,
) {
    out.clear();
    let (image, wide) = (positions * channels * radix, channels * radix);
    let mut weights = vec![0.0; wide];
    for (map, logits) in map.chunks_exact(image).zip(logits.chunks_exact(wide)) {
        split_weights(logits, channels, &mut weights);
        for row in map.chunks_exact(wide) {
            let at = out.len();
            out.resize(at + channels, 0.0);
            for (part, weights) in row
                .chunks_exact(channels)
                .zip(weights.chunks_exact(channels))
            {
                for ((sum, value), weight) in out[at..].iter_mut().zip(part).zip(weights) {
                    *sum += value * weight;
                }
            }
        }
    }
}

/// The softmax over the parts of the logits of an image.
pub(crate) fn split_weights(logits: &[f32], channels: usize, weights: &mut [f32]) {
    for channel in 0..channels {
        let parts = || (channel..logits.len()).step_by(channels);
        let largest = parts()
            .map(|at| logits[at])
            .fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = parts().map(|at| smooth::exp(logits[at] - largest)).sum();
        for at in parts() {
            weights[at] = smooth::exp(logits[at] - largest) / sum;
        }
    }
}

/// Layer normalisation of each position over its channels (Ba et al. 2016, arXiv:1607.06450):
/// `(x - mean) / sqrt(var + eps) * weight + bias` with the variance of the population.
pub fn layer_norm(map: &[f32], weight: &[f32], bias: &[f32], eps: f32, out: &mut Vec<f32>) {
    out.resize(map.len(), 0.0);
    normalise_rows(out, map, weight, bias, eps);
}

multiversion! {
    fn multiply_rows(out: &mut [f32], map: &[f32], gate: &[f32]) {
        let channels = gate.len();
        for (target, row) in out.chunks_exact_mut(channels).zip(map.chunks_exact(channels)) {
            for ((target, value), gate) in target.iter_mut().zip(row).zip(gate) {
                *target = value * gate;
            }
        }
    }
}

/// Sums in 16 lanes, so that the compiler may vectorise and the order is always the same.
#[inline(always)]
pub(crate) fn lane_sum(row: &[f32], value: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0_f32; 16];
    let (chunks, rest) = row.as_chunks::<16>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += value(*x);
        }
    }
    let tail: f32 = rest.iter().map(|x| value(*x)).sum();
    lanes.iter().sum::<f32>() + tail
}

multiversion! {
    fn normalise_rows(out: &mut [f32], map: &[f32], weight: &[f32], bias: &[f32], eps: f32) {
        let channels = weight.len();
        for (target, row) in out.chunks_exact_mut(channels).zip(map.chunks_exact(channels)) {
            let mean = lane_sum(row, |x| x) / channels as f32;
            let variance = lane_sum(row, |x| (x - mean) * (x - mean)) / channels as f32;
            let factor = 1.0 / (variance + eps).sqrt();
            for (((target, x), weight), bias) in target.iter_mut().zip(row).zip(weight).zip(bias) {
                *target = (x - mean) * factor * weight + bias;
            }
        }
    }
}

//! Gradients of self-attention and of tokens.

use super::{WeightGradients, zeros};
use crate::attention::softmax_rows;
use crate::channels::lane_sum;
use crate::dispatch::multiversion;
use crate::matmul::{Matrix, product};
use crate::pool::add;

/// The gradient of `qkv` of an [`attention`](crate::attention()), in place of what `memory` holds,
/// given that of its output. The weights of each head are computed anew, by far the smaller part.
///
/// With `p = softmax(s q k')` and the output `p v`: `v` gets `p' g`; `p` gets `g v'`, the scores `p
/// (g v' - sum(p g v'))` over each row, and so `q` gets those times `s k`, `k` their transpose times
/// `s q`.
///
/// # Panics
/// When `heads` does not divide the channels, or the lengths differ.
pub fn attention_backward(
    [tokens, channels, heads]: [usize; 3],
    qkv: &[f32],
    gradient: &[f32],
    memory: Vec<f32>,
    scratch: &mut Vec<f32>,
) -> Vec<f32> {
    assert!(
        channels.is_multiple_of(heads),
        "heads must divide the channels"
    );
    assert_eq!(qkv.len(), 3 * gradient.len(), "one gradient an output");
    let (depth, wide, square) = (channels / heads, 3 * channels, tokens * tokens);
    let scale = 1.0 / (depth as f32).sqrt();
    let mut of_qkv = zeros(qkv.len(), memory);
    scratch.resize(2 * square, 0.0);
    let (weights, of_weights) = scratch[..2 * square].split_at_mut(square);
    let images = qkv
        .chunks_exact(tokens * wide)
        .zip(of_qkv.chunks_exact_mut(tokens * wide))
        .zip(gradient.chunks_exact(tokens * channels));
    for ((qkv, of_qkv), gradient) in images {
        for at in (0..channels).step_by(depth) {
            let [queries, keys, values] =
                [0, channels, 2 * channels].map(|part| Matrix::rows(&qkv[part + at..], wide));
            let gradient = Matrix::rows(&gradient[at..], channels);
            let (to_square, from_square) = ([tokens, depth, tokens], [tokens, tokens, depth]);
            product(to_square, (weights, tokens), queries, keys.turned(), false);
            softmax_rows(weights, tokens, scale);
            let to = (&mut *of_weights, tokens);
            product(to_square, to, gradient, values.turned(), false);
            let square = Matrix::rows(weights, tokens);
            let to = (&mut of_qkv[2 * channels + at..], wide);
            product(from_square, to, square.turned(), gradient, false);
            softmax_backward(weights, of_weights, tokens, scale);
            let square = Matrix::rows(of_weights, tokens);
            let to = (&mut of_qkv[at..], wide);
            product(from_square, to, square, keys, false);
            let to = (&mut of_qkv[channels + at..], wide);
            product(from_square, to, square.turned(), queries, false);
        }
    }
    of_qkv
}

multiversion! {
    /// `scale p (g - sum(p g))` in place of `g`, for each row.
    fn softmax_backward<M>(weights: &[f32], gradient: &mut [f32], width: usize, scale: f32) {
        for (weights, gradient) in weights.chunks_exact(width).zip(gradient.chunks_exact_mut(width)) {
            for (gradient, weight) in gradient.iter_mut().zip(weights) {
                *gradient *= weight;
            }
            let sum = lane_sum(gradient, |product| product);
            for (gradient, weight) in gradient.iter_mut().zip(weights) {
                *gradient = scale * M::mul_add(-sum, *weight, *gradient);
            }
        }
    }
}

/// Gradients of positions (as `weights`) and of the first token (as `bias`) of
/// [`tokens`](crate::tokens), and that of the map, which replaces what `memory` holds.
pub fn tokens_backward(
    [positions, channels]: [usize; 2],
    gradient: &[f32],
    mut memory: Vec<f32>,
) -> (WeightGradients, Vec<f32>) {
    let image = (positions + 1) * channels;
    let mut of_positions = vec![0.0; image];
    memory.clear();
    for gradient in gradient.chunks_exact(image) {
        add(&mut of_positions, gradient);
        memory.extend_from_slice(&gradient[channels..]);
    }
    let found = WeightGradients {
        bias: of_positions[..channels].to_vec(),
        weights: of_positions,
    };
    (found, memory)
}

/// The gradient of a map of tokens whose first is the output, in place of what `memory` holds.
pub fn first_token_backward(
    [tokens, channels]: [usize; 2],
    gradient: &[f32],
    memory: Vec<f32>,
) -> Vec<f32> {
    let mut of_map = zeros(tokens * gradient.len(), memory);
    let images = of_map.chunks_exact_mut(tokens * channels);
    for (of_image, gradient) in images.zip(gradient.chunks_exact(channels)) {
        of_image[..channels].copy_from_slice(gradient);
    }
    of_map
}

//! Multi-head self-attention over the tokens of an image.

use crate::matmul::matmul;
use crate::smooth;

/// `softmax(q k' / sqrt(d)) v` for each head (Vaswani et al. 2017, arXiv:1706.03762).
///
/// `qkv` is `[n, tokens, 3 * channels]`: queries, keys and values, each `[heads, d]`. `out` becomes
/// `[n, tokens, channels]`; `scratch` is reused between calls.
///
/// # Panics
/// When `heads` does not divide `channels`.
pub fn attention(
    [tokens, channels, heads]: [usize; 3],
    qkv: &[f32],
    out: &mut Vec<f32>,
    scratch: &mut Vec<f32>,
) {
    assert!(
        channels.is_multiple_of(heads),
        "heads must divide the channels"
    );
    let depth = channels / heads;
    let wide = 3 * channels;
    out.resize(qkv.len() / 3, 0.0);
    scratch.clear();
    scratch.resize(tokens * (tokens + 2 * depth), 0.0);
    let (scores, rest) = scratch.split_at_mut(tokens * tokens);
    let (keys, values) = rest.split_at_mut(tokens * depth);
    let images = qkv
        .chunks_exact(tokens * wide)
        .zip(out.chunks_exact_mut(tokens * channels));
    for (qkv, out) in images {
        for head in 0..heads {
            let at = head * depth;
            for (token, row) in qkv.chunks_exact(wide).enumerate() {
                let key = &row[channels + at..channels + at + depth];
                for (lane, value) in key.iter().enumerate() {
                    keys[lane * tokens + token] = *value;
                }
                values[token * depth..(token + 1) * depth]
                    .copy_from_slice(&row[2 * channels + at..2 * channels + at + depth]);
            }
            matmul(
                [tokens, depth, tokens],
                (&mut *scores, tokens),
                (&qkv[at..], wide),
                keys,
            );
            let scale = 1.0 / (depth as f32).sqrt();
            scores
                .chunks_exact_mut(tokens)
                .for_each(|row| softmax(row, scale));
            matmul(
                [tokens, tokens, depth],
                (&mut out[at..], channels),
                (scores, tokens),
                values,
            );
        }
    }
}

/// `exp(scale x) / sum`, shifted by the largest value so that nothing overflows.
fn softmax(row: &mut [f32], scale: f32) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for value in row.iter_mut() {
        *value = smooth::exp((*value - largest) * scale);
        sum += *value;
    }
    for value in row {
        *value /= sum;
    }
}

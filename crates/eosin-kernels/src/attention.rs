//! Multi-head self-attention over the tokens of an image.

use crate::channels::lane_sum;
use crate::dispatch::multiversion;
use crate::microkernel::Piece;
use crate::packed::{Finish, Packed, Rows, passes};
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
    scratch.resize(tokens * tokens, 0.0);
    let scores = &mut scratch[..tokens * tokens];
    let mut keys = Packed::empty(depth, tokens);
    let mut values = Packed::empty(tokens, depth);
    let starts = |width| (0..tokens).map(|token| token * width).collect();
    let [of_queries, of_scores]: [Vec<usize>; 2] = [wide, tokens].map(starts);
    let [over_depth, over_tokens] = [depth, tokens].map(|len| passes([Piece { offset: 0, len }]));
    let images = qkv
        .chunks_exact(tokens * wide)
        .zip(out.chunks_exact_mut(tokens * channels));
    for (qkv, out) in images {
        for head in 0..heads {
            let at = head * depth;
            keys.fill(|lane, token| qkv[token * wide + channels + at + lane]);
            values.fill(|token, lane| qkv[token * wide + 2 * channels + at + lane]);
            let queries = Rows {
                values: &qkv[at..],
                starts: &of_queries,
                passes: &over_depth,
            };
            keys.product(queries, Finish::PLAIN, scores, tokens);
            softmax_rows(scores, tokens, 1.0 / (depth as f32).sqrt());
            let weights = Rows {
                values: scores,
                starts: &of_scores,
                passes: &over_tokens,
            };
            values.product(weights, Finish::PLAIN, &mut out[at..], channels);
        }
    }
}

multiversion! {
    /// `exp(scale x) / sum` of each row, shifted by the largest value so that nothing overflows.
    pub(crate) fn softmax_rows(scores: &mut [f32], width: usize, scale: f32) {
        for row in scores.chunks_exact_mut(width) {
            let mut largest = [f32::NEG_INFINITY; 16];
            let (chunks, rest) = row.as_chunks::<16>();
            for chunk in chunks {
                for (largest, value) in largest.iter_mut().zip(chunk) {
                    *largest = if *value > *largest { *value } else { *largest };
                }
            }
            let largest = largest.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max);
            for value in row.iter_mut() {
                *value = smooth::exp((*value - largest) * scale);
            }
            let factor = 1.0 / lane_sum(row, |value| value);
            for value in row {
                *value *= factor;
            }
        }
    }
}

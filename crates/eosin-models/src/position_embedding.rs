//! Position embeddings of a transformer, brought to another number of patches.

use eosin_weights::StateTensor;

/// Cubic convolution with `a = -0.5` (Keys 1981), as PyTorch's antialiased bicubic interpolation
/// and Pillow have it.
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

/// For each of `to` positions the first of `from` positions that it draws on, and their weights.
/// The kernel is as wide as the larger of the two steps, and cut at the border.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions are small and at least zero"
)]
fn taps(from: usize, to: usize) -> Vec<(usize, Vec<f64>)> {
    let step = from as f64 / to as f64;
    let width = step.max(1.0);
    (0..to)
        .map(|at| {
            let centre = step * (at as f64 + 0.5);
            let first = (centre - 2.0 * width + 0.5).max(0.0) as usize;
            let end = ((centre + 2.0 * width + 0.5) as usize).min(from);
            let weight = |i: usize| cubic((i as f64 - centre + 0.5) / width);
            let weights: Vec<f64> = (first..end).map(weight).collect();
            let sum: f64 = weights.iter().sum();
            (
                first,
                weights.into_iter().map(|weight| weight / sum).collect(),
            )
        })
        .collect()
}

/// `embedding` (`[1, 1 + side^2, channels]`, the first for the class token) at `tokens` tokens in
/// all; `None` when either is not a square of patches and one more.
///
/// Antialiased bicubic interpolation, as timm's `resample_abs_pos_embed`.
pub fn resample_positions(embedding: &StateTensor, tokens: usize) -> Option<StateTensor> {
    let [1, given, channels] = embedding.shape[..] else {
        return None;
    };
    let side = |tokens: usize| {
        let patches = tokens.checked_sub(1)?;
        let side = patches.isqrt();
        (side > 0 && side * side == patches).then_some(side)
    };
    let (from, to) = (side(given)?, side(tokens)?);
    let taps = taps(from, to);
    let (class, grid) = embedding.values.split_at(channels);
    let value = |row: usize, column: usize, channel: usize| {
        f64::from(grid[(row * from + column) * channels + channel])
    };
    let mut values = class.to_vec();
    for (top, rows) in &taps {
        for (left, columns) in &taps {
            for channel in 0..channels {
                let mut sum = 0.0;
                for (i, down) in rows.iter().enumerate() {
                    for (j, across) in columns.iter().enumerate() {
                        sum += down * across * value(top + i, left + j, channel);
                    }
                }
                values.push(crate::narrow::narrow(sum));
            }
        }
    }
    Some(StateTensor {
        shape: vec![1, tokens, channels],
        values,
    })
}

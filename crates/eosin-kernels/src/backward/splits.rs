//! Gradients of sums over parts of the channels.

use super::zeros;
use crate::channels::split_weights;
use crate::dispatch::multiversion;

/// The gradient of the map of a [`sum_splits`](crate::sum_splits) into `channels`, in place of what
/// `memory` holds.
pub fn sum_splits_backward(
    [channels, radix]: [usize; 2],
    gradient: &[f32],
    mut memory: Vec<f32>,
) -> Vec<f32> {
    memory.clear();
    memory.reserve(radix * gradient.len());
    for row in gradient.chunks_exact(channels) {
        for _ in 0..radix {
            memory.extend_from_slice(row);
        }
    }
    memory
}

/// Gradients of the map and of the logits of a [`split_attention`](crate::split_attention), in
/// place of what each of `memory` holds.
///
/// With `w` the softmax of the logits: each part of the map gets `w g`, each weight the sum over
/// positions of `g` times its part, `s`, and each logit `w (s - sum(w s))`.
pub fn split_attention_backward(
    [positions, channels, radix]: [usize; 3],
    map: &[f32],
    logits: &[f32],
    gradient: &[f32],
    memory: [Vec<f32>; 2],
) -> [Vec<f32>; 2] {
    let wide = channels * radix;
    let [of_map, of_logits] = memory;
    let (mut of_map, mut of_logits) = (zeros(map.len(), of_map), zeros(logits.len(), of_logits));
    let mut weights = vec![0.0; wide];
    let maps = map
        .chunks_exact(positions * wide)
        .zip(of_map.chunks_exact_mut(positions * wide))
        .zip(gradient.chunks_exact(positions * channels));
    let gates = logits
        .chunks_exact(wide)
        .zip(of_logits.chunks_exact_mut(wide));
    for (((map, of_map), gradient), (logits, sums)) in maps.zip(gates) {
        split_weights(logits, channels, &mut weights);
        weigh_rows(map, gradient, &weights, of_map, sums);
        for channel in 0..channels {
            let parts = || (channel..wide).step_by(channels);
            let mean: f32 = parts().map(|at| weights[at] * sums[at]).sum();
            for at in parts() {
                sums[at] = weights[at] * (sums[at] - mean);
            }
        }
    }
    [of_map, of_logits]
}

multiversion! {
    /// Writes `weights * gradient` of each part, and adds `gradient * map` to `sums`.
    fn weigh_rows<M>(map: &[f32], gradient: &[f32], weights: &[f32], of_map: &mut [f32], sums: &mut [f32]) {
        let wide = weights.len();
        let channels = gradient.len() * wide / map.len();
        let rows = map.chunks_exact(wide).zip(of_map.chunks_exact_mut(wide));
        for ((map, of_map), gradient) in rows.zip(gradient.chunks_exact(channels)) {
            for first in (0..wide).step_by(channels) {
                let span = first..first + channels;
                let (map, weights) = (&map[span.clone()], &weights[span.clone()]);
                let (of_map, sums) = (&mut of_map[span.clone()], &mut sums[span]);
                for channel in 0..channels {
                    of_map[channel] = weights[channel] * gradient[channel];
                    sums[channel] = M::mul_add(gradient[channel], map[channel], sums[channel]);
                }
            }
        }
    }
}

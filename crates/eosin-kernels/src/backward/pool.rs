//! Gradients of pooling, each in place of what the `memory` that it is given holds.

use super::zeros;
use crate::pool::{Padded, Pool, Windows, add_scaled, mean_count};

/// The gradient of each window goes to its first largest value, as in PyTorch. `shape` is the
/// input's height, width and channels; the result replaces what `memory` holds.
pub fn max_pool_backward(
    pool: &Pool,
    shape: [usize; 3],
    input: &[f32],
    gradient: &[f32],
    memory: Vec<f32>,
) -> Vec<f32> {
    let mut of_input = zeros(input.len(), memory);
    let channels = shape[2];
    let mut best = vec![(0.0_f32, 0_usize); channels];
    let image = shape.iter().product::<usize>();
    let windows = Windows::of(pool, shape);
    let images = input.len() / image;
    windows.walk(images, channels, |target, pixels, _| {
        for (index, at) in pixels.enumerate() {
            for (channel, (largest, place)) in best.iter_mut().enumerate() {
                let value = input[at + channel];
                if index == 0 || value > *largest {
                    (*largest, *place) = (value, at + channel);
                }
            }
        }
        for ((_, place), gradient) in best.iter().zip(&gradient[target..target + channels]) {
            of_input[*place] += gradient;
        }
    });
    of_input
}

/// The gradient of each window goes to all its values alike.
pub fn avg_pool_backward(
    pool: &Pool,
    padded: Padded,
    shape: [usize; 3],
    gradient: &[f32],
    memory: Vec<f32>,
) -> Vec<f32> {
    let count = |row: usize, column: usize| mean_count(pool, padded, shape, row, column);
    spread(&Windows::of(pool, shape), shape, gradient, memory, count)
}

/// As [`avg_pool_backward`], for `side` x `side` windows that tile the map.
pub fn adaptive_avg_pool_backward(
    side: usize,
    shape: [usize; 3],
    gradient: &[f32],
    memory: Vec<f32>,
) -> Vec<f32> {
    let windows = Windows::tiling(side, shape);
    let count = |row: usize, column: usize| windows.size(row, column) as f32;
    spread(&windows, shape, gradient, memory, count)
}

/// As [`avg_pool_backward`], for the mean over all positions.
pub fn mean_backward(
    [positions, channels]: [usize; 2],
    gradient: &[f32],
    memory: Vec<f32>,
) -> Vec<f32> {
    let share = 1.0 / positions as f32;
    let mut of_map = memory;
    of_map.clear();
    of_map.reserve(positions * gradient.len());
    for mean in gradient.chunks_exact(channels) {
        let at = of_map.len();
        of_map.extend(mean.iter().map(|gradient| gradient * share));
        for _ in 1..positions {
            of_map.extend_from_within(at..at + channels);
        }
    }
    of_map
}

fn spread(
    windows: &Windows,
    shape: [usize; 3],
    gradient: &[f32],
    memory: Vec<f32>,
    count: impl Fn(usize, usize) -> f32,
) -> Vec<f32> {
    let channels = shape[2];
    let outputs = windows.outputs() * channels;
    let images = gradient.len() / outputs;
    let mut of_input = zeros(images * shape.iter().product::<usize>(), memory);
    windows.walk(images, channels, |target, pixels, (row, column)| {
        let share = 1.0 / count(row, column);
        for at in pixels {
            let gradient = &gradient[target..target + channels];
            add_scaled(&mut of_input[at..at + channels], gradient, share);
        }
    });
    of_input
}

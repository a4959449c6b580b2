//! Gradients of joining and gating channels.

use super::zeros;
use crate::activation::Activation;
use crate::backward::activation::{activation_backward, needs_input};
use crate::dispatch::multiversion;

/// The part of the gradient of a map of `channels` that belongs to the `own` channels from `first`
/// on; it replaces what `memory` holds.
pub fn concat_backward(
    gradient: &[f32],
    channels: usize,
    (first, own): (usize, usize),
    mut memory: Vec<f32>,
) -> Vec<f32> {
    memory.clear();
    memory.reserve(gradient.len() / channels * own);
    for row in gradient.chunks_exact(channels) {
        memory.extend_from_slice(&row[first..first + own]);
    }
    memory
}

/// Gradients of the map (`[n, positions, channels]`) and of the gate (`[n, channels]`) of
/// `activation(map * gate)`; the first is made in `gradient`, the second replaces what `memory`
/// holds.
///
/// # Panics
/// For activations whose derivative needs their input.
pub fn scale_backward(
    [positions, channels]: [usize; 2],
    (map, gate): (&[f32], &[f32]),
    (activation, out): (Activation, &[f32]),
    mut gradient: Vec<f32>,
    memory: Vec<f32>,
) -> (Vec<f32>, Vec<f32>) {
    assert!(
        !needs_input(activation),
        "the activation is a layer of its own"
    );
    activation_backward(activation, out, &mut gradient);
    let mut of_gate = zeros(gate.len(), memory);
    let image = positions * channels;
    let images = gradient
        .chunks_exact_mut(image)
        .zip(map.chunks_exact(image));
    let gates = gate
        .chunks_exact(channels)
        .zip(of_gate.chunks_exact_mut(channels));
    for ((gradient, map), (gate, of_gate)) in images.zip(gates) {
        gate_rows(gradient, map, gate, of_gate);
    }
    (gradient, of_gate)
}

multiversion! {
    fn gate_rows(gradient: &mut [f32], map: &[f32], gate: &[f32], of_gate: &mut [f32]) {
        let channels = gate.len();
        for (gradient, map) in gradient.chunks_exact_mut(channels).zip(map.chunks_exact(channels)) {
            for (((gradient, map), gate), sum) in gradient.iter_mut().zip(map).zip(gate).zip(of_gate.iter_mut()) {
                *sum += *gradient * map;
                *gradient *= gate;
            }
        }
    }
}

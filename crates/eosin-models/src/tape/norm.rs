//! Batch norms that may use the statistics of the batch.

use eosin_kernels::Conv;
use eosin_kernels::backward::{
    WeightGradients, activation_backward, batch_norm_backward, channel_moments, channel_products,
};
use rayon::prelude::*;

use super::Tape;
use super::part::Part;
use crate::graph::Workspace;
use crate::layers::BatchNorm;
use crate::narrow::narrow;
use crate::origin::NormOrigin;
use crate::recording::Op;

/// A batch norm as a layer of its own: a depthwise convolution of one tap.
#[derive(Clone, Debug, Default)]
pub(super) struct Norm {
    /// Scale and offset, where the statistics are the batch's.
    affine: Option<Affine>,
    /// Values of a channel in the last batch.
    count: usize,
}

#[derive(Clone, Debug)]
struct Affine {
    scale: Vec<f32>,
    offset: Vec<f32>,
}

impl Norm {
    /// Whether it uses the statistics of the batch.
    pub const fn is_of_batch(&self) -> bool {
        self.affine.is_some()
    }
}

impl Tape {
    /// Takes over scales and offsets, and the running statistics of frozen stages.
    pub(super) fn set_norms<'a>(&mut self, values: &impl Fn(&str) -> &'a [f32]) {
        for (node, own) in &mut self.norms {
            let origin = self.origins.get_mut(node);
            let Some(norm) = origin.and_then(|origin| origin.norm.as_mut()) else {
                continue;
            };
            let is_trained = self.graph.nodes[*node].step.stage >= self.first_stage;
            own.affine = is_trained.then(|| Affine {
                scale: values(&norm.weight).to_vec(),
                offset: values(&norm.bias).to_vec(),
            });
            if !is_trained {
                norm.mean = values(&norm.running_mean).to_vec();
                norm.var = values(&norm.running_var).to_vec();
            }
        }
    }

    /// If `node` is a batch norm that uses the batch's statistics: takes those of `n` maps.
    pub(super) fn take_statistics(&mut self, node: usize, n: usize, workspaces: &[Workspace]) {
        let nodes = &mut self.graph.nodes;
        let own = self
            .norms
            .get_mut(&node)
            .and_then(|norm| Some((norm.affine.as_ref()?, &mut norm.count)));
        let (Some((affine, count)), Some(norm)) = (
            own,
            self.origins
                .get_mut(&node)
                .and_then(|origin| origin.norm.as_mut()),
        ) else {
            return;
        };
        let from = nodes[node].step.inputs[0];
        let [height, width, channels] = nodes[from].step.shape;
        *count = n * height * width;
        // A channel's first value is near its mean where that is much larger than its deviation.
        let centre = &workspaces[0].buffers[from][..channels];
        let sums = workspaces
            .par_iter()
            .map(|part| channel_moments(&part.buffers[from], centre));
        let [sums, squares] = add_all(sums.collect());
        let mean = |sum: f64| sum / *count as f64;
        let means = sums.iter().zip(centre);
        norm.mean = means
            .map(|(sum, centre)| narrow(f64::from(*centre) + mean(*sum)))
            .collect();
        let variances = sums.iter().zip(&squares);
        let variances = variances.map(|(sum, square)| mean(*square) - mean(*sum).powi(2));
        // Rounding must not make it negative.
        norm.var = variances.map(|var| narrow(var.max(0.0))).collect();
        let (ones, zeros) = (vec![1.0; channels], vec![0.0; channels]);
        let (weights, bias) = norm.fold(ones, zeros, &affine.scale, &affine.offset);
        if let Op::Conv(conv) = &mut nodes[node].step.op {
            *conv = Conv::new(*conv.shape(), &weights, &bias, conv.activation());
        }
    }

    /// The running statistics after the last [`forward`](Self::forward): `write` gets each with its
    /// name, `values` gives those before.
    pub fn running_statistics(
        &self,
        values: impl Fn(&str) -> Vec<f32>,
        mut write: impl FnMut(&str, &[f32]),
    ) {
        for (node, own) in self.norms.iter().filter(|(_, norm)| norm.is_of_batch()) {
            let Some(norm) = &self.origins[node].norm else {
                continue;
            };
            let count = own.count as f64;
            // PyTorch keeps the unbiased variance for evaluation.
            let unbiased = count / (count - 1.0).max(1.0);
            for (name, new, factor) in [
                (&norm.running_mean, &norm.mean, 1.0),
                (&norm.running_var, &norm.var, unbiased),
            ] {
                let moved = values(name).into_iter().zip(new).map(|(old, new)| {
                    let moved = f64::from(*new) * factor * BatchNorm::MOMENTUM;
                    narrow(f64::from(old).mul_add(1.0 - BatchNorm::MOMENTUM, moved))
                });
                write(name, &moved.collect::<Vec<_>>());
            }
        }
    }

    /// The backward pass of a batch norm whose statistics are the batch's. The gradients found are
    /// those of its scale and offset.
    pub(super) fn norm_backward(
        &self,
        index: usize,
        own: &Norm,
        parts: &mut [Part<'_>],
    ) -> WeightGradients {
        let step = &self.graph.nodes[index].step;
        let (Op::Conv(conv), Some(norm), Some(affine)) =
            (&step.op, &self.origins[&index].norm, &own.affine)
        else {
            unreachable!("a batch norm is a convolution of one tap");
        };
        let from = step.inputs[0];
        let opened = parts.par_iter_mut().map(|part| {
            let gradient = part.gradients[index].take();
            let mut gradient = gradient.expect("every norm leads to the logits");
            activation_backward(conv.activation(), &part.values[index], &mut gradient);
            if let Some(shortcut) = step.inputs.get(1) {
                part.give_copy(*shortcut, &gradient);
            }
            let sums = channel_products(&gradient, &part.values[from], &norm.mean);
            (gradient, sums)
        });
        let (gradients, sums): (Vec<_>, Vec<_>) = opened.unzip();
        let (factors, found) = input_factors(norm, &affine.scale, own.count, &add_all(sums));
        let parts = parts.par_iter_mut().zip(gradients);
        parts.for_each(|(part, mut gradient)| {
            batch_norm_backward(&part.values[from], &factors, &mut gradient);
            part.give(from, gradient);
        });
        found
    }
}

/// What [`batch_norm_backward`] multiplies with, and the gradients of scale and offset, from the
/// sums of gradients and of their products with the centred map.
fn input_factors(
    norm: &NormOrigin,
    scale: &[f32],
    count: usize,
    [sums, products]: &[Vec<f64>; 2],
) -> ([Vec<f32>; 3], WeightGradients) {
    let mut factors = [const { Vec::new() }; 3];
    let mut found = WeightGradients::default();
    for channel in 0..scale.len() {
        let deviation = (f64::from(norm.var[channel]) + norm.eps).sqrt();
        let mean = f64::from(norm.mean[channel]);
        let of_scale = products[channel] / deviation;
        let of_gradient = f64::from(scale[channel]) / deviation;
        let of_map = -of_gradient * of_scale / (deviation * count as f64);
        let shift = -of_gradient * sums[channel] / count as f64 - of_map * mean;
        for (list, factor) in factors.iter_mut().zip([of_gradient, of_map, shift]) {
            list.push(narrow(factor));
        }
        found.weights.push(narrow(of_scale));
        found.bias.push(narrow(sums[channel]));
    }
    (factors, found)
}

/// The sums of several parts, added in order.
fn add_all(parts: Vec<[Vec<f64>; 2]>) -> [Vec<f64>; 2] {
    let mut parts = parts.into_iter();
    let mut totals = parts.next().unwrap_or_default();
    for part in parts {
        for (total, part) in totals.iter_mut().zip(part) {
            total
                .iter_mut()
                .zip(part)
                .for_each(|(total, sum)| *total += sum);
        }
    }
    totals
}

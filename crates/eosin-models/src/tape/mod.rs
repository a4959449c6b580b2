//! The last stages of a network on the CPU kernels, forward and backward.
//!
//! A batch is run in parts, each on a thread of its own, layer by layer. Batch norms that use their
//! running statistics stay folded into the convolutions: each step folds the new weights, and the
//! gradients of folded weights are taken apart again. Those that use the batch's are layers of
//! their own, whose sums over the parts are added in order: the result does not depend on the
//! number of threads.

mod opened;
mod part;

use std::collections::BTreeMap;

use burn::module::Module;
use eosin_kernels::Conv;
use eosin_kernels::backward::{
    ConvBackward, ConvGradients, activation_backward, batch_norm_backward, channel_moments,
    channel_products,
};
use rayon::prelude::*;

use self::part::Part;
use crate::engine::Architecture;
use crate::folding::narrow;
use crate::graph::{Graph, Layer, Workspace, in_memory};
use crate::layers::BatchNorm;
use crate::recording::{NormOrigin, Op, Origin};
use crate::state::tensor_names;
use crate::stored_network::StoredNetwork;

/// A network from a map to logits that can be differentiated with respect to its weights.
#[derive(Debug)]
pub struct Tape {
    graph: Graph,
    /// Convolutions and what they are folded from, by node. Of a batch norm by itself the
    /// statistics are those in use.
    origins: BTreeMap<usize, Origin>,
    /// The convolutions' backward passes, by node.
    backward: BTreeMap<usize, ConvBackward>,
    /// Batch norms that may use the batch's statistics, by node.
    norms: BTreeMap<usize, Norm>,
}

/// A batch norm as a layer of its own: a depthwise convolution of one tap.
#[derive(Clone, Debug)]
struct Norm {
    /// Ids of the running mean and variance.
    running: [u64; 2],
    /// Scale and offset, where the statistics are the batch's.
    affine: Option<(Vec<f32>, Vec<f32>)>,
    /// Values of a channel in the last batch.
    count: usize,
}

/// Gradients of folded weights, by node.
#[derive(Clone, Debug, Default)]
pub struct TapeGradients(BTreeMap<usize, ConvGradients>);

impl Tape {
    /// The stages of `network` from `cut` on, for maps of `[height, width, channels]`; `None` when a
    /// layer has no gradient here (attention, layer norms) or drops values out while training.
    /// Batch norms can use the batch's statistics if `batch_statistics` says so.
    pub fn tail_logits<A: Architecture + Module>(
        network: &A,
        cut: usize,
        map: [usize; 3],
        batch_statistics: bool,
    ) -> Option<Self> {
        let network = StoredNetwork::of(network);
        let mut recording = in_memory(network.record_tail_logits(cut, map));
        if recording.drops_out {
            return None;
        }
        if batch_statistics {
            recording = recording.with_open_norms();
        }
        let recording = recording.with_open_activations();
        let names = tensor_names(network.architecture());
        let ids: BTreeMap<&String, u64> = names.iter().map(|(id, name)| (name, *id)).collect();
        let (mut origins, mut norms) = (BTreeMap::new(), BTreeMap::new());
        for (node, step) in recording.steps.iter().enumerate() {
            match &step.op {
                Op::Conv { origin, .. } if !origin.scaled => {
                    let norm = origin.norm.as_ref().filter(|_| origin.weight.is_none());
                    if let Some(norm) = norm.filter(|_| batch_statistics) {
                        let path = names[&norm.weight].strip_suffix("weight")?;
                        let id = |of: &str| ids.get(&format!("{path}running_{of}")).copied();
                        let norm = Norm {
                            running: [id("mean")?, id("var")?],
                            affine: None,
                            count: 0,
                        };
                        norms.insert(node, norm);
                    }
                    origins.insert(node, origin.clone());
                }
                Op::Input
                | Op::Activate(_)
                | Op::MaxPool(_)
                | Op::AvgPool(..)
                | Op::AdaptiveAvgPool(_)
                | Op::Mean
                | Op::Flatten
                | Op::Concat
                | Op::AddToFirst
                | Op::Scale(_) => {}
                _ => return None,
            }
        }
        Some(Self {
            graph: in_memory(Graph::keeping_all(recording)),
            origins,
            backward: BTreeMap::new(),
            norms,
        })
    }

    /// Takes over new weights and running statistics; `values` gives those of a parameter by its
    /// id. `of_batch` says of a batch norm, by the id of its scale, whether it uses the batch's
    /// statistics.
    pub fn set_weights<'a>(
        &mut self,
        values: impl Fn(u64) -> &'a [f32] + Sync,
        of_batch: impl Fn(u64) -> bool,
    ) {
        for (node, own) in &mut self.norms {
            let origin = self.origins.get_mut(node);
            let Some(norm) = origin.and_then(|origin| origin.norm.as_mut()) else {
                continue;
            };
            let affine = || (values(norm.weight).to_vec(), values(norm.bias).to_vec());
            own.affine = of_batch(norm.weight).then(affine);
            if own.affine.is_none() {
                let [mean, var] = own.running.map(|id| values(id).to_vec());
                (norm.mean, norm.var) = (mean, var);
            }
        }
        let (norms, nodes) = (&self.norms, &self.graph.nodes);
        let folded = self.origins.par_iter().filter_map(|(node, origin)| {
            let Layer::Conv(conv) = &nodes[*node].layer else {
                return None;
            };
            if norms.get(node).is_some_and(|norm| norm.affine.is_some()) {
                return None;
            }
            let (weights, bias) = plain(conv, origin, &values);
            let (weights, bias) = match &origin.norm {
                Some(norm) => norm.fold(weights, bias, values(norm.weight), values(norm.bias)),
                None => (weights, bias),
            };
            let conv = Conv::new(*conv.shape(), &weights, &bias, conv.activation());
            let wants_input = nodes[*node].inputs[0] > 0;
            let backward = ConvBackward::new(*conv.shape(), &weights, wants_input);
            Some((*node, conv, backward))
        });
        for (node, conv, backward) in folded.collect::<Vec<_>>() {
            self.graph.nodes[node].layer = Layer::Conv(conv);
            self.backward.insert(node, backward);
        }
    }

    /// Values of one map.
    pub fn input_width(&self) -> usize {
        self.graph.input_shape().iter().product()
    }

    /// Logits of `maps`, run in parts of `together`; what the backward pass needs stays in the
    /// workspaces, one a part.
    ///
    /// # Panics
    /// When `maps` are not whole maps, or `together` is 0.
    pub fn forward(
        &mut self,
        maps: &[f32],
        together: usize,
        workspaces: &mut Vec<Workspace>,
    ) -> Vec<f32> {
        let width = self.input_width();
        assert!(maps.len().is_multiple_of(width), "maps must be whole");
        let parts = maps.len().div_ceil(together * width);
        workspaces.resize_with(parts, Workspace::default);
        for workspace in &mut *workspaces {
            self.graph.prepare(workspace);
        }
        for node in 0..self.graph.nodes.len() {
            self.take_statistics(node, maps.len() / width, workspaces);
            let graph = &self.graph;
            let parts = workspaces
                .par_iter_mut()
                .zip(maps.par_chunks(together * width));
            parts.for_each(|(workspace, maps)| {
                graph.run_node(node, maps.len() / width, maps, workspace);
            });
        }
        let logits = workspaces
            .iter()
            .map(|part| &*part.buffers[self.graph.output]);
        logits.collect::<Vec<_>>().concat()
    }

    /// If `node` is a batch norm that uses the batch's statistics: takes those of `n` maps.
    fn take_statistics(&mut self, node: usize, n: usize, workspaces: &[Workspace]) {
        let nodes = &mut self.graph.nodes;
        let own = self
            .norms
            .get_mut(&node)
            .and_then(|norm| Some((norm.affine.as_ref()?, &mut norm.count)));
        let (Some(((scale, offset), count)), Some(norm)) = (
            own,
            self.origins
                .get_mut(&node)
                .and_then(|origin| origin.norm.as_mut()),
        ) else {
            return;
        };
        let from = nodes[node].inputs[0];
        let [height, width, channels] = nodes[from].shape;
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
        let (weights, bias) = norm.fold(vec![1.0; channels], vec![0.0; channels], scale, offset);
        if let Layer::Conv(conv) = &mut nodes[node].layer {
            *conv = Conv::new(*conv.shape(), &weights, &bias, conv.activation());
        }
    }

    /// The running statistics after the last [`forward`](Self::forward): `write` gets each with its
    /// id, `values` gives those before.
    pub fn running_statistics(
        &self,
        values: impl Fn(u64) -> Vec<f32>,
        mut write: impl FnMut(u64, &[f32]),
    ) {
        for (node, own) in self.norms.iter().filter(|(_, norm)| norm.affine.is_some()) {
            let Some(norm) = &self.origins[node].norm else {
                continue;
            };
            let count = own.count as f64;
            // PyTorch keeps the unbiased variance for evaluation.
            let unbiased = count / (count - 1.0).max(1.0);
            for (id, new, factor) in [
                (own.running[0], &norm.mean, 1.0),
                (own.running[1], &norm.var, unbiased),
            ] {
                let moved = values(id).into_iter().zip(new).map(|(old, new)| {
                    let moved = f64::from(*new) * factor * BatchNorm::MOMENTUM;
                    narrow(f64::from(old).mul_add(1.0 - BatchNorm::MOMENTUM, moved))
                });
                write(id, &moved.collect::<Vec<_>>());
            }
        }
    }

    /// Gradients of the folded weights, given those of the logits of the last
    /// [`forward`](Self::forward) in these workspaces.
    pub fn backward(&self, of_logits: &[f32], workspaces: &mut [Workspace]) -> TapeGradients {
        let classes = self.graph.output_width();
        let mut rows = of_logits;
        let mut parts: Vec<Part<'_>> = workspaces
            .iter_mut()
            .map(|workspace| {
                let n = workspace.buffers[0].len() / self.input_width();
                let (own, rest) = rows.split_at(n * classes);
                rows = rest;
                let mut gradients = vec![None; self.graph.nodes.len()];
                let mut of_output = workspace.spare.take(own.len());
                of_output.extend_from_slice(own);
                gradients[self.graph.output] = Some(of_output);
                Part {
                    graph: &self.graph,
                    n,
                    values: &workspace.buffers,
                    gradients,
                    spare: &mut workspace.spare,
                    scratch: &mut workspace.scratch,
                }
            })
            .collect();
        let mut found = TapeGradients::default();
        for node in (1..self.graph.nodes.len()).rev() {
            if let Some(norm) = self.norms.get(&node)
                && let Some((scale, _)) = &norm.affine
            {
                let of_norm = self.norm_backward(node, (scale, norm.count), &mut parts);
                found.0.insert(node, of_norm);
                continue;
            }
            let backward = self.backward.get(&node);
            let each = parts.par_iter_mut().map(|part| part.node(node, backward));
            for gradients in each.collect::<Vec<_>>().into_iter().flatten() {
                match found.0.get_mut(&node) {
                    Some(sum) => sum.add(&gradients),
                    None => drop(found.0.insert(node, gradients)),
                }
            }
        }
        found
    }

    /// The backward pass of a batch norm whose statistics are the batch's, of `count` values a
    /// channel. The gradients found are those of its scale and offset.
    fn norm_backward(
        &self,
        index: usize,
        (scale, count): (&[f32], usize),
        parts: &mut [Part<'_>],
    ) -> ConvGradients {
        let node = &self.graph.nodes[index];
        let (Layer::Conv(conv), Some(norm)) = (&node.layer, &self.origins[&index].norm) else {
            unreachable!("a batch norm is a convolution of one tap");
        };
        let (from, channels) = (node.inputs[0], scale.len());
        let opened = parts.par_iter_mut().map(|part| {
            let gradient = part.gradients[index].take();
            let mut gradient = gradient.expect("every norm leads to the logits");
            activation_backward(conv.activation(), &part.values[index], &mut gradient);
            if let Some(shortcut) = node.inputs.get(1) {
                part.give_copy(*shortcut, &gradient);
            }
            let sums = channel_products(&gradient, &part.values[from], &norm.mean);
            (gradient, sums)
        });
        let (gradients, sums): (Vec<_>, Vec<_>) = opened.unzip();
        let [sums, products] = add_all(sums);
        let mut factors = [const { Vec::new() }; 3];
        let mut found = ConvGradients::default();
        for channel in 0..channels {
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
        let parts = parts.par_iter_mut().zip(gradients);
        parts.for_each(|(part, mut gradient)| {
            batch_norm_backward(&part.values[from], &factors, &mut gradient);
            part.give(from, gradient);
        });
        found
    }

    /// The gradients of the parameters behind folded ones: `write` gets each with its id. `values`
    /// as in [`set_weights`](Self::set_weights).
    pub fn parameter_gradients<'a>(
        &self,
        found: &TapeGradients,
        values: impl Fn(u64) -> &'a [f32],
        mut write: impl FnMut(u64, &[f32]),
    ) {
        for (node, gradients) in &found.0 {
            let (Layer::Conv(conv), origin) = (&self.graph.nodes[*node].layer, &self.origins[node])
            else {
                continue;
            };
            let mut of_weights = conv.shape().out_major(&gradients.weights);
            let mut of_bias = gradients.bias.clone();
            if let Some(norm) = &origin.norm {
                write(norm.bias, &of_bias);
                if self
                    .norms
                    .get(node)
                    .is_some_and(|norm| norm.affine.is_some())
                {
                    write(norm.weight, &of_weights);
                    continue;
                }
                let (weights, bias) = plain(conv, origin, &values);
                let of_scale = unfold(
                    norm,
                    values(norm.weight),
                    (&weights, &bias),
                    &mut of_weights,
                    &mut of_bias,
                );
                write(norm.weight, &of_scale);
            }
            if let Some(weight) = origin.weight {
                write(weight, &of_weights);
            }
            if let Some(bias) = origin.bias {
                write(bias, &of_bias);
            }
        }
    }
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

/// Weights and bias before any batch norm, in PyTorch's order.
fn plain<'a>(
    conv: &Conv,
    origin: &Origin,
    values: &impl Fn(u64) -> &'a [f32],
) -> (Vec<f32>, Vec<f32>) {
    let shape = conv.shape();
    let count = shape.cout * shape.cin / shape.groups * shape.kernel[0] * shape.kernel[1];
    let weights = origin
        .weight
        .map_or_else(|| vec![1.0; count], |id| values(id).to_vec());
    let bias = origin
        .bias
        .map_or_else(|| vec![0.0; shape.cout], |id| values(id).to_vec());
    (weights, bias)
}

/// From the gradients of `w f` and `(b - mean) f + offset`, `f = scale / sqrt(var + eps)`, to those
/// of `w` and `b`, in place, and of `scale`.
fn unfold(
    norm: &NormOrigin,
    scale: &[f32],
    (weights, bias): (&[f32], &[f32]),
    of_weights: &mut [f32],
    of_bias: &mut [f32],
) -> Vec<f32> {
    let each = weights.len() / bias.len();
    let of_scale = |out: usize| {
        let own = out * each..(out + 1) * each;
        let pairs = of_weights[own.clone()].iter().zip(&weights[own.clone()]);
        let product: f64 = pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        let centred = f64::from(bias[out]) - f64::from(norm.mean[out]);
        let sum = product + f64::from(of_bias[out]) * centred;
        let factor = norm.factor(scale, out);
        of_weights[own]
            .iter_mut()
            .for_each(|value| *value = narrow(f64::from(*value) * factor));
        of_bias[out] = narrow(f64::from(of_bias[out]) * factor);
        narrow(sum / (f64::from(norm.var[out]) + norm.eps).sqrt())
    };
    (0..bias.len()).map(of_scale).collect()
}

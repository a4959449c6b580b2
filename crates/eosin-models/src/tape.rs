//! The last stages of a network on the CPU kernels, forward and backward.
//!
//! Batch norms use their running statistics, so that images do not depend on each other and every
//! part of a batch can be run on a thread of its own. They stay folded into the convolutions: each
//! step folds the new weights, and the gradients of folded weights are taken apart again.

use std::collections::BTreeMap;

use eosin_kernels::backward::{
    ConvBackward, ConvGradients, activation_backward, adaptive_avg_pool_backward,
    avg_pool_backward, concat_backward, max_pool_backward, mean_backward, scale_backward,
};
use eosin_kernels::{Activation, Conv};

use crate::engine::Architecture;
use crate::graph::{Graph, Layer, Workspace};
use crate::recorder::narrow;
use crate::recording::{NormOrigin, Op, Origin, Recording};

/// A network from a map to logits that can be differentiated with respect to its weights.
#[derive(Debug)]
pub struct Tape {
    graph: Graph,
    /// Convolutions and what they are folded from, by node.
    origins: BTreeMap<usize, Origin>,
    /// The convolutions' backward passes, by node.
    backward: BTreeMap<usize, ConvBackward>,
}

/// Gradients of folded weights, by node.
#[derive(Clone, Debug, Default)]
pub struct TapeGradients(BTreeMap<usize, ConvGradients>);

impl TapeGradients {
    /// Adds those of another part of a batch.
    pub fn add(&mut self, other: &Self) {
        for (node, gradients) in &other.0 {
            match self.0.get_mut(node) {
                Some(sum) => sum.add(gradients),
                None => drop(self.0.insert(*node, gradients.clone())),
            }
        }
    }
}

impl Tape {
    /// The stages of `network` from `cut` on, for maps of `[height, width, channels]`; `None` when a
    /// layer has no gradient here (attention, layer norms) or drops values out while training.
    pub fn tail_logits<A: Architecture>(network: &A, cut: usize, map: [usize; 3]) -> Option<Self> {
        let recording = Recording::tail_logits(network, cut, map);
        if recording.drops_out {
            return None;
        }
        let recording = recording.with_open_activations();
        let mut origins = BTreeMap::new();
        for (node, step) in recording.steps.iter().enumerate() {
            match &step.op {
                Op::Conv { origin, .. } if !origin.scaled => {
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
        let graph = Graph::keeping_all(recording);
        Some(Self {
            graph,
            origins,
            backward: BTreeMap::new(),
        })
    }

    /// Takes over new weights; `values` gives those of a parameter by its id.
    pub fn set_weights<'a>(&mut self, values: impl Fn(u64) -> &'a [f32]) {
        for (node, origin) in &self.origins {
            let layer = &mut self.graph.nodes[*node];
            let Layer::Conv(conv) = &mut layer.layer else {
                continue;
            };
            let (weights, bias) = plain(conv, origin, &values);
            let (weights, bias) = match &origin.norm {
                Some(norm) => norm.fold(weights, bias, values(norm.weight), values(norm.bias)),
                None => (weights, bias),
            };
            *conv = Conv::new(*conv.shape(), &weights, &bias, conv.activation());
            let wants_input = layer.inputs[0] > 0;
            let backward = ConvBackward::new(*conv.shape(), &weights, wants_input);
            self.backward.insert(*node, backward);
        }
    }

    /// Values of one map.
    pub fn input_width(&self) -> usize {
        self.graph.input_shape().iter().product()
    }

    /// Logits of `n` maps; what the backward pass needs stays in the workspace.
    pub fn forward<'a>(&self, n: usize, maps: &[f32], workspace: &'a mut Workspace) -> &'a [f32] {
        self.graph.run(n, maps, workspace)
    }

    /// Gradients of the folded weights, given those of the logits of the last
    /// [`forward`](Self::forward) in this workspace.
    pub fn backward(&self, n: usize, of_logits: &[f32], workspace: &Workspace) -> TapeGradients {
        let mut pass = Backward {
            tape: self,
            n,
            values: &workspace.buffers,
            gradients: vec![None; self.graph.nodes.len()],
            scratch: Vec::new(),
            found: TapeGradients::default(),
        };
        pass.gradients[self.graph.output] = Some(of_logits.to_vec());
        for node in (1..self.graph.nodes.len()).rev() {
            if let Some(gradient) = pass.gradients[node].take() {
                pass.node(node, gradient);
            }
        }
        pass.found
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
            let mut of_weights = gradients.weights.clone();
            let mut of_bias = gradients.bias.clone();
            if let Some(norm) = &origin.norm {
                let (weights, bias) = plain(conv, origin, &values);
                let scale = values(norm.weight);
                write(norm.bias, &of_bias);
                let of_scale = unfold(
                    norm,
                    scale,
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

/// A backward pass under way.
struct Backward<'a> {
    tape: &'a Tape,
    n: usize,
    values: &'a [Vec<f32>],
    gradients: Vec<Option<Vec<f32>>>,
    scratch: Vec<f32>,
    found: TapeGradients,
}

impl Backward<'_> {
    fn give(&mut self, node: usize, gradient: Vec<f32>) {
        match &mut self.gradients[node] {
            Some(sum) => sum
                .iter_mut()
                .zip(gradient)
                .for_each(|(sum, value)| *sum += value),
            empty => *empty = Some(gradient),
        }
    }

    fn node(&mut self, index: usize, mut gradient: Vec<f32>) {
        let (graph, values) = (&self.tape.graph, self.values);
        let node = &graph.nodes[index];
        let from = node.inputs[0];
        let shape = graph.nodes[from].shape;
        let [height, width, channels] = shape;
        let x = &values[from];
        let to_input = match &node.layer {
            Layer::Conv(conv) => {
                activation_backward(conv.activation(), &values[index], &mut gradient);
                if let Some(shortcut) = node.inputs.get(1) {
                    self.give(*shortcut, gradient.clone());
                }
                let backward = &self.tape.backward[&index];
                let sizes = (self.n, height, width);
                let (found, of_input) = backward.run(sizes, x, &gradient, &mut self.scratch);
                self.found.0.insert(index, found);
                if from == 0 {
                    return;
                }
                of_input
            }
            Layer::Activate(activation) => {
                activation_backward(*activation, x, &mut gradient);
                gradient
            }
            Layer::MaxPool(pool) => max_pool_backward(pool, shape, x, &gradient),
            Layer::AvgPool(pool, padded) => avg_pool_backward(pool, *padded, shape, &gradient),
            Layer::AdaptiveAvgPool(side) => adaptive_avg_pool_backward(*side, shape, &gradient),
            Layer::Mean => mean_backward(height * width, channels, &gradient),
            Layer::Flatten => unflatten(height * width, channels, &gradient),
            Layer::Concat => {
                let mut first = 0;
                for input in &node.inputs {
                    let own = graph.nodes[*input].shape[2];
                    let part = concat_backward(&gradient, node.shape[2], (first, own));
                    self.give(*input, part);
                    first += own;
                }
                return;
            }
            Layer::AddToFirst => {
                let other = node.inputs[1];
                let fewer = graph.nodes[other].shape[2];
                self.give(other, concat_backward(&gradient, channels, (0, fewer)));
                gradient
            }
            Layer::Scale(activation) => {
                let gate = node.inputs[1];
                let (of_map, of_gate) = scale_backward(
                    [height * width, channels],
                    (x, &values[gate]),
                    (*activation, &values[index]),
                    gradient,
                );
                self.give(gate, of_gate);
                of_map
            }
            _ => unreachable!("a tape has no such layer"),
        };
        self.give(from, to_input);
    }
}

/// Values in the order channel, position back to position, channel.
fn unflatten(positions: usize, channels: usize, gradient: &[f32]) -> Vec<f32> {
    let images = gradient.chunks_exact(positions * channels);
    images
        .flat_map(|image| {
            (0..positions).flat_map(move |position| {
                (0..channels).map(move |channel| image[channel * positions + position])
            })
        })
        .collect()
}

impl Recording {
    /// The same with every activation whose derivative needs its input as a layer of its own.
    fn with_open_activations(self) -> Self {
        let mut steps = Vec::with_capacity(self.steps.len());
        let mut place = Vec::with_capacity(self.steps.len());
        for mut step in self.steps {
            for input in &mut step.inputs {
                *input = place[*input];
            }
            let opened = match &mut step.op {
                Op::Conv { activation, .. } | Op::Scale(activation)
                    if eosin_kernels::backward::needs_input(*activation) =>
                {
                    Some(std::mem::replace(activation, Activation::Identity))
                }
                _ => None,
            };
            let shape = step.shape;
            steps.push(step);
            if let Some(activation) = opened {
                let inputs = vec![steps.len() - 1];
                let op = Op::Activate(activation);
                steps.push(crate::recording::Step { op, inputs, shape });
            }
            place.push(steps.len() - 1);
        }
        Self {
            steps,
            output: place[self.output],
            ..self
        }
    }
}

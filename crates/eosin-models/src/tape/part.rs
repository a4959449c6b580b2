//! A part of a batch on its way back.

use eosin_kernels::add;
use eosin_kernels::backward::{
    ConvBackward, ConvGradients, activation_backward, adaptive_avg_pool_backward,
    avg_pool_backward, concat_backward, max_pool_backward, mean_backward, scale_backward,
};

use crate::graph::{Graph, Layer};
use crate::spare::Spare;

/// A part of a batch on its way back.
pub(super) struct Part<'a> {
    pub graph: &'a Graph,
    /// Maps.
    pub n: usize,
    /// Outputs of all nodes.
    pub values: &'a [Vec<f32>],
    /// Gradients of outputs, as far as they are known and wanted.
    pub gradients: Vec<Option<Vec<f32>>>,
    pub spare: &'a mut Spare,
    pub scratch: &'a mut Vec<f32>,
}

impl Part<'_> {
    /// Adds to the gradient of a node's output.
    pub fn give(&mut self, node: usize, gradient: Vec<f32>) {
        match &mut self.gradients[node] {
            Some(sum) => {
                add(sum, &gradient);
                self.spare.put(gradient);
            }
            empty => *empty = Some(gradient),
        }
    }

    /// Gives what is used on another way as well.
    pub fn give_copy(&mut self, node: usize, gradient: &[f32]) {
        if let Some(sum) = &mut self.gradients[node] {
            add(sum, gradient);
            return;
        }
        let mut copy = self.spare.take(gradient.len());
        copy.extend_from_slice(gradient);
        self.gradients[node] = Some(copy);
    }

    /// Takes the gradient of node `index` on to its inputs; `backward` is its pass if it is a
    /// convolution, whose gradients are returned.
    pub fn node(&mut self, index: usize, backward: Option<&ConvBackward>) -> Option<ConvGradients> {
        let mut gradient = self.gradients[index].take()?;
        let (graph, values) = (self.graph, self.values);
        let node = &graph.nodes[index];
        let from = node.inputs[0];
        let shape = graph.nodes[from].shape;
        let [height, width, channels] = shape;
        let x = &values[from];
        let to_input = match &node.layer {
            Layer::Conv(conv) => {
                activation_backward(conv.activation(), &values[index], &mut gradient);
                if let Some(shortcut) = node.inputs.get(1) {
                    self.give_copy(*shortcut, &gradient);
                }
                let sizes = (self.n, height, width);
                let mut of_input = self.spare.take(x.len());
                let found = backward?.run(sizes, x, &gradient, &mut of_input, self.scratch);
                self.spare.put(gradient);
                if from > 0 {
                    self.give(from, of_input);
                } else {
                    self.spare.put(of_input);
                }
                return Some(found);
            }
            Layer::Activate(activation) => {
                activation_backward(*activation, x, &mut gradient);
                gradient
            }
            Layer::MaxPool(_)
            | Layer::AvgPool(..)
            | Layer::AdaptiveAvgPool(_)
            | Layer::Mean
            | Layer::Flatten => {
                let memory = self.spare.take(x.len());
                let of_input = match &node.layer {
                    Layer::MaxPool(pool) => max_pool_backward(pool, shape, x, &gradient, memory),
                    Layer::AvgPool(pool, padded) => {
                        avg_pool_backward(pool, *padded, shape, &gradient, memory)
                    }
                    Layer::AdaptiveAvgPool(side) => {
                        adaptive_avg_pool_backward(*side, shape, &gradient, memory)
                    }
                    Layer::Mean => mean_backward([height * width, channels], &gradient, memory),
                    _ => unflatten([height * width, channels], &gradient, memory),
                };
                self.spare.put(gradient);
                of_input
            }
            Layer::Concat => {
                let mut first = 0;
                for input in &node.inputs {
                    let own = graph.nodes[*input].shape[2];
                    let memory = self.spare.take(values[*input].len());
                    let part = concat_backward(&gradient, node.shape[2], (first, own), memory);
                    self.give(*input, part);
                    first += own;
                }
                self.spare.put(gradient);
                return None;
            }
            Layer::AddToFirst => {
                let other = node.inputs[1];
                let fewer = graph.nodes[other].shape[2];
                let memory = self.spare.take(values[other].len());
                self.give(
                    other,
                    concat_backward(&gradient, channels, (0, fewer), memory),
                );
                gradient
            }
            Layer::Scale(activation) => {
                let gate = node.inputs[1];
                let memory = self.spare.take(values[gate].len());
                let (of_map, of_gate) = scale_backward(
                    [height * width, channels],
                    (x, &values[gate]),
                    (*activation, &values[index]),
                    gradient,
                    memory,
                );
                self.give(gate, of_gate);
                of_map
            }
            _ => unreachable!("a tape has no such layer"),
        };
        self.give(from, to_input);
        None
    }
}

/// Values in the order channel, position back to position, channel.
fn unflatten(
    [positions, channels]: [usize; 2],
    gradient: &[f32],
    mut memory: Vec<f32>,
) -> Vec<f32> {
    memory.clear();
    for image in gradient.chunks_exact(positions * channels) {
        for position in 0..positions {
            memory.extend((0..channels).map(|channel| image[channel * positions + position]));
        }
    }
    memory
}

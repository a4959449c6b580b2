//! A part of a batch on its way back.

use eosin_kernels::backward::{ConvBackward, WeightGradients, activation_backward};
use eosin_kernels::{Conv, add};

use super::dropout::Masks;
use crate::graph::{Graph, Node};
use crate::layer::{Input, Layer, Returned};
use crate::recording::Op;
use crate::spare::Spare;

/// What a way back is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sought {
    /// Gradients of what the network has learned.
    Weights,
    /// That of the maps that enter it, and no others.
    Maps,
}

/// A part of a batch on its way back.
pub(super) struct Part<'a> {
    pub graph: &'a Graph,
    pub sought: Sought,
    pub masks: &'a Masks,
    /// The first of its maps in the batch.
    pub first: usize,
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

    /// Forgets the gradient of a node that is not trained.
    pub fn drop_gradient(&mut self, node: usize) {
        if let Some(gradient) = self.gradients[node].take() {
            self.spare.put(gradient);
        }
    }

    /// Takes back the memory of a convolution's gradients.
    pub fn put_back(&mut self, gradients: WeightGradients) {
        self.spare.put(gradients.weights);
    }

    /// Takes the gradient of node `index` on to its inputs, and returns those of what the node has
    /// learned; `backward` is its pass if it is a convolution.
    pub fn node(
        &mut self,
        index: usize,
        backward: Option<&ConvBackward>,
    ) -> Option<WeightGradients> {
        let mut gradient = self.gradients[index].take()?;
        let node = &self.graph.nodes[index];
        let inputs = self.graph.inputs(node, self.values);
        match &node.step.op {
            Op::Conv(conv) => {
                activation_backward(conv.activation(), &self.values[index], &mut gradient);
                self.conv(node, conv, backward?, (inputs[0], gradient))
            }
            Op::Layer(layer) => {
                self.masks.apply(index, self.first, &mut gradient);
                self.layer(index, layer, &inputs, gradient)
            }
        }
    }

    /// `gradient` is that of the sums, before the activation.
    fn conv(
        &mut self,
        node: &Node,
        conv: &Conv,
        backward: &ConvBackward,
        (input, gradient): (Input<'_>, Vec<f32>),
    ) -> Option<WeightGradients> {
        debug_assert_eq!(conv.shape().cin, input.shape[2]);
        let from = node.step.inputs[0];
        if let Some(shortcut) = node.step.inputs.get(1) {
            self.give_copy(*shortcut, &gradient);
        }
        let [height, width, _] = input.shape;
        let mut of_input = self.spare.take(input.values.len());
        let sizes = (self.n, height, width);
        let found = match self.sought {
            Sought::Weights => {
                // The first part's gradients become the sum of all; the others' memory comes back.
                let memory = if self.first == 0 {
                    Vec::new()
                } else {
                    self.spare.take(backward.weights())
                };
                let values = input.values;
                Some(backward.run(
                    sizes,
                    values,
                    &gradient,
                    &mut of_input,
                    memory,
                    self.scratch,
                ))
            }
            Sought::Maps => {
                of_input.resize(input.values.len(), 0.0);
                backward.to_input(sizes, &gradient, &mut of_input, self.scratch);
                None
            }
        };
        self.spare.put(gradient);
        if backward.gives_input() {
            self.give(from, of_input);
        } else {
            self.spare.put(of_input);
        }
        found
    }

    fn layer(
        &mut self,
        index: usize,
        layer: &Layer,
        inputs: &[Input<'_>],
        gradient: Vec<f32>,
    ) -> Option<WeightGradients> {
        let returned = Returned {
            inputs,
            out: &self.values[index],
            gradient,
        };
        let given = layer.backward(returned, self.spare, self.scratch);
        let to = &self.graph.nodes[index].step.inputs;
        for (input, gradient) in to.iter().zip(given.of_inputs) {
            self.give(*input, gradient);
        }
        given.of_weights
    }
}

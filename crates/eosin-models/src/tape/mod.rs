//! The last stages of a network on the CPU kernels, forward and backward.
//!
//! A batch is run in parts, each on a thread of its own, layer by layer. Batch norms that use their
//! running statistics stay folded into the convolutions, as layer scales do: each step folds the new
//! weights, and the gradients of folded weights are taken apart again. Those that use the batch's are
//! layers of their own, whose sums over the parts are added in order: the result does not depend on
//! the number of threads.

mod dropout;
mod folded;
mod maps;
mod norm;
mod opened;
mod part;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use eosin_core::Rng;
use eosin_kernels::Conv;
use eosin_kernels::backward::{ConvBackward, WeightGradients};
use eosin_weights::WeightsError;
use rayon::prelude::*;

use self::dropout::Masks;
use self::folded::{folded, write_gradients};
use self::norm::Norm;
use self::part::{Part, Sought};
use crate::graph::{Graph, Workspace};
use crate::origin::Origin;
use crate::recording::{Op, Recording};
use crate::stored_network::StoredNetwork;

pub use self::maps::MapTape;

/// What batch norms normalise with while a network is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchStatistics {
    /// Their running statistics, which stay as they are.
    Frozen,
    /// Mean and variance of the batch, which the running statistics follow.
    OfBatch,
}

/// What of a network is trained, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tail {
    /// The first stage.
    pub cut: usize,
    /// Height, width and channels of the maps that enter it.
    pub map: [usize; 3],
    /// Share of the embedding's values that is dropped in front of the classifier.
    pub dropout: f64,
    /// What batch norms normalise with.
    pub norms: BatchStatistics,
}

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
    /// What the last forward pass has dropped.
    masks: Masks,
    /// Stages before it are frozen.
    first_stage: usize,
    sought: Sought,
}

/// Gradients of folded weights, by node.
#[derive(Clone, Debug, Default)]
pub struct TapeGradients(BTreeMap<usize, WeightGradients>);

impl Tape {
    /// The stages of `network` from a cut on, and its classifier.
    ///
    /// # Errors
    /// When weights cannot be read.
    pub fn new(network: &StoredNetwork, tail: &Tail) -> Result<Self, WeightsError> {
        let recording = network.record_training(tail.cut, tail.map, tail.dropout)?;
        Self::of(recording, tail.norms, Sought::Weights)
    }

    /// A recording made for training.
    fn of(
        mut recording: Recording,
        statistics: BatchStatistics,
        sought: Sought,
    ) -> Result<Self, WeightsError> {
        if statistics == BatchStatistics::OfBatch {
            recording = recording.with_open_norms();
        }
        let recording = recording.with_open_activations();
        let (mut origins, mut norms) = (BTreeMap::new(), BTreeMap::new());
        for (node, step) in recording.steps.iter().enumerate() {
            let Op::Conv(conv) = &step.op else { continue };
            let stands_alone = conv.origin.weight.is_none() && conv.origin.norm.is_some();
            if stands_alone && statistics == BatchStatistics::OfBatch {
                norms.insert(node, Norm::default());
            }
            origins.insert(node, conv.origin.clone());
        }
        Ok(Self {
            graph: Graph::keeping_all(recording)?,
            origins,
            backward: BTreeMap::new(),
            norms,
            masks: Masks::default(),
            first_stage: 0,
            sought,
        })
    }

    /// Takes over new weights and running statistics; `values` gives those of a parameter by its
    /// name. Stages before `first_stage` are frozen: they run as they do in evaluation.
    pub fn set_weights<'a>(
        &mut self,
        values: impl Fn(&str) -> &'a [f32] + Sync,
        first_stage: usize,
    ) {
        self.first_stage = first_stage;
        self.set_norms(&values);
        for node in &mut self.graph.nodes {
            if let Op::Layer(layer) = &mut node.step.op {
                for held in layer.held_mut().into_iter().flatten() {
                    held.values.clear();
                    held.values.extend_from_slice(values(&held.name));
                }
            }
        }
        let (norms, nodes, sought) = (&self.norms, &self.graph.nodes, self.sought);
        let packed = self.origins.par_iter().filter_map(|(node, origin)| {
            let step = &nodes[*node].step;
            let Op::Conv(conv) = &step.op else {
                return None;
            };
            if norms.get(node).is_some_and(Norm::is_of_batch) {
                return None;
            }
            let (weights, bias) = folded(*conv.shape(), origin, &values);
            let conv = Conv::new(*conv.shape(), &weights, &bias, conv.activation());
            let wants_input = step.inputs[0] > 0 || sought == Sought::Maps;
            let backward = ConvBackward::new(*conv.shape(), &weights, wants_input);
            Some((*node, conv, backward))
        });
        for (node, conv, backward) in packed.collect::<Vec<_>>() {
            self.graph.nodes[node].step.op = Op::Conv(conv);
            self.backward.insert(node, backward);
        }
    }

    /// Values of one map.
    pub fn input_width(&self) -> usize {
        self.graph.input_shape().iter().product()
    }

    /// Logits of `maps`, run in parts of `together`; what the backward pass needs stays in the
    /// workspaces, one a part. `dropout` draws what is dropped; without it nothing is.
    ///
    /// # Panics
    /// When `maps` are not whole maps, or `together` is 0.
    pub fn forward(
        &mut self,
        maps: &[f32],
        together: usize,
        dropout: Option<Rng>,
        workspaces: &mut Vec<Workspace>,
    ) -> Vec<f32> {
        let width = self.input_width();
        assert!(maps.len().is_multiple_of(width), "maps must be whole");
        let n = maps.len() / width;
        let parts = maps.len().div_ceil(together * width);
        workspaces.resize_with(parts, Workspace::default);
        for workspace in &mut *workspaces {
            self.graph.prepare(workspace);
        }
        self.masks = dropout.map_or_else(Masks::default, |rng| {
            Masks::new(&self.graph, self.first_stage, n, &rng)
        });
        for node in 0..self.graph.nodes.len() {
            self.take_statistics(node, n, workspaces);
            let (graph, masks) = (&self.graph, &self.masks);
            let parts = workspaces
                .par_iter_mut()
                .zip(maps.par_chunks(together * width))
                .enumerate();
            parts.for_each(|(part, (workspace, maps))| {
                graph.run_node(node, maps.len() / width, maps, workspace);
                masks.apply(node, part * together, &mut workspace.buffers[node]);
            });
        }
        let logits = workspaces
            .iter()
            .map(|part| &*part.buffers[self.graph.output]);
        logits.collect::<Vec<_>>().concat()
    }

    /// Gradients of the folded weights, given those of the logits of the last
    /// [`forward`](Self::forward) in these workspaces. Those of frozen stages are left out.
    pub fn backward(&self, of_logits: &[f32], workspaces: &mut [Workspace]) -> TapeGradients {
        let mut parts = self.parts(of_logits, workspaces);
        let found = self.way_back(&mut parts);
        // Nobody asks for the gradient of the maps.
        for part in &mut parts {
            part.drop_gradient(0);
        }
        found
    }

    /// Takes the gradient of the logits back to the maps, and gives those of folded weights on the way.
    fn way_back(&self, parts: &mut [Part<'_>]) -> TapeGradients {
        let mut found = TapeGradients::default();
        for node in (1..self.graph.nodes.len()).rev() {
            if self.graph.nodes[node].step.stage < self.first_stage {
                for part in &mut *parts {
                    part.drop_gradient(node);
                }
                continue;
            }
            if let Some(norm) = self.norms.get(&node)
                && norm.is_of_batch()
            {
                let of_norm = self.norm_backward(node, norm, parts);
                found.0.insert(node, of_norm);
                continue;
            }
            let backward = self.backward.get(&node);
            let each = parts.par_iter_mut().map(|part| part.node(node, backward));
            let each: Vec<Option<WeightGradients>> = each.collect();
            for (part, gradients) in parts.iter_mut().zip(each) {
                let Some(gradients) = gradients else { continue };
                match found.0.get_mut(&node) {
                    Some(sum) => {
                        sum.add(&gradients);
                        if backward.is_some() {
                            part.put_back(gradients);
                        }
                    }
                    None => drop(found.0.insert(node, gradients)),
                }
            }
        }
        found
    }

    /// The parts of a batch before their way back.
    fn parts<'a>(&'a self, of_logits: &[f32], workspaces: &'a mut [Workspace]) -> Vec<Part<'a>> {
        let (mut rows, mut first) = (of_logits, 0);
        let part = |workspace: &'a mut Workspace| {
            let n = workspace.buffers[0].len() / self.input_width();
            let (own, rest) = rows.split_at(n * self.graph.output_width());
            rows = rest;
            let mut gradients = vec![None; self.graph.nodes.len()];
            let mut of_output = workspace.spare.take(own.len());
            of_output.extend_from_slice(own);
            gradients[self.graph.output] = Some(of_output);
            first += n;
            Part {
                graph: &self.graph,
                sought: self.sought,
                masks: &self.masks,
                first: first - n,
                n,
                values: &workspace.buffers,
                gradients,
                spare: &mut workspace.spare,
                scratch: &mut workspace.scratch,
            }
        };
        workspaces.iter_mut().map(part).collect()
    }

    /// The gradients of the parameters behind folded ones: `write` gets each with its name.
    /// `values` as in [`set_weights`](Self::set_weights).
    pub fn parameter_gradients<'a>(
        &self,
        found: &TapeGradients,
        values: impl Fn(&str) -> &'a [f32],
        mut write: impl FnMut(&str, &[f32]),
    ) {
        for (node, gradients) in &found.0 {
            match &self.graph.nodes[*node].step.op {
                Op::Layer(layer) => {
                    if let Some([weights, bias]) = layer.held() {
                        write(&weights.name, &gradients.weights);
                        write(&bias.name, &gradients.bias);
                    }
                }
                Op::Conv(conv) => {
                    let (shape, origin) = (*conv.shape(), &self.origins[node]);
                    match (&origin.norm, self.norms.get(node)) {
                        (Some(norm), Some(own)) if own.is_of_batch() => {
                            write(&norm.bias, &gradients.bias);
                            write(&norm.weight, &gradients.weights);
                        }
                        _ => write_gradients(shape, origin, gradients, &values, &mut write),
                    }
                }
            }
        }
    }
}

//! A frozen network, recorded layer by layer, on the CPU kernels.

use eosin_kernels::{
    Activation, Conv, Padded, Pool, Precision, adaptive_avg_pool, add_to_first, attention,
    avg_pool, concat, global_avg_pool, layer_norm, max_pool, scale, split_attention, sum_splits,
};

use burn::module::Module;
use eosin_weights::WeightsError;

use crate::engine::Architecture;
use crate::folding::narrow;
use crate::recording::{MapShape, Op, Recording, Step};
use crate::spare::Spare;
use crate::stored_network::StoredNetwork;

/// One layer, its weights packed for the kernels. See [`Op`].
#[derive(Debug)]
pub(crate) enum Layer {
    Input,
    Conv(Conv),
    Activate(Activation),
    MaxPool(Pool),
    AvgPool(Pool, Padded),
    AdaptiveAvgPool(usize),
    Mean,
    Flatten,
    Concat,
    AddToFirst,
    Scale(Activation),
    SumSplits(usize),
    SplitAttention(usize),
    Normalise(Vec<f32>, Vec<f32>, f32),
    Attention(usize),
    Tokens(Vec<f32>, Vec<f32>),
    FirstToken,
}

impl Layer {
    fn new(op: Op, precision: Precision) -> Result<Self, WeightsError> {
        Ok(match op {
            Op::Input => Self::Input,
            Op::Conv {
                shape,
                weights,
                bias,
                activation,
                origin: _,
            } => Self::Conv(weights.pack(precision, shape, &bias, activation)?),
            Op::Activate(activation) => Self::Activate(activation),
            Op::MaxPool(pool) => Self::MaxPool(pool),
            Op::AvgPool(pool, padded) => Self::AvgPool(pool, padded),
            Op::AdaptiveAvgPool(side) => Self::AdaptiveAvgPool(side),
            Op::Mean => Self::Mean,
            Op::Flatten => Self::Flatten,
            Op::Concat => Self::Concat,
            Op::AddToFirst => Self::AddToFirst,
            Op::Scale(activation) => Self::Scale(activation),
            Op::SumSplits(radix) => Self::SumSplits(radix),
            Op::SplitAttention(radix) => Self::SplitAttention(radix),
            Op::LayerNorm { weight, bias, eps } => Self::Normalise(weight, bias, narrow(eps)),
            Op::Attention(heads) => Self::Attention(heads),
            Op::Tokens { first, positions } => Self::Tokens(first, positions),
            Op::FirstToken => Self::FirstToken,
        })
    }
}

/// One layer with the nodes that it reads and the buffer that it writes.
#[derive(Debug)]
pub(crate) struct Node {
    pub layer: Layer,
    pub inputs: Vec<usize>,
    pub shape: MapShape,
    buffer: usize,
}

/// A network for images of one size, ready to run.
#[derive(Debug)]
pub struct Graph {
    pub(crate) nodes: Vec<Node>,
    buffers: usize,
    pub(crate) output: usize,
    multiply_adds: u64,
}

/// The buffers that one thread computes in; reused from call to call.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(crate) buffers: Vec<Vec<f32>>,
    pub(crate) scratch: Vec<f32>,
    /// Memory of gradients that have been used.
    pub(crate) spare: Spare,
}

impl Graph {
    /// The embedding part of `network`, whose weights are its own, for images of `size` x `size`
    /// pixels.
    pub fn embedding<A: Architecture + Module>(network: &A, size: usize) -> Self {
        in_memory(StoredNetwork::of(network).embedding(size))
    }

    /// The whole of `network`, whose weights are its own, logits included, for images of `size` x
    /// `size` pixels.
    pub fn logits<A: Architecture + Module>(network: &A, size: usize) -> Self {
        Self::tail_logits(network, 0, [size, size, 3])
    }

    /// The stages of `network`, whose weights are its own, before `cut`, for images of `size` x
    /// `size` pixels.
    pub fn prefix<A: Architecture + Module>(network: &A, cut: usize, size: usize) -> Self {
        in_memory(StoredNetwork::of(network).prefix(cut, size))
    }

    /// The stages of `network`, whose weights are its own, from `cut` on, and its logits, for maps
    /// of `[height, width, channels]`.
    pub fn tail_logits<A: Architecture + Module>(network: &A, cut: usize, map: [usize; 3]) -> Self {
        in_memory(StoredNetwork::of(network).tail_logits(cut, map))
    }

    /// Packs the weights and assigns buffers so that a map's memory is reused once its last reader
    /// has run.
    ///
    /// # Errors
    /// When weights cannot be read.
    pub fn new(recording: Recording) -> Result<Self, WeightsError> {
        Self::in_precision(recording, Precision::F32)
    }

    /// As [`new`](Self::new), with dense convolutions and fully connected layers in fewer bits.
    ///
    /// # Errors
    /// When weights cannot be read.
    pub fn in_precision(recording: Recording, precision: Precision) -> Result<Self, WeightsError> {
        let mut graph = Self::packed(recording, precision)?;
        graph.share_buffers();
        Ok(graph)
    }

    /// As [`new`](Self::new), but every layer has a buffer of its own, numbered as the layer: after
    /// a run the workspace holds all outputs.
    pub(crate) fn keeping_all(recording: Recording) -> Result<Self, WeightsError> {
        Self::packed(recording, Precision::F32)
    }

    fn packed(recording: Recording, precision: Precision) -> Result<Self, WeightsError> {
        let pack = |(buffer, step): (usize, Step)| {
            Ok(Node {
                layer: Layer::new(step.op, precision)?,
                inputs: step.inputs,
                shape: step.shape,
                buffer,
            })
        };
        let nodes = recording.steps.into_iter().enumerate().map(pack);
        let nodes = nodes.collect::<Result<Vec<Node>, WeightsError>>()?;
        Ok(Self {
            buffers: nodes.len(),
            nodes,
            output: recording.output,
            multiply_adds: recording.multiply_adds,
        })
    }

    fn share_buffers(&mut self) {
        let (nodes, output) = (&mut self.nodes, self.output);
        let mut last_use = vec![0; nodes.len()];
        for (index, node) in nodes.iter().enumerate() {
            for input in &node.inputs {
                last_use[*input] = index;
            }
        }
        last_use[output] = nodes.len();
        let (mut free, mut buffers) = (Vec::new(), 0);
        for index in 0..nodes.len() {
            nodes[index].buffer = free.pop().unwrap_or_else(|| {
                buffers += 1;
                buffers - 1
            });
            let mut done: Vec<usize> = nodes[index].inputs.clone();
            done.sort_unstable();
            done.dedup();
            for input in done {
                if last_use[input] == index {
                    free.push(nodes[input].buffer);
                }
            }
        }
        self.buffers = buffers;
    }

    /// Height, width and channels of the input.
    pub fn input_shape(&self) -> [usize; 3] {
        self.nodes[0].shape
    }

    /// Height, width and channels of the output.
    pub fn output_shape(&self) -> [usize; 3] {
        self.nodes[self.output].shape
    }

    /// Values that one image gives.
    pub fn output_width(&self) -> usize {
        self.nodes[self.output].shape.iter().product()
    }

    /// Multiply-adds of one image.
    pub const fn multiply_adds(&self) -> u64 {
        self.multiply_adds
    }

    /// Runs `n` images (`[n, height, width, channels]`, normalised) on the calling thread and returns
    /// `[n, output_width]`, which stays in the workspace until its next use.
    ///
    /// # Panics
    /// When `images` has not `n` images of [`Self::input_shape`].
    pub fn run<'a>(&self, n: usize, images: &[f32], workspace: &'a mut Workspace) -> &'a [f32] {
        let [height, width, channels] = self.nodes[0].shape;
        assert_eq!(
            images.len(),
            n * height * width * channels,
            "images do not fit the graph"
        );
        self.prepare(workspace);
        for node in 0..self.nodes.len() {
            self.run_node(node, n, images, workspace);
        }
        &workspace.buffers[self.nodes[self.output].buffer]
    }

    /// Gives the workspace as many buffers as the graph needs.
    pub(crate) fn prepare(&self, workspace: &mut Workspace) {
        workspace.buffers.resize_with(self.buffers, Vec::new);
    }

    /// Runs one layer, the nodes that it reads having been run.
    pub(crate) fn run_node(
        &self,
        node: usize,
        n: usize,
        images: &[f32],
        workspace: &mut Workspace,
    ) {
        let node = &self.nodes[node];
        let mut out = std::mem::take(&mut workspace.buffers[node.buffer]);
        self.compute(node, n, images, &mut out, workspace);
        workspace.buffers[node.buffer] = out;
    }

    fn compute(
        &self,
        node: &Node,
        n: usize,
        images: &[f32],
        out: &mut Vec<f32>,
        workspace: &mut Workspace,
    ) {
        let Some(&from) = node.inputs.first() else {
            out.clear();
            out.extend_from_slice(images);
            return;
        };
        let Workspace {
            buffers, scratch, ..
        } = workspace;
        let input = |at: usize| &*buffers[self.nodes[node.inputs[at]].buffer];
        let from = &self.nodes[from];
        let x = input(0);
        let [height, width, channels] = from.shape;
        let positions = height * width;
        match &node.layer {
            Layer::Input => unreachable!("the input node reads no other"),
            Layer::Conv(conv) => {
                let shortcut = (node.inputs.len() > 1).then(|| input(1));
                out.resize(n * node.shape.iter().product::<usize>(), 0.0);
                conv.run((n, height, width), x, shortcut, out, scratch);
            }
            Layer::Activate(activation) => {
                out.clear();
                out.extend_from_slice(x);
                activation.apply(out);
            }
            Layer::MaxPool(pool) => max_pool(pool, from.shape, x, out),
            Layer::AvgPool(pool, padded) => avg_pool(pool, *padded, from.shape, x, out),
            Layer::AdaptiveAvgPool(side) => adaptive_avg_pool(*side, from.shape, x, out),
            Layer::Mean => global_avg_pool(positions, channels, x, out),
            Layer::Flatten => flatten([positions, channels], x, out),
            Layer::Concat => {
                let parts = node.inputs.iter().enumerate();
                let parts = parts.map(|(at, node)| (input(at), self.nodes[*node].shape[2]));
                concat(&parts.collect::<Vec<_>>(), out);
            }
            Layer::AddToFirst => {
                let fewer = self.nodes[node.inputs[1]].shape[2];
                add_to_first((x, channels), (input(1), fewer), out);
            }
            Layer::Scale(activation) => scale([positions, channels], x, input(1), *activation, out),
            Layer::SumSplits(radix) => sum_splits(x, channels / radix, *radix, out),
            Layer::SplitAttention(radix) => {
                split_attention([positions, channels / radix, *radix], x, input(1), out);
            }
            Layer::Normalise(weight, bias, eps) => layer_norm(x, weight, bias, *eps, out),
            Layer::Attention(heads) => {
                attention([positions, channels / 3, *heads], x, out, scratch);
            }
            Layer::Tokens(first, places) => tokens([positions, channels], first, places, x, out),
            Layer::FirstToken => {
                out.clear();
                for image in x.chunks_exact(positions * channels) {
                    out.extend_from_slice(&image[..channels]);
                }
            }
        }
    }
}

/// What came of reading weights from memory.
pub(crate) fn in_memory<T>(read: Result<T, WeightsError>) -> T {
    read.expect("weights in memory can be read")
}

fn flatten([positions, channels]: [usize; 2], x: &[f32], out: &mut Vec<f32>) {
    out.clear();
    for image in x.chunks_exact(positions * channels) {
        for channel in 0..channels {
            out.extend(image.iter().skip(channel).step_by(channels));
        }
    }
}

fn tokens(
    [positions, channels]: [usize; 2],
    first: &[f32],
    places: &[f32],
    x: &[f32],
    out: &mut Vec<f32>,
) {
    out.clear();
    for image in x.chunks_exact(positions * channels) {
        let tokens = first.iter().chain(image);
        out.extend(tokens.zip(places).map(|(token, place)| token + place));
    }
}

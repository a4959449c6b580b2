//! A frozen network, recorded layer by layer, on the CPU kernels.

use eosin_kernels::{Conv, Precision};
use eosin_weights::WeightsError;

use crate::layer::{Input, Layer};
use crate::recording::{Convolution, Op, Recording, Step};
use crate::spare::Spare;

/// One layer, its weights packed for the kernels, and the buffer that it writes.
#[derive(Debug)]
pub(crate) struct Node {
    pub step: Step<Conv>,
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
        let pack = |(buffer, step): (usize, Step<Convolution>)| {
            let step = step.packed(|conv| {
                conv.weights
                    .pack(precision, conv.shape, &conv.bias, conv.activation)
            })?;
            Ok(Node { step, buffer })
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
            for input in &node.step.inputs {
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
            let mut done: Vec<usize> = nodes[index].step.inputs.clone();
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
        self.nodes[0].step.shape
    }

    /// Height, width and channels of the output.
    pub fn output_shape(&self) -> [usize; 3] {
        self.nodes[self.output].step.shape
    }

    /// Values that one image gives.
    pub fn output_width(&self) -> usize {
        self.nodes[self.output].step.shape.iter().product()
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
        let [height, width, channels] = self.nodes[0].step.shape;
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
        let Workspace {
            buffers, scratch, ..
        } = workspace;
        let inputs = self.inputs(node, buffers);
        match &node.step.op {
            Op::Layer(Layer::Input) => {
                out.clear();
                out.extend_from_slice(images);
            }
            Op::Layer(layer) => layer.forward(&inputs, out, scratch),
            Op::Conv(conv) => {
                let [height, width, _] = inputs[0].shape;
                let shortcut = inputs.get(1).map(|input| input.values);
                out.resize(n * node.step.shape.iter().product::<usize>(), 0.0);
                conv.run((n, height, width), inputs[0].values, shortcut, out, scratch);
            }
        }
    }

    /// What `node` reads.
    pub(crate) fn inputs<'a>(&self, node: &Node, buffers: &'a [Vec<f32>]) -> Vec<Input<'a>> {
        let input = |at: &usize| Input {
            values: &buffers[self.nodes[*at].buffer],
            shape: self.nodes[*at].step.shape,
        };
        node.step.inputs.iter().map(input).collect()
    }
}

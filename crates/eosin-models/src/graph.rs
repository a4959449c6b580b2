//! A frozen network, recorded layer by layer, on the CPU kernels.

use eosin_kernels::{Conv, Pool, global_avg_pool, max_pool};

/// Height, width and channels of a feature map.
pub(crate) type MapShape = [usize; 3];

/// One recorded layer.
#[derive(Debug)]
pub(crate) enum Layer {
    /// The images, `[n, height, width, 3]`.
    Input,
    /// Convolution (or fully connected layer) with folded normalisation; the second input, when
    /// there is one, is added before the activation.
    Conv(Conv),
    /// Maximum over windows.
    MaxPool(Pool),
    /// Mean over positions.
    GlobalAvgPool,
    /// Values in the order channel, row, column.
    Flatten,
}

/// A layer with the nodes that it reads and the buffer that it writes.
#[derive(Debug)]
pub(crate) struct Node {
    pub layer: Layer,
    pub inputs: Vec<usize>,
    pub shape: MapShape,
    pub buffer: usize,
}

/// A network for images of one size, ready to run.
#[derive(Debug)]
pub struct Graph {
    nodes: Vec<Node>,
    buffers: usize,
    output: usize,
    multiply_adds: u64,
}

/// The buffers that one thread computes in; reused from call to call.
#[derive(Debug, Default)]
pub struct Workspace {
    buffers: Vec<Vec<f32>>,
    scratch: Vec<f32>,
}

impl Graph {
    /// Assigns buffers so that a map's memory is reused once its last reader has run.
    pub(crate) fn new(mut nodes: Vec<Node>, output: usize, multiply_adds: u64) -> Self {
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
        Self {
            nodes,
            buffers,
            output,
            multiply_adds,
        }
    }

    /// Height and width of the images.
    pub fn input_size(&self) -> [usize; 2] {
        let [height, width, _] = self.nodes[0].shape;
        [height, width]
    }

    /// Values that one image gives.
    pub fn output_width(&self) -> usize {
        self.nodes[self.output].shape.iter().product()
    }

    /// Multiply-adds of one image.
    pub const fn multiply_adds(&self) -> u64 {
        self.multiply_adds
    }

    /// Runs `n` images (`[n, height, width, 3]`, normalised) on the calling thread and returns
    /// `[n, output_width]`, which stays in the workspace until its next use.
    ///
    /// # Panics
    /// When `images` has not `n` images of [`Self::input_size`].
    pub fn run<'a>(&self, n: usize, images: &[f32], workspace: &'a mut Workspace) -> &'a [f32] {
        let [height, width, channels] = self.nodes[0].shape;
        assert_eq!(
            images.len(),
            n * height * width * channels,
            "images do not fit the graph"
        );
        workspace.buffers.resize_with(self.buffers, Vec::new);
        for node in &self.nodes {
            let mut out = std::mem::take(&mut workspace.buffers[node.buffer]);
            self.run_node(node, n, images, &mut out, workspace);
            workspace.buffers[node.buffer] = out;
        }
        &workspace.buffers[self.nodes[self.output].buffer]
    }

    fn run_node(
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
        let Workspace { buffers, scratch } = workspace;
        let from = &self.nodes[from];
        let input = &buffers[from.buffer];
        let [height, width, channels] = from.shape;
        match &node.layer {
            Layer::Input => unreachable!("the input node reads no other"),
            Layer::Conv(conv) => {
                let shortcut = node
                    .inputs
                    .get(1)
                    .map(|at| &*buffers[self.nodes[*at].buffer]);
                out.resize(n * node.shape.iter().product::<usize>(), 0.0);
                conv.run((n, height, width), input, shortcut, out, scratch);
            }
            Layer::MaxPool(pool) => max_pool(pool, from.shape, input, out),
            Layer::GlobalAvgPool => global_avg_pool(height * width, channels, input, out),
            Layer::Flatten => {
                out.clear();
                for image in input.chunks_exact(height * width * channels) {
                    for channel in 0..channels {
                        out.extend(image.iter().skip(channel).step_by(channels));
                    }
                }
            }
        }
    }
}

//! The layers of a network in order, and where their weights are: what [`crate::Graph`] runs and what an
//! ONNX file says.

use eosin_kernels::{Activation, ConvShape, Padded, Pool};

use crate::filters::Filters;

/// Height, width and channels of a feature map.
pub(crate) type MapShape = [usize; 3];

/// One recorded layer.
#[derive(Debug)]
pub(crate) enum Op {
    /// The images, `[n, height, width, 3]`.
    Input,
    /// Convolution (or fully connected layer) with folded normalisation; the second input, when
    /// there is one, is added before the activation.
    Conv {
        shape: ConvShape,
        weights: Filters,
        bias: Vec<f32>,
        activation: Activation,
        /// The parameters that weights and bias were folded from.
        origin: Origin,
    },
    /// An activation by itself.
    Activate(Activation),
    /// Maximum over windows.
    MaxPool(Pool),
    /// Mean over windows.
    AvgPool(Pool, Padded),
    /// Mean over so many windows along each axis.
    AdaptiveAvgPool(usize),
    /// Mean over positions.
    Mean,
    /// Values in the order channel, row, column.
    Flatten,
    /// Channels of all inputs, one after another.
    Concat,
    /// The second input is added to the first channels of the first.
    AddToFirst,
    /// The first input times the second, which has one position.
    Scale(Activation),
    /// Sum of so many parts of the channels.
    SumSplits(usize),
    /// Sum of parts of the channels, weighted by the softmax of the second input.
    SplitAttention(usize),
    /// Normalisation over channels.
    LayerNorm {
        weight: Vec<f32>,
        bias: Vec<f32>,
        eps: f64,
    },
    /// Self-attention with so many heads.
    Attention(usize),
    /// Positions as tokens behind a first one; `positions` are `[tokens, channels]`.
    Tokens {
        first: Vec<f32>,
        positions: Vec<f32>,
    },
    /// The first token.
    FirstToken,
}

/// The parameters of a convolution, by their ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// Absent where the weights are ones.
    pub weight: Option<u64>,
    pub bias: Option<u64>,
    pub norm: Option<NormOrigin>,
    /// Whether something else was folded in that cannot be told apart again.
    pub scaled: bool,
}

/// A batch norm that was folded into a convolution.
#[derive(Clone, Debug)]
pub(crate) struct NormOrigin {
    pub weight: u64,
    pub bias: u64,
    pub mean: Vec<f32>,
    pub var: Vec<f32>,
    pub eps: f64,
}

/// One recorded layer with the nodes that it reads.
#[derive(Debug)]
pub(crate) struct Step {
    pub op: Op,
    pub inputs: Vec<usize>,
    pub shape: MapShape,
}

/// A network for images of one size, as a list of layers.
#[derive(Debug)]
pub struct Recording {
    pub(crate) steps: Vec<Step>,
    pub(crate) output: usize,
    pub(crate) multiply_adds: u64,
    /// Whether layers were left out that act in training only.
    pub(crate) drops_out: bool,
}

impl Recording {
    /// Multiply-adds of one image, in convolutions, fully connected layers and attention.
    pub const fn multiply_adds(&self) -> u64 {
        self.multiply_adds
    }

    /// Height, width and channels of the output.
    pub fn output_shape(&self) -> [usize; 3] {
        self.steps[self.output].shape
    }
}

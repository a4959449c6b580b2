//! The one form of a network: its layers in order, and where their weights are. A
//! [`crate::Graph`] runs it, a [`crate::Tape`] also backward, an ONNX file says it.

use eosin_kernels::{Activation, ConvShape};

use crate::filters::Filters;
use crate::layer::Layer;
use crate::origin::Origin;
use crate::shape::MapShape;

/// One layer; `C` is how a convolution is held: as [recorded](Convolution), or packed.
#[derive(Debug)]
pub(crate) enum Op<C> {
    /// Convolution (or fully connected layer) with folded normalisation; the second input, when
    /// there is one, is added before the activation.
    Conv(C),
    /// Any other layer.
    Layer(Layer),
}

/// A recorded convolution, whose weights have not been read yet.
#[derive(Debug)]
pub(crate) struct Convolution {
    pub shape: ConvShape,
    pub weights: Filters,
    pub bias: Vec<f32>,
    pub activation: Activation,
    /// The parameters that weights and bias were folded from.
    pub origin: Origin,
}

/// One layer with the steps that it reads.
#[derive(Debug)]
pub(crate) struct Step<C> {
    pub op: Op<C>,
    pub inputs: Vec<usize>,
    pub shape: MapShape,
    /// The stage that it belongs to; what follows the last stage has their number.
    pub stage: usize,
}

impl<C> Step<C> {
    /// The same with its convolution held otherwise.
    ///
    /// # Errors
    /// What `pack` fails with.
    pub fn packed<D, E>(self, pack: impl FnOnce(C) -> Result<D, E>) -> Result<Step<D>, E> {
        Ok(Step {
            op: match self.op {
                Op::Conv(conv) => Op::Conv(pack(conv)?),
                Op::Layer(layer) => Op::Layer(layer),
            },
            inputs: self.inputs,
            shape: self.shape,
            stage: self.stage,
        })
    }
}

/// A network for images of one size, as a list of layers.
#[derive(Debug)]
pub struct Recording {
    pub(crate) steps: Vec<Step<Convolution>>,
    pub(crate) output: usize,
    pub(crate) multiply_adds: u64,
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

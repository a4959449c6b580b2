//! Records an architecture as a [`Recording`], folding batch norms into the convolutions.

use std::cell::{Cell, RefCell};

use burn::module::{Module, Param, ParamId};
use burn::tensor::Tensor;
use eosin_kernels::{Activation, ConvShape, Padded, Padding, Pool};
use eosin_weights::{TensorDict, WeightsError};

use crate::engine::{Architecture, Engine};
use crate::filters::Factors;
use crate::folding::{Folded, Weights};
use crate::layers::{BatchNorm, Conv2d, LayerNorm, Linear};
use crate::recording::{MapShape, Op, Recording, Step};

/// Notes layers instead of computing them.
#[derive(Debug)]
pub(crate) struct Recorder<'a> {
    steps: RefCell<Vec<Step>>,
    multiply_adds: RefCell<u64>,
    /// `None`: only shapes and costs are wanted.
    weights: Option<&'a Weights<'a>>,
    /// Every parameter that has been met; of a batch norm its scale and offset.
    met: RefCell<Vec<ParamId>>,
    drops_out: Cell<bool>,
}

impl Recording {
    /// What `body` makes of a map of this shape with `network` and its `weights`, which have been
    /// checked to fit.
    pub(crate) fn new<M: Module>(
        network: &M,
        weights: &TensorDict,
        input: MapShape,
        body: impl FnOnce(&Recorder<'_>, usize) -> usize,
    ) -> Result<Self, WeightsError> {
        let weights = Weights::new(network, weights);
        let (recorder, input) = Recorder::new(input, Some(&weights));
        let output = body(&recorder, input);
        let recording = Self::of(recorder, output);
        weights.finish().map(|()| recording)
    }

    /// The stages of `network` before `cut` for images of `size` x `size` pixels, but only shapes
    /// and costs: no weight is read.
    pub fn prefix_shape<A: Architecture>(network: &A, cut: usize, size: usize) -> Self {
        let (recorder, input) = Recorder::of_shapes([size, size, 3]);
        let output = network.prefix(&recorder, cut, input);
        Self::of(recorder, output)
    }

    /// The embedding part of `network` for images of `size` x `size` pixels, but only shapes and
    /// costs: no weight is read.
    pub fn embedding_shape<A: Architecture>(network: &A, size: usize) -> Self {
        let (recorder, input) = Recorder::of_shapes([size, size, 3]);
        let output = network.embed(&recorder, input);
        Self::of(recorder, output)
    }

    fn of(recorder: Recorder<'_>, output: usize) -> Self {
        Self {
            steps: recorder.steps.into_inner(),
            output,
            multiply_adds: recorder.multiply_adds.into_inner(),
            drops_out: recorder.drops_out.into_inner(),
        }
    }
}

impl<'a> Recorder<'a> {
    /// A recorder of shapes, and the map that enters the network.
    pub(crate) fn of_shapes(input: MapShape) -> (Self, usize) {
        Self::new(input, None)
    }

    fn new(input: MapShape, weights: Option<&'a Weights<'a>>) -> (Self, usize) {
        let recorder = Self {
            steps: RefCell::default(),
            multiply_adds: RefCell::default(),
            weights,
            met: RefCell::default(),
            drops_out: Cell::default(),
        };
        let input = recorder.push(Op::Input, vec![], input);
        (recorder, input)
    }

    /// The parameters met since the last call.
    pub(crate) fn take_met(&self) -> Vec<ParamId> {
        self.met.take()
    }

    fn meet<const D: usize>(&self, param: &Param<Tensor<D>>) {
        self.met.borrow_mut().push(param.id);
    }

    fn push(&self, op: Op, inputs: Vec<usize>, shape: MapShape) -> usize {
        let mut steps = self.steps.borrow_mut();
        steps.push(Step { op, inputs, shape });
        steps.len() - 1
    }

    fn shape(&self, step: usize) -> MapShape {
        self.steps.borrow()[step].shape
    }

    /// The values of a tensor that is no convolution's; none where weights are not wanted.
    fn values<const D: usize>(&self, param: &Param<Tensor<D>>) -> Vec<f32> {
        let values = self.weights.map(|weights| weights.values(param));
        values.unwrap_or_default()
    }

    fn push_conv(
        &self,
        shape: ConvShape,
        folded: Folded,
        activation: Activation,
        inputs: Vec<usize>,
    ) -> usize {
        let [height, width, _] = self.shape(inputs[0]);
        let (rows, columns) = shape
            .output_size(height, width)
            .expect("the registry's smallest size keeps every window inside the map");
        *self.multiply_adds.borrow_mut() += shape.multiply_adds(height, width);
        let op = Op::Conv {
            shape,
            weights: folded.weights,
            bias: folded.bias,
            activation,
            origin: folded.origin,
        };
        self.push(op, inputs, [rows, columns, shape.cout])
    }

    /// Weights and bias of `outputs` filters with the normalisation folded in.
    fn fold<const D: usize>(
        &self,
        weight: Option<&Param<Tensor<D>>>,
        bias: Option<&Param<Tensor<1>>>,
        outputs: usize,
        norm: Option<&BatchNorm>,
    ) -> Folded {
        if let Some(weight) = weight {
            self.meet(weight);
        }
        if let Some(bias) = bias {
            self.meet(bias);
        }
        if let Some(norm) = norm {
            self.meet(&norm.weight);
            self.meet(&norm.bias);
        }
        let folded = self
            .weights
            .map(|weights| weights.fold(weight, bias, outputs, norm));
        folded.unwrap_or_default()
    }
}

/// A 1x1 convolution.
fn pointwise(cin: usize, cout: usize, groups: usize) -> ConvShape {
    ConvShape {
        cin,
        cout,
        kernel: [1, 1],
        stride: 1,
        dilation: 1,
        padding: Padding::default(),
        groups,
    }
}

impl Engine for Recorder<'_> {
    type Map = usize;
    type Vector = usize;

    fn conv(
        &self,
        x: usize,
        conv: &Conv2d,
        norm: Option<&BatchNorm>,
        shortcut: Option<usize>,
        activation: Activation,
    ) -> usize {
        let [height, width, cin] = self.shape(x);
        let cout = conv.weight.lazy_shape()[0];
        let geometry = &conv.geometry;
        let shape = ConvShape {
            kernel: [geometry.kernel; 2],
            stride: geometry.stride,
            padding: geometry.padding(height, width),
            ..pointwise(cin, cout, geometry.groups)
        };
        let folded = self.fold(Some(&conv.weight), conv.bias.as_ref(), cout, norm);
        let inputs = std::iter::once(x).chain(shortcut).collect();
        self.push_conv(shape, folded, activation, inputs)
    }

    fn batch_norm(&self, x: usize, norm: &BatchNorm, activation: Activation) -> usize {
        // A depthwise convolution of one tap.
        let [_, _, channels] = self.shape(x);
        let folded = self.fold::<1>(None, None, channels, Some(norm));
        let before = *self.multiply_adds.borrow();
        let shape = pointwise(channels, channels, channels);
        let step = self.push_conv(shape, folded, activation, vec![x]);
        // The field counts no normalisation.
        *self.multiply_adds.borrow_mut() = before;
        step
    }

    fn layer_norm(&self, x: usize, norm: &LayerNorm) -> usize {
        self.meet(&norm.weight);
        self.meet(&norm.bias);
        let op = Op::LayerNorm {
            weight: self.values(&norm.weight),
            bias: self.values(&norm.bias),
            eps: norm.eps,
        };
        self.push(op, vec![x], self.shape(x))
    }

    fn project(
        &self,
        x: usize,
        linear: &Linear,
        gamma: Option<&Param<Tensor<1>>>,
        shortcut: Option<usize>,
        activation: Activation,
    ) -> usize {
        let [outputs, inputs] = linear.weight.lazy_shape().dims();
        let mut folded = self.fold(Some(&linear.weight), Some(&linear.bias), outputs, None);
        if let Some(gamma) = gamma {
            self.meet(gamma);
        }
        if let Some(gamma) = gamma.filter(|_| self.weights.is_some()) {
            let gamma = self.values(gamma);
            for (bias, gamma) in folded.bias.iter_mut().zip(&gamma) {
                *bias *= gamma;
            }
            folded.weights = folded.weights.with(Factors::Layer(gamma));
            folded.origin.scaled = true;
        }
        let inputs_of = std::iter::once(x).chain(shortcut).collect();
        self.push_conv(pointwise(inputs, outputs, 1), folded, activation, inputs_of)
    }

    fn attention(&self, qkv: usize, heads: usize) -> usize {
        let [tokens, _, wide] = self.shape(qkv);
        *self.multiply_adds.borrow_mut() += (2 * tokens * tokens * wide / 3) as u64;
        self.push(Op::Attention(heads), vec![qkv], [tokens, 1, wide / 3])
    }

    fn tokens(&self, x: usize, first: &Param<Tensor<3>>, positions: &Param<Tensor<3>>) -> usize {
        let [height, width, channels] = self.shape(x);
        self.meet(first);
        self.meet(positions);
        let op = Op::Tokens {
            first: self.values(first),
            positions: self.values(positions),
        };
        self.push(op, vec![x], [height * width + 1, 1, channels])
    }

    fn first_token(&self, x: usize) -> usize {
        let [_, _, channels] = self.shape(x);
        self.push(Op::FirstToken, vec![x], [1, 1, channels])
    }

    fn linear(
        &self,
        x: usize,
        linear: &Linear,
        norm: Option<&BatchNorm>,
        activation: Activation,
    ) -> usize {
        let [outputs, inputs] = linear.weight.lazy_shape().dims();
        let folded = self.fold(Some(&linear.weight), Some(&linear.bias), outputs, norm);
        // Over a map of one position.
        self.push_conv(pointwise(inputs, outputs, 1), folded, activation, vec![x])
    }

    fn max_pool(&self, x: usize, pool: Pool) -> usize {
        let [height, width, channels] = self.shape(x);
        let shape = [pool.output_size(height), pool.output_size(width), channels];
        self.push(Op::MaxPool(pool), vec![x], shape)
    }

    fn avg_pool(&self, x: usize, pool: Pool, padded: Padded) -> usize {
        let [height, width, channels] = self.shape(x);
        let shape = [pool.output_size(height), pool.output_size(width), channels];
        self.push(Op::AvgPool(pool, padded), vec![x], shape)
    }

    fn adaptive_avg_pool(&self, x: usize, side: usize) -> usize {
        let [_, _, channels] = self.shape(x);
        self.push(Op::AdaptiveAvgPool(side), vec![x], [side, side, channels])
    }

    fn mean(&self, x: usize) -> usize {
        let [_, _, channels] = self.shape(x);
        self.push(Op::Mean, vec![x], [1, 1, channels])
    }

    fn concat(&self, maps: &[usize]) -> usize {
        let [height, width, _] = self.shape(maps[0]);
        let channels = maps.iter().map(|map| self.shape(*map)[2]).sum();
        self.push(Op::Concat, maps.to_vec(), [height, width, channels])
    }

    fn add_to_first(&self, x: usize, other: usize) -> usize {
        self.push(Op::AddToFirst, vec![x, other], self.shape(x))
    }

    fn scale(&self, x: usize, gate: usize, activation: Activation) -> usize {
        self.push(Op::Scale(activation), vec![x, gate], self.shape(x))
    }

    fn sum_splits(&self, x: usize, radix: usize) -> usize {
        let [height, width, channels] = self.shape(x);
        self.push(
            Op::SumSplits(radix),
            vec![x],
            [height, width, channels / radix],
        )
    }

    fn split_attention(&self, x: usize, logits: usize, radix: usize) -> usize {
        let [height, width, channels] = self.shape(x);
        let shape = [height, width, channels / radix];
        self.push(Op::SplitAttention(radix), vec![x, logits], shape)
    }

    fn flatten(&self, x: usize) -> usize {
        let width = self.shape(x).iter().product();
        self.push(Op::Flatten, vec![x], [1, 1, width])
    }

    fn dropout_map(&self, x: usize, rate: f64) -> usize {
        self.drops_out.set(self.drops_out.get() || rate > 0.0);
        x
    }

    fn dropout(&self, x: usize, rate: f64) -> usize {
        self.dropout_map(x, rate)
    }

    fn size(&self, x: &usize) -> [usize; 2] {
        let [height, width, _] = self.shape(*x);
        [height, width]
    }
}

//! Notes the layers of an architecture as a [`Recording`], folding batch norms into the
//! convolutions.

use std::cell::{Cell, RefCell};

use eosin_kernels::{Activation, ConvShape, Padded, Pool};
use eosin_weights::{TensorDict, WeightsError};

use crate::filters::Factors;
use crate::folding::{Folded, Weights};
use crate::layer::Layer;
use crate::layers::{BatchNorm, Conv2d, LayerNorm, Linear, pointwise};
use crate::origin::Held;
use crate::param::Param;
use crate::recording::{Convolution, Op, Recording, Step};
use crate::shape::MapShape;

/// A feature map that has been noted: `[n, height, width, channels]`; tokens are a map of one
/// column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Map(usize);

/// A batch of feature vectors that has been noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vector(usize);

/// What a recording is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Running the network as it is: layers that act in training only are left out.
    Inference,
    /// Training it.
    Training,
}

/// Takes down the layers that an architecture asks for, in order.
#[derive(Debug)]
pub struct Recorder {
    steps: RefCell<Vec<Step<Convolution>>>,
    multiply_adds: Cell<u64>,
    /// `None`: only shapes and costs are wanted.
    weights: Option<Weights>,
    purpose: Purpose,
    stage: Cell<usize>,
    /// Every parameter that has been met, by name, with its stage.
    met: RefCell<Vec<(String, usize)>>,
}

impl Recording {
    /// What `body` makes of a map of this shape with these `weights`, which have been checked to
    /// fit.
    pub(crate) fn new(
        weights: &TensorDict,
        purpose: Purpose,
        input: MapShape,
        body: impl FnOnce(&Recorder, Map) -> usize,
    ) -> Result<Self, WeightsError> {
        let (recorder, input) = Recorder::new(input, Some(Weights::new(weights)), purpose);
        let output = body(&recorder, input);
        recorder.finish(output)
    }

    /// Only the shapes and costs of what `body` makes of an image of `size` x `size` pixels.
    pub(crate) fn of_shapes(size: usize, body: impl FnOnce(&Recorder, Map) -> usize) -> Self {
        let (recorder, input) = Recorder::of_shapes([size, size, 3]);
        let output = body(&recorder, input);
        let recording = recorder.finish(output);
        recording.expect("where nothing is read, nothing fails")
    }
}

impl Map {
    /// Its step.
    pub(crate) const fn step(self) -> usize {
        self.0
    }
}

impl Vector {
    /// Its step.
    pub(crate) const fn step(self) -> usize {
        self.0
    }
}

impl Recorder {
    /// A recorder of shapes, and the map that enters the network.
    pub(crate) fn of_shapes(input: MapShape) -> (Self, Map) {
        Self::new(input, None, Purpose::Inference)
    }

    fn new(input: MapShape, weights: Option<Weights>, purpose: Purpose) -> (Self, Map) {
        let recorder = Self {
            steps: RefCell::default(),
            multiply_adds: Cell::default(),
            weights,
            purpose,
            stage: Cell::default(),
            met: RefCell::default(),
        };
        let input = recorder.push(Op::Layer(Layer::Input), vec![], input);
        (recorder, Map(input))
    }

    fn finish(self, output: usize) -> Result<Recording, WeightsError> {
        if let Some(weights) = self.weights {
            weights.finish()?;
        }
        Ok(Recording {
            steps: self.steps.into_inner(),
            output,
            multiply_adds: self.multiply_adds.get(),
        })
    }

    /// What follows belongs to this stage.
    pub(crate) fn enter_stage(&self, stage: usize) {
        self.stage.set(stage);
    }

    /// The names of all parameters that were met, each with its stage.
    pub(crate) fn into_met(self) -> Vec<(String, usize)> {
        self.met.into_inner()
    }

    fn meet(&self, param: &Param) {
        let name = param.name().to_owned();
        self.met.borrow_mut().push((name, self.stage.get()));
    }

    fn push(&self, op: Op<Convolution>, inputs: Vec<usize>, shape: MapShape) -> usize {
        let mut steps = self.steps.borrow_mut();
        let stage = self.stage.get();
        steps.push(Step {
            op,
            inputs,
            shape,
            stage,
        });
        steps.len() - 1
    }

    fn push_layer(&self, layer: Layer, inputs: Vec<usize>, shape: MapShape) -> Map {
        Map(self.push(Op::Layer(layer), inputs, shape))
    }

    fn shape(&self, map: Map) -> MapShape {
        self.steps.borrow()[map.0].shape
    }

    /// A tensor that is no convolution's; without values where weights are not wanted.
    fn held(&self, param: &Param) -> Held {
        self.meet(param);
        let values = self.weights.as_ref().map(|weights| weights.values(param));
        Held {
            name: param.name().to_owned(),
            values: values.unwrap_or_default(),
        }
    }

    fn add_multiply_adds(&self, count: u64) {
        self.multiply_adds.set(self.multiply_adds.get() + count);
    }

    fn push_conv(
        &self,
        shape: ConvShape,
        folded: Folded,
        activation: Activation,
        inputs: Vec<usize>,
    ) -> usize {
        let [height, width, _] = self.shape(Map(inputs[0]));
        let (rows, columns) = shape
            .output_size(height, width)
            .expect("the registry's smallest size keeps every window inside the map");
        self.add_multiply_adds(shape.multiply_adds(height, width));
        let op = Op::Conv(Convolution {
            shape,
            weights: folded.weights,
            bias: folded.bias,
            activation,
            origin: folded.origin,
        });
        self.push(op, inputs, [rows, columns, shape.cout])
    }

    /// Weights and bias of `outputs` filters with the normalisation folded in.
    fn fold(
        &self,
        weight: Option<&Param>,
        bias: Option<&Param>,
        outputs: usize,
        norm: Option<&BatchNorm>,
    ) -> Folded {
        for param in weight.into_iter().chain(bias) {
            self.meet(param);
        }
        if let Some(norm) = norm {
            for param in [
                &norm.weight,
                &norm.bias,
                &norm.running_mean,
                &norm.running_var,
            ] {
                self.meet(param);
            }
        }
        let weights = self.weights.as_ref();
        let folded = weights.map(|weights| weights.fold(weight, bias, outputs, norm));
        folded.unwrap_or_default()
    }
}

/// The layers that an architecture can ask for.
impl Recorder {
    /// `activation(norm(conv(x)) + shortcut)`.
    pub(crate) fn conv(
        &self,
        x: Map,
        conv: &Conv2d,
        norm: Option<&BatchNorm>,
        shortcut: Option<Map>,
        activation: Activation,
    ) -> Map {
        let [height, width, cin] = self.shape(x);
        let cout = conv.weight.shape()[0];
        let geometry = &conv.geometry;
        let shape = ConvShape {
            kernel: [geometry.kernel; 2],
            stride: geometry.stride,
            padding: geometry.padding(height, width),
            ..pointwise(cin, cout, geometry.groups)
        };
        let folded = self.fold(Some(&conv.weight), conv.bias.as_ref(), cout, norm);
        let inputs = std::iter::once(x).chain(shortcut).map(Map::step).collect();
        Map(self.push_conv(shape, folded, activation, inputs))
    }

    /// `activation(norm(conv(x)))`.
    pub(crate) fn conv_norm(
        &self,
        x: Map,
        conv: &Conv2d,
        norm: &BatchNorm,
        activation: Activation,
    ) -> Map {
        self.conv(x, conv, Some(norm), None, activation)
    }

    /// `activation(conv(x))`.
    pub(crate) fn conv_act(&self, x: Map, conv: &Conv2d, activation: Activation) -> Map {
        self.conv(x, conv, None, None, activation)
    }

    /// `activation(norm(x))`, where the norm follows no convolution.
    pub(crate) fn batch_norm(&self, x: Map, norm: &BatchNorm, activation: Activation) -> Map {
        // A depthwise convolution of one tap.
        let [_, _, channels] = self.shape(x);
        let folded = self.fold(None, None, channels, Some(norm));
        let before = self.multiply_adds.get();
        let shape = pointwise(channels, channels, channels);
        let step = self.push_conv(shape, folded, activation, vec![x.0]);
        // The field counts no normalisation.
        self.multiply_adds.set(before);
        Map(step)
    }

    /// Normalisation of each position over its channels.
    pub(crate) fn layer_norm(&self, x: Map, norm: &LayerNorm) -> Map {
        let layer = Layer::Norm {
            weight: self.held(&norm.weight),
            bias: self.held(&norm.bias),
            eps: norm.eps,
        };
        self.push_layer(layer, vec![x.0], self.shape(x))
    }

    /// `activation(gamma * linear(x) + shortcut)` at each position.
    pub(crate) fn project(
        &self,
        x: Map,
        linear: &Linear,
        gamma: Option<&Param>,
        shortcut: Option<Map>,
        activation: Activation,
    ) -> Map {
        let mut folded = self.fold_linear(linear, None);
        if let Some(gamma) = gamma {
            let gamma = self.held(gamma);
            for (bias, gamma) in folded.bias.iter_mut().zip(&gamma.values) {
                *bias *= gamma;
            }
            folded.weights = folded.weights.with(Factors::Layer(gamma.values));
            folded.origin.gamma = Some(gamma.name);
        }
        let inputs = std::iter::once(x).chain(shortcut).map(Map::step).collect();
        Map(self.push_conv(linear.pointwise(), folded, activation, inputs))
    }

    /// `activation(norm(linear(x)))`.
    pub(crate) fn linear(
        &self,
        x: Vector,
        linear: &Linear,
        norm: Option<&BatchNorm>,
        activation: Activation,
    ) -> Vector {
        let folded = self.fold_linear(linear, norm);
        // Over a map of one position.
        Vector(self.push_conv(linear.pointwise(), folded, activation, vec![x.0]))
    }

    fn fold_linear(&self, linear: &Linear, norm: Option<&BatchNorm>) -> Folded {
        let outputs = linear.pointwise().cout;
        self.fold(Some(&linear.weight), Some(&linear.bias), outputs, norm)
    }

    /// Multi-head self-attention over all positions; the channels of `qkv` are queries, keys and
    /// values, each divided among the heads.
    pub(crate) fn attention(&self, qkv: Map, heads: usize) -> Map {
        let [tokens, _, wide] = self.shape(qkv);
        self.add_multiply_adds((2 * tokens * tokens * wide / 3) as u64);
        self.push_layer(Layer::Attention(heads), vec![qkv.0], [tokens, 1, wide / 3])
    }

    /// The positions of `x` as tokens behind a `first` one (`[1, 1, channels]`), with `positions`
    /// (`[1, tokens, channels]`) added.
    pub(crate) fn tokens(&self, x: Map, first: &Param, positions: &Param) -> Map {
        let [height, width, channels] = self.shape(x);
        let layer = Layer::Tokens {
            first: self.held(first),
            positions: self.held(positions),
        };
        self.push_layer(layer, vec![x.0], [height * width + 1, 1, channels])
    }

    /// The first token.
    pub(crate) fn first_token(&self, x: Map) -> Vector {
        let [_, _, channels] = self.shape(x);
        Vector(
            self.push_layer(Layer::FirstToken, vec![x.0], [1, 1, channels])
                .0,
        )
    }

    /// Maximum over windows.
    pub(crate) fn max_pool(&self, x: Map, pool: Pool) -> Map {
        let [height, width, channels] = self.shape(x);
        let shape = [pool.output_size(height), pool.output_size(width), channels];
        self.push_layer(Layer::MaxPool(pool), vec![x.0], shape)
    }

    /// Mean over windows.
    pub(crate) fn avg_pool(&self, x: Map, pool: Pool, padded: Padded) -> Map {
        let [height, width, channels] = self.shape(x);
        let shape = [pool.output_size(height), pool.output_size(width), channels];
        self.push_layer(Layer::AvgPool(pool, padded), vec![x.0], shape)
    }

    /// Mean over `side` x `side` windows that tile the map.
    pub(crate) fn adaptive_avg_pool(&self, x: Map, side: usize) -> Map {
        let [_, _, channels] = self.shape(x);
        let shape = [side, side, channels];
        self.push_layer(Layer::AdaptiveAvgPool(side), vec![x.0], shape)
    }

    /// Mean over all positions, a map of one position.
    pub(crate) fn mean(&self, x: Map) -> Map {
        let [_, _, channels] = self.shape(x);
        self.push_layer(Layer::Mean, vec![x.0], [1, 1, channels])
    }

    /// The maps' channels one after another.
    pub(crate) fn concat(&self, maps: &[Map]) -> Map {
        let [height, width, _] = self.shape(maps[0]);
        let channels = maps.iter().map(|map| self.shape(*map)[2]).sum();
        let inputs = maps.iter().copied().map(Map::step).collect();
        self.push_layer(Layer::Concat, inputs, [height, width, channels])
    }

    /// `x` with `other` added to its first channels.
    pub(crate) fn add_to_first(&self, x: Map, other: Map) -> Map {
        self.push_layer(Layer::AddToFirst, vec![x.0, other.0], self.shape(x))
    }

    /// `activation(x * gate)`; `gate` has one position.
    pub(crate) fn scale(&self, x: Map, gate: Map, activation: Activation) -> Map {
        let inputs = vec![x.0, gate.0];
        self.push_layer(Layer::Scale(activation), inputs, self.shape(x))
    }

    /// The sum of `radix` equal parts of the channels.
    pub(crate) fn sum_splits(&self, x: Map, radix: usize) -> Map {
        let [height, width, channels] = self.shape(x);
        let shape = [height, width, channels / radix];
        self.push_layer(Layer::SumSplits(radix), vec![x.0], shape)
    }

    /// The sum of `radix` equal parts of the channels, weighted by the softmax over the parts of
    /// `logits`, which has one position.
    pub(crate) fn split_attention(&self, x: Map, logits: Map, radix: usize) -> Map {
        let [height, width, channels] = self.shape(x);
        let shape = [height, width, channels / radix];
        self.push_layer(Layer::SplitAttention(radix), vec![x.0, logits.0], shape)
    }

    /// All values of an image in the order channel, row, column.
    pub(crate) fn flatten(&self, x: Map) -> Vector {
        let width = self.shape(x).iter().product();
        Vector(self.push_layer(Layer::Flatten, vec![x.0], [1, 1, width]).0)
    }

    /// Zeroes a share `rate` of a map's values while training, and scales the others up.
    pub(crate) fn dropout_map(&self, x: Map, rate: f64) -> Map {
        if rate > 0.0 && self.purpose == Purpose::Training {
            return self.push_layer(Layer::Dropout(rate), vec![x.0], self.shape(x));
        }
        x
    }

    /// Zeroes a share `rate` of a vector's values while training, and scales the others up.
    pub(crate) fn dropout(&self, x: Vector, rate: f64) -> Vector {
        Vector(self.dropout_map(Map(x.0), rate).0)
    }

    /// Height and width of a map.
    pub(crate) fn size(&self, x: Map) -> [usize; 2] {
        let [height, width, _] = self.shape(x);
        [height, width]
    }
}

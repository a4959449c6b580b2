//! Records an architecture as a [`Recording`], folding batch norms into the convolutions.

use std::cell::{Cell, RefCell};

use burn::module::{Param, ParamId};
use burn::tensor::Tensor;
use eosin_kernels::{Activation, ConvShape, Padded, Padding, Pool};

use crate::engine::{Architecture, Engine};
use crate::layers::{BatchNorm, Conv2d, LayerNorm, Linear};
use crate::recording::{MapShape, NormOrigin, Op, Origin, Recording, Step};

/// Notes layers instead of computing them.
#[derive(Debug)]
pub(crate) struct Recorder {
    steps: RefCell<Vec<Step>>,
    multiply_adds: RefCell<u64>,
    keeps_weights: bool,
    /// Every parameter that has been met; of a batch norm its scale and offset.
    met: RefCell<Vec<ParamId>>,
    drops_out: Cell<bool>,
}

impl Recording {
    /// The embedding part of `network` for images of `size` x `size` pixels.
    pub fn embedding<A: Architecture>(network: &A, size: usize) -> Self {
        Self::new([size, size, 3], true, |recorder, x| {
            network.embed(recorder, x)
        })
    }

    /// The whole of `network`, logits included, for images of `size` x `size` pixels.
    pub fn logits<A: Architecture>(network: &A, size: usize) -> Self {
        Self::tail_logits(network, 0, [size, size, 3])
    }

    /// The stages of `network` before `cut`: the output is a feature map.
    pub fn prefix<A: Architecture>(network: &A, cut: usize, size: usize) -> Self {
        Self::new([size, size, 3], true, |recorder, x| {
            network.prefix(recorder, cut, x)
        })
    }

    /// The stages of `network` from `cut` on, and its logits, for maps of `[height, width,
    /// channels]`.
    pub fn tail_logits<A: Architecture>(network: &A, cut: usize, map: [usize; 3]) -> Self {
        Self::new(map, true, |recorder, x| {
            network.tail_logits(recorder, cut, x, 0.0)
        })
    }

    /// As [`prefix`](Self::prefix), but only shapes and costs: no weight is read.
    pub fn prefix_shape<A: Architecture>(network: &A, cut: usize, size: usize) -> Self {
        Self::new([size, size, 3], false, |recorder, x| {
            network.prefix(recorder, cut, x)
        })
    }

    /// As [`embedding`](Self::embedding), but only shapes and costs: no weight is read.
    pub fn embedding_shape<A: Architecture>(network: &A, size: usize) -> Self {
        Self::new([size, size, 3], false, |recorder, x| {
            network.embed(recorder, x)
        })
    }

    fn new(
        input: MapShape,
        keeps_weights: bool,
        body: impl FnOnce(&Recorder, usize) -> usize,
    ) -> Self {
        let (recorder, input) = Recorder::new(input, keeps_weights);
        let output = body(&recorder, input);
        Self {
            steps: recorder.steps.into_inner(),
            output,
            multiply_adds: recorder.multiply_adds.into_inner(),
            drops_out: recorder.drops_out.into_inner(),
        }
    }
}

impl Recorder {
    /// A recorder, and the map that enters the network.
    pub(crate) fn new(input: MapShape, keeps_weights: bool) -> (Self, usize) {
        let recorder = Self {
            steps: RefCell::default(),
            multiply_adds: RefCell::default(),
            keeps_weights,
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

    fn values<const D: usize>(&self, tensor: Tensor<D>) -> Vec<f32> {
        if !self.keeps_weights {
            return Vec::new();
        }
        tensor
            .into_data()
            .try_to_vec()
            .expect("weights are held as f32")
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
    fn fold(
        &self,
        (weight, weights): (Option<ParamId>, Vec<f32>),
        bias: Option<&Param<Tensor<1>>>,
        outputs: usize,
        norm: Option<&BatchNorm>,
    ) -> Folded {
        if let Some(bias) = bias {
            self.meet(bias);
        }
        if let Some(norm) = norm {
            self.meet(&norm.weight);
            self.meet(&norm.bias);
        }
        if !self.keeps_weights {
            return Folded::default();
        }
        let mut origin = Origin {
            weight: weight.map(|id| id.val()),
            bias: bias.map(|bias| bias.id.val()),
            ..Origin::default()
        };
        let bias = bias.map_or_else(|| vec![0.0; outputs], |bias| self.values(bias.val()));
        let Some(norm) = norm else {
            return Folded {
                weights,
                bias,
                origin,
            };
        };
        let scale = self.values(norm.weight.val());
        let offset = self.values(norm.bias.val());
        let norm = NormOrigin {
            weight: norm.weight.id.val(),
            bias: norm.bias.id.val(),
            mean: self.values(norm.running_mean.value_sync()),
            var: self.values(norm.running_var.value_sync()),
            eps: norm.eps,
        };
        let (weights, bias) = norm.fold(weights, bias, &scale, &offset);
        origin.norm = Some(norm);
        Folded {
            weights,
            bias,
            origin,
        }
    }
}

/// Weights and bias of a convolution, and what they were folded from.
#[derive(Default)]
struct Folded {
    weights: Vec<f32>,
    bias: Vec<f32>,
    origin: Origin,
}

impl NormOrigin {
    /// Scale over deviation of output `out`, given the scales.
    pub(crate) fn factor(&self, scale: &[f32], out: usize) -> f64 {
        f64::from(scale[out]) / (f64::from(self.var[out]) + self.eps).sqrt()
    }

    /// `w' = w * factor`, `b' = (b - mean) * factor + offset` for each output, in `f64`.
    pub(crate) fn fold(
        &self,
        mut weights: Vec<f32>,
        mut bias: Vec<f32>,
        scale: &[f32],
        offset: &[f32],
    ) -> (Vec<f32>, Vec<f32>) {
        let each = weights.len() / bias.len().max(1);
        for (out, bias) in bias.iter_mut().enumerate() {
            let factor = self.factor(scale, out);
            for weight in &mut weights[out * each..(out + 1) * each] {
                *weight = narrow(f64::from(*weight) * factor);
            }
            let centred = f64::from(*bias) - f64::from(self.mean[out]);
            *bias = narrow(centred.mul_add(factor, f64::from(offset[out])));
        }
        (weights, bias)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "weights are kept in single precision"
)]
pub(crate) const fn narrow(value: f64) -> f32 {
    value as f32
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

impl Engine for Recorder {
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
        let [cout, ..] = conv.weight.dims();
        let geometry = &conv.geometry;
        let shape = ConvShape {
            kernel: [geometry.kernel; 2],
            stride: geometry.stride,
            padding: geometry.padding(height, width),
            ..pointwise(cin, cout, geometry.groups)
        };
        self.meet(&conv.weight);
        let weights = (Some(conv.weight.id), self.values(conv.weight.val()));
        let folded = self.fold(weights, conv.bias.as_ref(), cout, norm);
        let inputs = std::iter::once(x).chain(shortcut).collect();
        self.push_conv(shape, folded, activation, inputs)
    }

    fn batch_norm(&self, x: usize, norm: &BatchNorm, activation: Activation) -> usize {
        // A depthwise convolution of one tap.
        let [_, _, channels] = self.shape(x);
        let folded = self.fold((None, vec![1.0; channels]), None, channels, Some(norm));
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
            weight: self.values(norm.weight.val()),
            bias: self.values(norm.bias.val()),
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
        let [outputs, inputs] = linear.weight.dims();
        self.meet(&linear.weight);
        let weights = (Some(linear.weight.id), self.values(linear.weight.val()));
        let mut folded = self.fold(weights, Some(&linear.bias), outputs, None);
        if let Some(gamma) = gamma {
            self.meet(gamma);
        }
        if let Some(gamma) = gamma.filter(|_| self.keeps_weights) {
            let gamma = self.values(gamma.val());
            for (out, gamma) in gamma.into_iter().enumerate() {
                let own = &mut folded.weights[out * inputs..(out + 1) * inputs];
                for weight in own {
                    *weight *= gamma;
                }
                folded.bias[out] *= gamma;
            }
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
            first: self.values(first.val()),
            positions: self.values(positions.val()),
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
        let [outputs, inputs] = linear.weight.dims();
        self.meet(&linear.weight);
        let weights = (Some(linear.weight.id), self.values(linear.weight.val()));
        let folded = self.fold(weights, Some(&linear.bias), outputs, norm);
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

//! Runs an architecture with Burn tensors, differentiably.

use std::cell::RefCell;

use burn::module::Param;
use burn::tensor::activation::{gelu, relu, sigmoid, silu, softmax};
use burn::tensor::module::{
    adaptive_avg_pool2d, avg_pool2d, batch_norm, batch_norm_train, conv2d, linear, max_pool2d,
};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData};
use eosin_core::Rng;
use eosin_kernels::{Activation, Padded, Pool};
use rand::RngExt as _;

use crate::engine::Engine;
use crate::folding::narrow;
use crate::layers::{BatchNorm, Conv2d, LayerNorm, Linear};

/// Runs on any Burn device; batch norm and dropout follow the mode.
#[derive(Debug)]
pub struct BurnEngine {
    dropout: Option<RefCell<Rng>>,
    batch_statistics: bool,
}

impl BurnEngine {
    /// Batch norm uses its running statistics, dropout does nothing.
    pub const fn evaluating() -> Self {
        Self {
            dropout: None,
            batch_statistics: false,
        }
    }

    /// Batch norm uses and updates batch statistics; `dropout` draws the masks.
    pub const fn training(dropout: Rng) -> Self {
        Self {
            dropout: Some(RefCell::new(dropout)),
            batch_statistics: true,
        }
    }

    /// Batch norm uses its running statistics; `dropout` draws the masks.
    pub const fn tuning(dropout: Rng) -> Self {
        Self {
            dropout: Some(RefCell::new(dropout)),
            batch_statistics: false,
        }
    }

    fn normalise<const D: usize>(&self, x: Tensor<D>, norm: &BatchNorm) -> Tensor<D> {
        let (weight, bias) = (norm.weight.val(), norm.bias.val());
        if !self.batch_statistics {
            let (mean, var) = (
                norm.running_mean.value_sync(),
                norm.running_var.value_sync(),
            );
            return batch_norm(x, weight, bias, mean, var, norm.eps);
        }
        let dims = x.dims();
        let count = (dims.iter().product::<usize>() / dims[1]) as f64;
        let result = batch_norm_train(x, weight, bias, norm.eps);
        let keep = 1.0 - BatchNorm::MOMENTUM;
        // PyTorch keeps the unbiased variance for evaluation.
        let unbiased = count / (count - 1.0).max(1.0);
        let mean = result.mean.detach() * BatchNorm::MOMENTUM;
        let var = result.variance.detach() * (BatchNorm::MOMENTUM * unbiased);
        norm.running_mean
            .update(norm.running_mean.value_sync().mul_scalar(keep) + mean);
        norm.running_var
            .update(norm.running_var.value_sync().mul_scalar(keep) + var);
        // Publishes the update at once: a module visited later must see it.
        norm.running_mean.value_sync();
        norm.running_var.value_sync();
        result.output
    }

    fn drop<const D: usize>(&self, x: Tensor<D>, rate: f64) -> Tensor<D> {
        let Some(rng) = self.dropout.as_ref().filter(|_| rate > 0.0) else {
            return x;
        };
        let mut rng = rng.borrow_mut();
        let scale = narrow(1.0 / (1.0 - rate));
        let kept = |drawn: f64| if drawn < rate { 0.0 } else { scale };
        let mask: Vec<f32> = (0..x.dims().iter().product())
            .map(|_| kept(rng.random()))
            .collect();
        let mask = Tensor::<D>::from_data(TensorData::new(mask, x.dims()), &x.device());
        x * mask
    }
}

fn activate<const D: usize>(x: Tensor<D>, activation: Activation) -> Tensor<D> {
    match activation {
        Activation::Identity => x,
        Activation::Relu => relu(x),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::Sigmoid => sigmoid(x),
        Activation::Silu => silu(x),
        Activation::HardSigmoid => hard_sigmoid(x),
        Activation::HardSwish => x.clone() * hard_sigmoid(x),
        Activation::Gelu => gelu(x),
    }
}

fn hard_sigmoid<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    (x + 3.0).clamp(0.0, 6.0) / 6.0
}

/// `linear` at every position of a map.
fn at_positions(x: Tensor<4>, layer: &Linear) -> Tensor<4> {
    let [n, channels, height, width] = x.dims();
    let rows = x
        .permute([0, 2, 3, 1])
        .reshape([n * height * width, channels]);
    let out = linear(rows, layer.weight.val().transpose(), Some(layer.bias.val()));
    let [_, outputs] = out.dims();
    out.reshape([n, height, width, outputs])
        .permute([0, 3, 1, 2])
}

fn add<const D: usize>(x: Tensor<D>, shortcut: Option<Tensor<D>>) -> Tensor<D> {
    match shortcut {
        Some(shortcut) => x + shortcut,
        None => x,
    }
}

impl Engine for BurnEngine {
    type Map = Tensor<4>;
    type Vector = Tensor<2>;

    fn conv(
        &self,
        x: Tensor<4>,
        conv: &Conv2d,
        norm: Option<&BatchNorm>,
        shortcut: Option<Tensor<4>>,
        activation: Activation,
    ) -> Tensor<4> {
        let [_, _, height, width] = x.dims();
        let geometry = &conv.geometry;
        let zeros = geometry.padding(height, width);
        let options = ConvOptions::new_with_padding(
            [geometry.stride; 2],
            [(zeros.top, zeros.bottom), (zeros.left, zeros.right)],
            [1, 1],
            geometry.groups,
        );
        let bias = conv.bias.as_ref().map(burn::module::Param::val);
        let mut out = conv2d(x, conv.weight.val(), bias, options);
        if let Some(norm) = norm {
            out = self.normalise(out, norm);
        }
        activate(add(out, shortcut), activation)
    }

    fn batch_norm(&self, x: Tensor<4>, norm: &BatchNorm, activation: Activation) -> Tensor<4> {
        activate(self.normalise(x, norm), activation)
    }

    fn layer_norm(&self, x: Tensor<4>, norm: &LayerNorm) -> Tensor<4> {
        let [_, channels, ..] = x.dims();
        let centred = x.clone() - x.mean_dim(1);
        let variance = centred.clone().square().mean_dim(1);
        let along_channels = |values: Tensor<1>| values.reshape([1, channels, 1, 1]);
        centred / (variance + norm.eps).sqrt() * along_channels(norm.weight.val())
            + along_channels(norm.bias.val())
    }

    fn project(
        &self,
        x: Tensor<4>,
        linear: &Linear,
        gamma: Option<&Param<Tensor<1>>>,
        shortcut: Option<Tensor<4>>,
        activation: Activation,
    ) -> Tensor<4> {
        let mut out = at_positions(x, linear);
        if let Some(gamma) = gamma {
            let [channels] = gamma.dims();
            out = out * gamma.val().reshape([1, channels, 1, 1]);
        }
        activate(add(out, shortcut), activation)
    }

    fn attention(&self, qkv: Tensor<4>, heads: usize) -> Tensor<4> {
        let [n, wide, tokens, _] = qkv.dims();
        let depth = wide / 3 / heads;
        // [n, heads, depth, tokens] each.
        let [q, k, v] = [0, 1, 2].map(|part| {
            let channels = wide / 3;
            qkv.clone()
                .narrow(1, part * channels, channels)
                .reshape([n, heads, depth, tokens])
        });
        let scores = q.swap_dims(2, 3).matmul(k) / (depth as f64).sqrt();
        v.matmul(softmax(scores, 3).swap_dims(2, 3))
            .reshape([n, wide / 3, tokens, 1])
    }

    fn tokens(
        &self,
        x: Tensor<4>,
        first: &Param<Tensor<3>>,
        positions: &Param<Tensor<3>>,
    ) -> Tensor<4> {
        let [n, channels, height, width] = x.dims();
        let first = first.val().swap_dims(1, 2).expand([n, channels, 1]);
        let tokens = Tensor::cat(vec![first, x.reshape([n, channels, height * width])], 2);
        (tokens + positions.val().swap_dims(1, 2)).unsqueeze_dim(3)
    }

    fn first_token(&self, x: Tensor<4>) -> Tensor<2> {
        let [n, channels, ..] = x.dims();
        x.narrow(2, 0, 1).reshape([n, channels])
    }

    fn linear(
        &self,
        x: Tensor<2>,
        layer: &Linear,
        norm: Option<&BatchNorm>,
        activation: Activation,
    ) -> Tensor<2> {
        let mut out = linear(x, layer.weight.val().transpose(), Some(layer.bias.val()));
        if let Some(norm) = norm {
            out = self.normalise(out, norm);
        }
        activate(out, activation)
    }

    fn max_pool(&self, x: Tensor<4>, pool: Pool) -> Tensor<4> {
        let options = MaxPoolOptions::new([pool.kernel; 2])
            .with_stride([pool.stride; 2])
            .with_padding([pool.padding; 2])
            .with_ceil_mode(pool.ceil);
        max_pool2d(x, options)
    }

    fn avg_pool(&self, x: Tensor<4>, pool: Pool, padded: Padded) -> Tensor<4> {
        let options = AvgPoolOptions::new([pool.kernel; 2])
            .with_stride([pool.stride; 2])
            .with_padding([pool.padding; 2])
            .with_count_include_pad(padded == Padded::Zeros)
            .with_ceil_mode(pool.ceil);
        avg_pool2d(x, options)
    }

    fn adaptive_avg_pool(&self, x: Tensor<4>, side: usize) -> Tensor<4> {
        adaptive_avg_pool2d(x, [side; 2])
    }

    fn mean(&self, x: Tensor<4>) -> Tensor<4> {
        let [n, channels, height, width] = x.dims();
        x.reshape([n, channels, height * width, 1]).mean_dim(2)
    }

    fn concat(&self, maps: &[Tensor<4>]) -> Tensor<4> {
        Tensor::cat(maps.to_vec(), 1)
    }

    fn add_to_first(&self, x: Tensor<4>, other: Tensor<4>) -> Tensor<4> {
        let ([_, channels, ..], [_, fewer, ..]) = (x.dims(), other.dims());
        let sum = x.clone().narrow(1, 0, fewer) + other;
        if fewer == channels {
            return sum;
        }
        Tensor::cat(vec![sum, x.narrow(1, fewer, channels - fewer)], 1)
    }

    fn scale(&self, x: Tensor<4>, gate: Tensor<4>, activation: Activation) -> Tensor<4> {
        activate(x * gate, activation)
    }

    fn sum_splits(&self, x: Tensor<4>, radix: usize) -> Tensor<4> {
        let [n, channels, height, width] = x.dims();
        x.reshape([n, radix, channels / radix, height, width])
            .sum_dim(1)
            .squeeze_dim(1)
    }

    fn split_attention(&self, x: Tensor<4>, logits: Tensor<4>, radix: usize) -> Tensor<4> {
        let [n, channels, ..] = x.dims();
        let weights = softmax(logits.reshape([n, radix, channels / radix, 1]), 1);
        self.sum_splits(x * weights.reshape([n, channels, 1, 1]), radix)
    }

    fn flatten(&self, x: Tensor<4>) -> Tensor<2> {
        x.flatten(1, 3)
    }

    fn dropout_map(&self, x: Tensor<4>, rate: f64) -> Tensor<4> {
        self.drop(x, rate)
    }

    fn dropout(&self, x: Tensor<2>, rate: f64) -> Tensor<2> {
        self.drop(x, rate)
    }

    fn size(&self, x: &Tensor<4>) -> [usize; 2] {
        let [_, _, height, width] = x.dims();
        [height, width]
    }
}

/// The CPU device, with or without differentiation.
pub fn cpu(differentiable: bool) -> Device {
    let device = Device::flex();
    if differentiable {
        device.autodiff()
    } else {
        device
    }
}

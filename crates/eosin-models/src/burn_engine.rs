//! Runs an architecture with Burn tensors, differentiably.

use std::cell::RefCell;

use burn::tensor::activation::relu;
use burn::tensor::module::{batch_norm, batch_norm_train, conv2d, linear, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData};
use eosin_core::Rng;
use eosin_kernels::{Activation, Pool};
use rand::RngExt as _;

use crate::engine::Engine;
use crate::graph_builder::narrow;
use crate::layers::{BatchNorm, Conv2d, Linear};

/// Runs on any Burn device; batch norm and dropout follow the mode.
#[derive(Debug)]
pub struct BurnEngine {
    training: Option<RefCell<Rng>>,
}

impl BurnEngine {
    /// Batch norm uses its running statistics, dropout does nothing.
    pub const fn evaluating() -> Self {
        Self { training: None }
    }

    /// Batch norm uses and updates batch statistics; `dropout` draws the masks.
    pub const fn training(dropout: Rng) -> Self {
        Self {
            training: Some(RefCell::new(dropout)),
        }
    }

    fn normalise<const D: usize>(&self, x: Tensor<D>, norm: &BatchNorm) -> Tensor<D> {
        let (weight, bias) = (norm.weight.val(), norm.bias.val());
        if self.training.is_none() {
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
        let Some(rng) = self.training.as_ref().filter(|_| rate > 0.0) else {
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
        if let Some(shortcut) = shortcut {
            out = out + shortcut;
        }
        activate(out, activation)
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

    fn global_avg_pool(&self, x: Tensor<4>) -> Tensor<2> {
        let [n, channels, height, width] = x.dims();
        x.reshape([n, channels, height * width])
            .mean_dim(2)
            .reshape([n, channels])
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

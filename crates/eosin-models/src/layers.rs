//! Layers that carry timm's tensor names and PyTorch's tensor layouts.

use burn::module::{Module, Param, ParamId, RunningState};
use burn::tensor::{Device, Tensor};
use eosin_kernels::{Activation, Padding};

use crate::engine::Engine;

/// How a convolution pads its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PadMode {
    /// So many zeros on every side.
    Same(usize),
    /// TensorFlow's `SAME`: the output side is `ceil(size / stride)`, an odd zero goes to the
    /// bottom and right.
    TfSame,
}

/// Constant geometry of a layer, which is no parameter of the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvGeometry {
    /// Window height and width.
    pub kernel: usize,
    /// Step between windows.
    pub stride: usize,
    /// Independent groups of channels.
    pub groups: usize,
    /// Zeros around the input.
    pub pad: PadMode,
}

impl ConvGeometry {
    /// The zeros around an input of `height` x `width` pixels.
    pub fn padding(&self, height: usize, width: usize) -> Padding {
        let axis = |size: usize| {
            let outputs = size.div_ceil(self.stride);
            ((outputs - 1) * self.stride + self.kernel).saturating_sub(size)
        };
        match self.pad {
            PadMode::Same(by) => Padding::same(by),
            PadMode::TfSame => {
                let (rows, columns) = (axis(height), axis(width));
                Padding {
                    top: rows / 2,
                    bottom: rows - rows / 2,
                    left: columns / 2,
                    right: columns - columns / 2,
                }
            }
        }
    }
}

/// Zeros that take no memory until they are looked at: most networks are built for their shapes, or
/// to be given weights.
fn zeros<const D: usize>(shape: [usize; D], device: &Device) -> Param<Tensor<D>> {
    let make = move |device: &Device, require_grad: bool| {
        Tensor::zeros(shape, device).set_require_grad(require_grad)
    };
    Param::uninitialized(ParamId::new(), make, device.clone(), true, shape.into())
}

/// Two-dimensional convolution; `weight` is `[cout, cin / groups, kernel, kernel]`.
#[derive(Module, Debug)]
pub struct Conv2d {
    /// Filters.
    pub weight: Param<Tensor<4>>,
    /// One offset an output channel.
    pub bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    /// Kernel side, stride, groups, padding.
    pub geometry: ConvGeometry,
}

impl Conv2d {
    /// A convolution without bias, padded by half its kernel, all weights zero.
    pub fn new(cin: usize, cout: usize, kernel: usize, device: &Device) -> Self {
        Self {
            weight: zeros([cout, cin, kernel, kernel], device),
            bias: None,
            geometry: ConvGeometry {
                kernel,
                stride: 1,
                groups: 1,
                pad: PadMode::Same(kernel / 2),
            },
        }
    }

    /// A depthwise convolution: every channel has its own window.
    pub fn depthwise(channels: usize, kernel: usize, device: &Device) -> Self {
        Self::grouped(channels, channels, kernel, channels, device)
    }

    /// A convolution of `groups` independent parts of the channels.
    pub fn grouped(cin: usize, cout: usize, kernel: usize, groups: usize, device: &Device) -> Self {
        let mut conv = Self::new(cin / groups, cout, kernel, device);
        conv.geometry.groups = groups;
        conv
    }

    /// Sets the step between windows.
    #[must_use]
    pub fn stride(mut self, stride: usize) -> Self {
        self.geometry.stride = stride;
        self
    }

    /// Sets the padding.
    #[must_use]
    pub fn pad(mut self, pad: PadMode) -> Self {
        self.geometry.pad = pad;
        self
    }

    /// Adds a bias.
    #[must_use]
    pub fn with_bias(mut self, device: &Device) -> Self {
        let cout = self.weight.lazy_shape()[0];
        self.bias = Some(Param::from_tensor(Tensor::zeros([cout], device)));
        self
    }
}

/// Batch normalisation over every axis but the channels, with PyTorch's names.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// Scale of each channel.
    pub weight: Param<Tensor<1>>,
    /// Offset of each channel.
    pub bias: Param<Tensor<1>>,
    /// Mean used in evaluation.
    pub running_mean: RunningState<Tensor<1>>,
    /// Variance used in evaluation.
    pub running_var: RunningState<Tensor<1>>,
    /// Added to the variance.
    #[module(skip)]
    pub eps: f64,
}

impl BatchNorm {
    /// How much one batch moves the running statistics, as in PyTorch.
    pub const MOMENTUM: f64 = 0.1;

    /// Normalisation of `channels` with PyTorch's `eps` of 1e-5.
    pub fn new(channels: usize, device: &Device) -> Self {
        Self {
            weight: Param::from_tensor(Tensor::ones([channels], device)),
            bias: Param::from_tensor(Tensor::zeros([channels], device)),
            running_mean: RunningState::new(Tensor::zeros([channels], device)),
            running_var: RunningState::new(Tensor::ones([channels], device)),
            eps: 1e-5,
        }
    }

    /// Sets what is added to the variance.
    #[must_use]
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }
}

/// Fully connected layer; `weight` is `[out, in]` as in PyTorch.
#[derive(Module, Debug)]
pub struct Linear {
    /// Weights of each output.
    pub weight: Param<Tensor<2>>,
    /// One offset an output.
    pub bias: Param<Tensor<1>>,
}

impl Linear {
    /// A layer of zeros.
    pub fn new(inputs: usize, outputs: usize, device: &Device) -> Self {
        Self {
            weight: zeros([outputs, inputs], device),
            bias: Param::from_tensor(Tensor::zeros([outputs], device)),
        }
    }
}

/// Layer normalisation over channels, with PyTorch's names.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// Scale of each channel.
    pub weight: Param<Tensor<1>>,
    /// Offset of each channel.
    pub bias: Param<Tensor<1>>,
    /// Added to the variance.
    #[module(skip)]
    pub eps: f64,
}

impl LayerNorm {
    /// Normalisation of `channels` with the `eps` of 1e-6 of `ConvNeXt` and vision transformers.
    pub fn new(channels: usize, device: &Device) -> Self {
        Self {
            weight: Param::from_tensor(Tensor::ones([channels], device)),
            bias: Param::from_tensor(Tensor::zeros([channels], device)),
            eps: 1e-6,
        }
    }
}

/// Two fully connected layers with GELU between, the inner four times as wide.
#[derive(Module, Debug)]
pub struct Mlp {
    fc1: Linear,
    fc2: Linear,
}

impl Mlp {
    /// From `channels` to `channels`, all weights zero.
    pub fn new(channels: usize, device: &Device) -> Self {
        Self {
            fc1: Linear::new(channels, 4 * channels, device),
            fc2: Linear::new(4 * channels, channels, device),
        }
    }

    /// `gamma * mlp(x) + shortcut` at each position.
    pub fn forward<E: Engine>(
        &self,
        engine: &E,
        x: E::Map,
        gamma: Option<&Param<Tensor<1>>>,
        shortcut: E::Map,
    ) -> E::Map {
        let x = engine.project(x, &self.fc1, None, None, Activation::Gelu);
        engine.project(x, &self.fc2, gamma, Some(shortcut), Activation::Identity)
    }
}

/// `channels` to the nearest multiple of `divisor`, but not more than a tenth below (timm's
/// `make_divisible`).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of channels"
)]
pub fn round_channels(channels: f64, divisor: usize) -> usize {
    let nearest = (channels + divisor as f64 / 2.0) as usize / divisor * divisor;
    let nearest = nearest.max(divisor);
    if (nearest as f64) < 0.9 * channels {
        nearest + divisor
    } else {
        nearest
    }
}

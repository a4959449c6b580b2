//! Layers that carry timm's tensor names and PyTorch's tensor layouts.

use eosin_kernels::{ConvShape, Padding};

use crate::param::{Param, module};

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

/// A 1x1 convolution.
pub(crate) const fn pointwise(cin: usize, cout: usize, groups: usize) -> ConvShape {
    ConvShape {
        cin,
        cout,
        kernel: [1, 1],
        stride: 1,
        dilation: 1,
        padding: Padding::same(0),
        groups,
    }
}

/// Two-dimensional convolution; `weight` is `[cout, cin / groups, kernel, kernel]`.
#[derive(Debug)]
pub struct Conv2d {
    /// Filters.
    pub weight: Param,
    /// One offset an output channel.
    pub bias: Option<Param>,
    /// Kernel side, stride, groups, padding.
    pub geometry: ConvGeometry,
}

module!(Conv2d { weight, bias; geometry });

impl Conv2d {
    /// A convolution without bias, padded by half its kernel.
    pub fn new(cin: usize, cout: usize, kernel: usize) -> Self {
        Self {
            weight: Param::new([cout, cin, kernel, kernel]),
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
    pub fn depthwise(channels: usize, kernel: usize) -> Self {
        Self::grouped(channels, channels, kernel, channels)
    }

    /// A convolution of `groups` independent parts of the channels.
    pub fn grouped(cin: usize, cout: usize, kernel: usize, groups: usize) -> Self {
        let mut conv = Self::new(cin / groups, cout, kernel);
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
    pub fn with_bias(mut self) -> Self {
        let cout = self.weight.shape()[0];
        self.bias = Some(Param::new([cout]));
        self
    }
}

/// Batch normalisation over every axis but the channels, with PyTorch's names.
#[derive(Debug)]
pub struct BatchNorm {
    /// Scale of each channel.
    pub weight: Param,
    /// Offset of each channel.
    pub bias: Param,
    /// Mean used in evaluation.
    pub running_mean: Param,
    /// Variance used in evaluation.
    pub running_var: Param,
    /// Added to the variance.
    pub eps: f64,
}

module!(BatchNorm {
    weight,
    bias,
    running_mean,
    running_var;
    eps
});

impl BatchNorm {
    /// How much one batch moves the running statistics, as in PyTorch.
    pub const MOMENTUM: f64 = 0.1;

    /// Normalisation of `channels` with PyTorch's `eps` of 1e-5.
    pub fn new(channels: usize) -> Self {
        Self {
            weight: Param::new([channels]),
            bias: Param::new([channels]),
            running_mean: Param::statistic(channels),
            running_var: Param::statistic(channels),
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
#[derive(Debug)]
pub struct Linear {
    /// Weights of each output.
    pub weight: Param,
    /// One offset an output.
    pub bias: Param,
}

module!(Linear { weight, bias });

impl Linear {
    /// A layer of `inputs` to `outputs` values.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self {
            weight: Param::new([outputs, inputs]),
            bias: Param::new([outputs]),
        }
    }

    /// The same at each position of a map.
    pub(crate) fn pointwise(&self) -> ConvShape {
        pointwise(self.weight.shape()[1], self.weight.shape()[0], 1)
    }
}

/// Layer normalisation over channels, with PyTorch's names.
#[derive(Debug)]
pub struct LayerNorm {
    /// Scale of each channel.
    pub weight: Param,
    /// Offset of each channel.
    pub bias: Param,
    /// Added to the variance.
    pub eps: f64,
}

module!(LayerNorm { weight, bias; eps });

impl LayerNorm {
    /// Normalisation of `channels` with the `eps` of 1e-6 of `ConvNeXt` and vision transformers.
    pub fn new(channels: usize) -> Self {
        Self {
            weight: Param::new([channels]),
            bias: Param::new([channels]),
            eps: 1e-6,
        }
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

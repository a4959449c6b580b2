//! The blocks of timm's `EfficientNet` family: `MobileNetV2` and V3, `EfficientNet`,
//! EfficientNet-Lite.

use eosin_kernels::Activation;

use crate::layers::{BatchNorm, Conv2d, PadMode, round_channels};
use crate::param::module;
use crate::recorder::{Map, Recorder};

/// What all layers of a network have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub tf_same: bool,
    pub eps: f64,
}

impl Style {
    /// Symmetric padding and PyTorch's epsilon.
    pub const TORCH: Self = Self {
        tf_same: false,
        eps: 1e-5,
    };

    /// `TensorFlow`'s padding and epsilon.
    pub const TENSORFLOW: Self = Self {
        tf_same: true,
        eps: 1e-3,
    };

    pub fn conv(self, conv: Conv2d) -> Conv2d {
        if self.tf_same {
            conv.pad(PadMode::TfSame)
        } else {
            conv
        }
    }

    pub fn norm(self, channels: usize) -> BatchNorm {
        BatchNorm::new(channels).eps(self.eps)
    }
}

/// How a block weighs its channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Squeeze {
    /// Not at all.
    None,
    /// `EfficientNet`: a quarter of the block's input, the block's activation, a sigmoid.
    OfInput,
    /// `MobileNetV3`: a quarter of the expanded width in eights, ReLU, a hard sigmoid.
    OfExpanded,
}

/// Blocks of one kind, one after another; only the first has the stride.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockSpec {
    pub repeats: usize,
    pub kernel: usize,
    pub stride: usize,
    /// How much wider than the input the middle is; 0 makes a depthwise separable block.
    pub expand: f64,
    pub channels: usize,
    pub squeeze: Squeeze,
    pub activation: Activation,
}

/// Squeeze-and-excitation (Hu et al. 2018, arXiv:1709.01507).
#[derive(Debug)]
struct SqueezeExcite {
    conv_reduce: Conv2d,
    conv_expand: Conv2d,
    activation: Activation,
    gate: Activation,
}

module!(SqueezeExcite { conv_reduce, conv_expand; activation, gate });

impl SqueezeExcite {
    fn new(spec: &BlockSpec, cin: usize, middle: usize) -> Option<Self> {
        let (inner, activation, gate) = match spec.squeeze {
            Squeeze::None => return None,
            Squeeze::OfInput => (cin / 4, spec.activation, Activation::Sigmoid),
            Squeeze::OfExpanded => (
                round_channels(middle as f64 / 4.0, 8),
                Activation::Relu,
                Activation::HardSigmoid,
            ),
        };
        Some(Self {
            conv_reduce: Conv2d::new(middle, inner, 1).with_bias(),
            conv_expand: Conv2d::new(inner, middle, 1).with_bias(),
            activation,
            gate,
        })
    }

    fn forward(&self, net: &Recorder, x: Map) -> Map {
        let gate = net.mean(x);
        let gate = net.conv_act(gate, &self.conv_reduce, self.activation);
        let gate = net.conv_act(gate, &self.conv_expand, self.gate);
        net.scale(x, gate, Activation::Identity)
    }
}

fn excite(net: &Recorder, se: Option<&SqueezeExcite>, x: Map) -> Map {
    match se {
        Some(se) => se.forward(net, x),
        None => x,
    }
}

/// Depthwise convolution, then a linear projection.
#[derive(Debug)]
pub(super) struct SeparableBlock {
    conv_dw: Conv2d,
    bn1: BatchNorm,
    se: Option<SqueezeExcite>,
    conv_pw: Conv2d,
    bn2: BatchNorm,
    role: Role,
}

module!(SeparableBlock { conv_dw, bn1, se, conv_pw, bn2; role });

/// Expansion, depthwise convolution, linear projection, shortcut when the shape allows it.
#[derive(Debug)]
pub(super) struct InvertedResidual {
    conv_pw: Conv2d,
    bn1: BatchNorm,
    conv_dw: Conv2d,
    bn2: BatchNorm,
    se: Option<SqueezeExcite>,
    conv_pwl: Conv2d,
    bn3: BatchNorm,
    role: Role,
}

module!(InvertedResidual { conv_pw, bn1, conv_dw, bn2, se, conv_pwl, bn3; role });

/// What the tensors of a block do not say.
#[derive(Clone, Copy, Debug)]
struct Role {
    activation: Activation,
    has_shortcut: bool,
}

/// A block of either kind; its kind is no part of tensor names.
#[derive(Debug)]
pub(super) enum Block {
    Separable(SeparableBlock),
    Inverted(InvertedResidual),
}

module!(
    enum Block {
        Separable,
        Inverted,
    }
);

impl Block {
    fn new(spec: &BlockSpec, style: Style, cin: usize, stride: usize) -> Self {
        let cout = spec.channels;
        let depthwise =
            |channels: usize| style.conv(Conv2d::depthwise(channels, spec.kernel).stride(stride));
        let role = Role {
            activation: spec.activation,
            has_shortcut: cin == cout && stride == 1,
        };
        if spec.expand == 0.0 {
            Self::Separable(SeparableBlock {
                conv_dw: depthwise(cin),
                bn1: style.norm(cin),
                se: SqueezeExcite::new(spec, cin, cin),
                conv_pw: Conv2d::new(cin, cout, 1),
                bn2: style.norm(cout),
                role,
            })
        } else {
            let middle = round_channels(cin as f64 * spec.expand, 8);
            Self::Inverted(InvertedResidual {
                conv_pw: Conv2d::new(cin, middle, 1),
                bn1: style.norm(middle),
                conv_dw: depthwise(middle),
                bn2: style.norm(middle),
                se: SqueezeExcite::new(spec, cin, middle),
                conv_pwl: Conv2d::new(middle, cout, 1),
                bn3: style.norm(cout),
                role,
            })
        }
    }

    /// The blocks of a stage; `cin` becomes their output's channels.
    pub fn stage(specs: &[BlockSpec], style: Style, cin: &mut usize) -> Vec<Self> {
        let mut blocks = Vec::new();
        for spec in specs {
            for index in 0..spec.repeats {
                let stride = if index == 0 { spec.stride } else { 1 };
                blocks.push(Self::new(spec, style, *cin, stride));
                *cin = spec.channels;
            }
        }
        blocks
    }

    pub fn forward(&self, net: &Recorder, x: Map) -> Map {
        let (Self::Separable(SeparableBlock { role, .. })
        | Self::Inverted(InvertedResidual { role, .. })) = self;
        let shortcut = role.has_shortcut.then_some(x);
        let (x, projection, norm) = match self {
            Self::Separable(b) => {
                let x = net.conv_norm(x, &b.conv_dw, &b.bn1, role.activation);
                (excite(net, b.se.as_ref(), x), &b.conv_pw, &b.bn2)
            }
            Self::Inverted(b) => {
                let x = net.conv_norm(x, &b.conv_pw, &b.bn1, role.activation);
                let x = net.conv_norm(x, &b.conv_dw, &b.bn2, role.activation);
                (excite(net, b.se.as_ref(), x), &b.conv_pwl, &b.bn3)
            }
        };
        net.conv(x, projection, Some(norm), shortcut, Activation::Identity)
    }
}

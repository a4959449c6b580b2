//! The blocks of timm's `EfficientNet` family: `MobileNetV2` and V3, `EfficientNet`,
//! EfficientNet-Lite.

use burn::module::Module;
use burn::tensor::Device;
use eosin_kernels::Activation;

use crate::engine::Engine;
use crate::layers::{BatchNorm, Conv2d, PadMode, round_channels};

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

    pub fn norm(self, channels: usize, device: &Device) -> BatchNorm {
        BatchNorm::new(channels, device).eps(self.eps)
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
#[derive(Module, Debug)]
struct SqueezeExcite {
    conv_reduce: Conv2d,
    conv_expand: Conv2d,
    #[module(skip)]
    activation: Activation,
    #[module(skip)]
    gate: Activation,
}

impl SqueezeExcite {
    fn new(spec: &BlockSpec, cin: usize, middle: usize, device: &Device) -> Option<Self> {
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
            conv_reduce: Conv2d::new(middle, inner, 1, device).with_bias(device),
            conv_expand: Conv2d::new(inner, middle, 1, device).with_bias(device),
            activation,
            gate,
        })
    }

    fn forward<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map {
        let gate = engine.mean(x.clone());
        let gate = engine.conv_act(gate, &self.conv_reduce, self.activation);
        let gate = engine.conv_act(gate, &self.conv_expand, self.gate);
        engine.scale(x, gate, Activation::Identity)
    }
}

fn excite<E: Engine>(engine: &E, se: Option<&SqueezeExcite>, x: E::Map) -> E::Map {
    match se {
        Some(se) => se.forward(engine, x),
        None => x,
    }
}

/// Depthwise convolution, then a linear projection.
#[derive(Module, Debug)]
pub(super) struct SeparableBlock {
    conv_dw: Conv2d,
    bn1: BatchNorm,
    se: Option<SqueezeExcite>,
    conv_pw: Conv2d,
    bn2: BatchNorm,
    #[module(skip)]
    role: Role,
}

/// Expansion, depthwise convolution, linear projection, shortcut when the shape allows it.
#[derive(Module, Debug)]
pub(super) struct InvertedResidual {
    conv_pw: Conv2d,
    bn1: BatchNorm,
    conv_dw: Conv2d,
    bn2: BatchNorm,
    se: Option<SqueezeExcite>,
    conv_pwl: Conv2d,
    bn3: BatchNorm,
    #[module(skip)]
    role: Role,
}

/// What the tensors of a block do not say.
#[derive(Clone, Copy, Debug)]
struct Role {
    activation: Activation,
    has_shortcut: bool,
}

/// A block of either kind; its kind is no part of tensor names.
#[derive(Module, Debug)]
pub(super) enum Block {
    Separable(SeparableBlock),
    Inverted(InvertedResidual),
}

impl Block {
    fn new(spec: &BlockSpec, style: Style, cin: usize, stride: usize, device: &Device) -> Self {
        let cout = spec.channels;
        let depthwise = |channels: usize| {
            style.conv(Conv2d::depthwise(channels, spec.kernel, device).stride(stride))
        };
        let role = Role {
            activation: spec.activation,
            has_shortcut: cin == cout && stride == 1,
        };
        if spec.expand == 0.0 {
            Self::Separable(SeparableBlock {
                conv_dw: depthwise(cin),
                bn1: style.norm(cin, device),
                se: SqueezeExcite::new(spec, cin, cin, device),
                conv_pw: Conv2d::new(cin, cout, 1, device),
                bn2: style.norm(cout, device),
                role,
            })
        } else {
            let middle = round_channels(cin as f64 * spec.expand, 8);
            Self::Inverted(InvertedResidual {
                conv_pw: Conv2d::new(cin, middle, 1, device),
                bn1: style.norm(middle, device),
                conv_dw: depthwise(middle),
                bn2: style.norm(middle, device),
                se: SqueezeExcite::new(spec, cin, middle, device),
                conv_pwl: Conv2d::new(middle, cout, 1, device),
                bn3: style.norm(cout, device),
                role,
            })
        }
    }

    /// The blocks of a stage; `cin` becomes their output's channels.
    pub fn stage(specs: &[BlockSpec], style: Style, cin: &mut usize, device: &Device) -> Vec<Self> {
        let mut blocks = Vec::new();
        for spec in specs {
            for index in 0..spec.repeats {
                let stride = if index == 0 { spec.stride } else { 1 };
                blocks.push(Self::new(spec, style, *cin, stride, device));
                *cin = spec.channels;
            }
        }
        blocks
    }

    pub fn forward<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map {
        let (Self::Separable(SeparableBlock { role, .. })
        | Self::Inverted(InvertedResidual { role, .. })) = self;
        let shortcut = role.has_shortcut.then(|| x.clone());
        let (x, projection, norm) = match self {
            Self::Separable(b) => {
                let x = engine.conv_norm(x, &b.conv_dw, &b.bn1, role.activation);
                (excite(engine, b.se.as_ref(), x), &b.conv_pw, &b.bn2)
            }
            Self::Inverted(b) => {
                let x = engine.conv_norm(x, &b.conv_pw, &b.bn1, role.activation);
                let x = engine.conv_norm(x, &b.conv_dw, &b.bn2, role.activation);
                (excite(engine, b.se.as_ref(), x), &b.conv_pwl, &b.bn3)
            }
        };
        engine.conv(x, projection, Some(norm), shortcut, Activation::Identity)
    }
}

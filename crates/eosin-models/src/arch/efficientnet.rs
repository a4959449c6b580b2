//! timm's `EfficientNet` family without squeeze-excitation: `MobileNetV2` (Sandler et al. 2018,
//! arXiv:1801.04381) and EfficientNet-Lite (Tan & Le 2019, arXiv:1905.11946).

use burn::module::Module;
use burn::tensor::Device;
use eosin_kernels::Activation;

use crate::engine::{Architecture, Engine};
use crate::layers::{BatchNorm, Conv2d, Linear, PadMode};

const ACTIVATION: Activation = Activation::Relu6;
const STEM: usize = 32;
const FEATURES: usize = 1280;

/// What differs between members of the family.
#[derive(Clone, Copy)]
struct Variant {
    /// Kernel, stride of the first block, blocks, output channels of each stage; the first stage
    /// is depthwise separable, the others expand six-fold.
    stages: &'static [(usize, usize, usize, usize)],
    tf_same: bool,
    eps: f64,
}

impl Variant {
    fn conv(self, conv: Conv2d) -> Conv2d {
        if self.tf_same {
            conv.pad(PadMode::TfSame)
        } else {
            conv
        }
    }

    fn norm(self, channels: usize, device: &Device) -> BatchNorm {
        BatchNorm::new(channels, device).eps(self.eps)
    }
}

const MOBILENET_V2: Variant = Variant {
    stages: &[
        (3, 1, 1, 16),
        (3, 2, 2, 24),
        (3, 2, 3, 32),
        (3, 2, 4, 64),
        (3, 1, 3, 96),
        (3, 2, 3, 160),
        (3, 1, 1, 320),
    ],
    tf_same: false,
    eps: 1e-5,
};

const TF_LITE0: Variant = Variant {
    stages: &[
        (3, 1, 1, 16),
        (3, 2, 2, 24),
        (5, 2, 2, 40),
        (3, 2, 3, 80),
        (5, 1, 3, 112),
        (5, 2, 4, 192),
        (3, 1, 1, 320),
    ],
    tf_same: true,
    eps: 1e-3,
};

/// The first stage's block: depthwise, then a linear projection.
#[derive(Module, Debug)]
struct SeparableBlock {
    conv_dw: Conv2d,
    bn1: BatchNorm,
    conv_pw: Conv2d,
    bn2: BatchNorm,
}

/// Expansion, depthwise convolution, linear projection, shortcut when the shape allows it.
#[derive(Module, Debug)]
struct InvertedResidual {
    conv_pw: Conv2d,
    bn1: BatchNorm,
    conv_dw: Conv2d,
    bn2: BatchNorm,
    conv_pwl: Conv2d,
    bn3: BatchNorm,
}

/// A block of either kind; its variant does not appear in tensor names.
#[expect(
    clippy::large_enum_variant,
    reason = "a network has some twenty blocks"
)]
#[derive(Module, Debug)]
enum Block {
    Separable(SeparableBlock),
    Inverted(InvertedResidual),
}

impl Block {
    fn separable(
        variant: Variant,
        cin: usize,
        cout: usize,
        kernel: usize,
        device: &Device,
    ) -> Self {
        Self::Separable(SeparableBlock {
            conv_dw: variant.conv(Conv2d::depthwise(cin, kernel, device)),
            bn1: variant.norm(cin, device),
            conv_pw: Conv2d::new(cin, cout, 1, device),
            bn2: variant.norm(cout, device),
        })
    }

    fn inverted(
        variant: Variant,
        (cin, cout): (usize, usize),
        (kernel, stride): (usize, usize),
        device: &Device,
    ) -> Self {
        let inner = cin * 6;
        Self::Inverted(InvertedResidual {
            conv_pw: Conv2d::new(cin, inner, 1, device),
            bn1: variant.norm(inner, device),
            conv_dw: variant.conv(Conv2d::depthwise(inner, kernel, device).stride(stride)),
            bn2: variant.norm(inner, device),
            conv_pwl: Conv2d::new(inner, cout, 1, device),
            bn3: variant.norm(cout, device),
        })
    }

    fn forward<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map {
        match self {
            Self::Separable(b) => {
                let x = engine.conv_norm(x, &b.conv_dw, &b.bn1, ACTIVATION);
                engine.conv_norm(x, &b.conv_pw, &b.bn2, Activation::Identity)
            }
            Self::Inverted(b) => {
                let [_, cin, ..] = b.conv_pw.weight.dims();
                let [cout, ..] = b.conv_pwl.weight.dims();
                let keeps_shape = cin == cout && b.conv_dw.geometry.stride == 1;
                let shortcut = keeps_shape.then(|| x.clone());
                let x = engine.conv_norm(x, &b.conv_pw, &b.bn1, ACTIVATION);
                let x = engine.conv_norm(x, &b.conv_dw, &b.bn2, ACTIVATION);
                engine.conv(x, &b.conv_pwl, Some(&b.bn3), shortcut, Activation::Identity)
            }
        }
    }
}

/// `MobileNetV2` or EfficientNet-Lite under timm's names.
#[derive(Module, Debug)]
pub struct EfficientNet {
    conv_stem: Conv2d,
    bn1: BatchNorm,
    blocks: Vec<Vec<Block>>,
    conv_head: Conv2d,
    bn2: BatchNorm,
    classifier: Linear,
}

impl EfficientNet {
    /// timm's `mobilenetv2_100`.
    pub fn mobilenet_v2(classes: usize, device: &Device) -> Self {
        Self::new(MOBILENET_V2, classes, device)
    }

    /// timm's `tf_efficientnet_lite0`.
    pub fn tf_lite0(classes: usize, device: &Device) -> Self {
        Self::new(TF_LITE0, classes, device)
    }

    fn new(variant: Variant, classes: usize, device: &Device) -> Self {
        let mut cin = STEM;
        let mut blocks = Vec::new();
        for (index, &(kernel, stride, count, cout)) in variant.stages.iter().enumerate() {
            let stage = (0..count).map(|block| {
                let from = if block == 0 { cin } else { cout };
                let step = if block == 0 { stride } else { 1 };
                if index == 0 {
                    Block::separable(variant, from, cout, kernel, device)
                } else {
                    Block::inverted(variant, (from, cout), (kernel, step), device)
                }
            });
            blocks.push(stage.collect());
            cin = cout;
        }
        Self {
            conv_stem: variant.conv(Conv2d::new(3, STEM, 3, device).stride(2)),
            bn1: variant.norm(STEM, device),
            blocks,
            conv_head: Conv2d::new(cin, FEATURES, 1, device),
            bn2: variant.norm(FEATURES, device),
            classifier: Linear::new(FEATURES, classes, device),
        }
    }
}

impl Architecture for EfficientNet {
    fn feature_map<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map {
        let x = engine.conv_norm(x, &self.conv_stem, &self.bn1, ACTIVATION);
        let x = self
            .blocks
            .iter()
            .flatten()
            .fold(x, |x, block| block.forward(engine, x));
        engine.conv_norm(x, &self.conv_head, &self.bn2, ACTIVATION)
    }

    fn classifier(&self) -> &Linear {
        &self.classifier
    }

    fn classifier_mut(&mut self) -> &mut Linear {
        &mut self.classifier
    }
}

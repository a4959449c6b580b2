//! timm's `EfficientNet` family: `MobileNetV2` (Sandler et al. 2018, arXiv:1801.04381),
//! `EfficientNet` and EfficientNet-Lite (Tan & Le 2019, arXiv:1905.11946).

use eosin_kernels::Activation;

use super::inverted_residual::{Block, BlockSpec, Squeeze, Style};
use crate::architecture::Architecture;
use crate::layers::{BatchNorm, Conv2d, Linear, round_channels};
use crate::param::module;
use crate::recorder::{Map, Recorder};

const STAGES: &[&str] = &[
    "stem", "blocks.0", "blocks.1", "blocks.2", "blocks.3", "blocks.4", "blocks.5", "blocks.6",
];

/// Kernel, stride of the first block, blocks, channels of each stage. The first stage is depthwise
/// separable, the others expand six-fold.
type StageTable = [(usize, usize, usize, usize); 7];

const MOBILENET_V2: StageTable = [
    (3, 1, 1, 16),
    (3, 2, 2, 24),
    (3, 2, 3, 32),
    (3, 2, 4, 64),
    (3, 1, 3, 96),
    (3, 2, 3, 160),
    (3, 1, 1, 320),
];

const EFFICIENTNET: StageTable = [
    (3, 1, 1, 16),
    (3, 2, 2, 24),
    (5, 2, 2, 40),
    (3, 2, 3, 80),
    (5, 1, 3, 112),
    (5, 2, 4, 192),
    (3, 1, 1, 320),
];

/// What differs between members of the family.
struct Variant {
    stages: StageTable,
    width: f64,
    depth: f64,
    /// Lite networks scale neither the stem, nor the head, nor the depth of the outer stages.
    fixed_ends: bool,
    head_channels: usize,
    squeeze: Squeeze,
    activation: Activation,
    style: Style,
}

impl Variant {
    fn specs(&self, index: usize) -> BlockSpec {
        let (kernel, stride, blocks, channels) = self.stages[index];
        let outer = index == 0 || index == self.stages.len() - 1;
        let repeats = if outer && self.fixed_ends {
            blocks
        } else {
            scaled_up(blocks, self.depth)
        };
        BlockSpec {
            repeats,
            kernel,
            stride,
            expand: if index == 0 { 0.0 } else { 6.0 },
            channels: round_channels(channels as f64 * self.width, 8),
            squeeze: self.squeeze,
            activation: self.activation,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a network has a handful of blocks in a stage"
)]
fn scaled_up(blocks: usize, depth: f64) -> usize {
    (blocks as f64 * depth).ceil() as usize
}

/// A network of the family under timm's names.
#[derive(Debug)]
pub struct EfficientNet {
    conv_stem: Conv2d,
    bn1: BatchNorm,
    blocks: Vec<Vec<Block>>,
    conv_head: Conv2d,
    bn2: BatchNorm,
    classifier: Linear,
    activation: Activation,
}

module!(EfficientNet { conv_stem, bn1, blocks, conv_head, bn2, classifier; activation });

impl EfficientNet {
    /// timm's `mobilenetv2_100` (`width` 1.0) and `mobilenetv2_140` (1.4).
    pub fn mobilenet_v2(width: f64, classes: usize) -> Self {
        let variant = Variant {
            stages: MOBILENET_V2,
            width,
            depth: 1.0,
            fixed_ends: false,
            head_channels: round_channels(1280.0 * width, 8).max(1280),
            squeeze: Squeeze::None,
            activation: Activation::Relu6,
            style: Style::TORCH,
        };
        Self::new(&variant, classes)
    }

    /// timm's `efficientnet_b0` (`width` 1.0, `depth` 1.0), `b1` (1.0, 1.1), `b2` (1.1, 1.2), `b3`
    /// (1.2, 1.4), `b4` (1.4, 1.8).
    pub fn scaled(width: f64, depth: f64, classes: usize) -> Self {
        let variant = Variant {
            stages: EFFICIENTNET,
            width,
            depth,
            fixed_ends: false,
            head_channels: round_channels(1280.0 * width, 8),
            squeeze: Squeeze::OfInput,
            activation: Activation::Silu,
            style: Style::TORCH,
        };
        Self::new(&variant, classes)
    }

    /// timm's `tf_efficientnet_lite0` (`width` 1.0, `depth` 1.0), `lite1` (1.0, 1.1), `lite2` (1.1,
    /// 1.2).
    pub fn tf_lite(width: f64, depth: f64, classes: usize) -> Self {
        let variant = Variant {
            stages: EFFICIENTNET,
            width,
            depth,
            fixed_ends: true,
            head_channels: 1280,
            squeeze: Squeeze::None,
            activation: Activation::Relu6,
            style: Style::TENSORFLOW,
        };
        Self::new(&variant, classes)
    }

    fn new(variant: &Variant, classes: usize) -> Self {
        let (style, head) = (variant.style, variant.head_channels);
        let width = if variant.fixed_ends {
            1.0
        } else {
            variant.width
        };
        let stem = round_channels(32.0 * width, 8);
        let mut cin = stem;
        let blocks = (0..variant.stages.len())
            .map(|index| Block::stage(&[variant.specs(index)], style, &mut cin))
            .collect();
        Self {
            conv_stem: style.conv(Conv2d::new(3, stem, 3).stride(2)),
            bn1: style.norm(stem),
            blocks,
            conv_head: Conv2d::new(cin, head, 1),
            bn2: style.norm(head),
            classifier: Linear::new(head, classes),
            activation: variant.activation,
        }
    }
}

impl Architecture for EfficientNet {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage(&self, net: &Recorder, stage: usize, x: Map) -> Map {
        if stage == 0 {
            return net.conv_norm(x, &self.conv_stem, &self.bn1, self.activation);
        }
        let blocks = self.blocks[stage - 1].iter();
        let x = blocks.fold(x, |x, block| block.forward(net, x));
        if stage < self.blocks.len() {
            return x;
        }
        net.conv_norm(x, &self.conv_head, &self.bn2, self.activation)
    }

    fn classifier(&self) -> &Linear {
        &self.classifier
    }
}

//! `MobileNetV3`-Large (Howard et al. 2019, arXiv:1905.02244), as timm's `mobilenetv3_large_100`:
//! the last expansion stands behind the pooling.

use burn::module::Module;
use burn::tensor::Device;
use eosin_kernels::Activation::{self, HardSwish, Relu};

use super::inverted_residual::{Block, BlockSpec, Squeeze, Style};
use crate::engine::{Architecture, Engine};
use crate::layers::{BatchNorm, Conv2d, Linear};

const STAGES: &[&str] = &[
    "stem", "blocks.0", "blocks.1", "blocks.2", "blocks.3", "blocks.4", "blocks.5",
];
const STEM: usize = 16;
const LAST: usize = 960;
const FEATURES: usize = 1280;

const fn spec(
    (repeats, kernel, stride): (usize, usize, usize),
    expand: f64,
    channels: usize,
    squeeze: Squeeze,
    activation: Activation,
) -> BlockSpec {
    BlockSpec {
        repeats,
        kernel,
        stride,
        expand,
        channels,
        squeeze,
        activation,
    }
}

const BLOCKS: [&[BlockSpec]; 6] = [
    &[spec((1, 3, 1), 0.0, 16, Squeeze::None, Relu)],
    &[
        spec((1, 3, 2), 4.0, 24, Squeeze::None, Relu),
        spec((1, 3, 1), 3.0, 24, Squeeze::None, Relu),
    ],
    &[spec((3, 5, 2), 3.0, 40, Squeeze::OfExpanded, Relu)],
    &[
        spec((1, 3, 2), 6.0, 80, Squeeze::None, HardSwish),
        spec((1, 3, 1), 2.5, 80, Squeeze::None, HardSwish),
        spec((2, 3, 1), 2.3, 80, Squeeze::None, HardSwish),
    ],
    &[spec((2, 3, 1), 6.0, 112, Squeeze::OfExpanded, HardSwish)],
    &[spec((3, 5, 2), 6.0, 160, Squeeze::OfExpanded, HardSwish)],
];

/// The last entry of timm's `blocks`: one plain convolution.
#[derive(Module, Debug)]
struct Expansion {
    conv: Conv2d,
    bn1: BatchNorm,
}

/// A stage of blocks, or the expansion; which is no part of tensor names.
#[derive(Module, Debug)]
enum Stage {
    Blocks(Vec<Block>),
    Last(Vec<Expansion>),
}

impl Stage {
    fn forward<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map {
        match self {
            Self::Blocks(blocks) => blocks.iter().fold(x, |x, block| block.forward(engine, x)),
            Self::Last(layers) => layers.iter().fold(x, |x, layer| {
                engine.conv_norm(x, &layer.conv, &layer.bn1, HardSwish)
            }),
        }
    }
}

/// `MobileNetV3`-Large.
#[derive(Module, Debug)]
pub struct MobileNetV3 {
    conv_stem: Conv2d,
    bn1: BatchNorm,
    blocks: Vec<Stage>,
    conv_head: Conv2d,
    classifier: Linear,
}

impl MobileNetV3 {
    /// All weights zero, `classes` outputs.
    pub fn new(classes: usize, device: &Device) -> Self {
        let mut cin = STEM;
        let mut blocks: Vec<Stage> = BLOCKS
            .iter()
            .map(|specs| Stage::Blocks(Block::stage(specs, Style::TORCH, &mut cin, device)))
            .collect();
        blocks.push(Stage::Last(vec![Expansion {
            conv: Conv2d::new(cin, LAST, 1, device),
            bn1: BatchNorm::new(LAST, device),
        }]));
        Self {
            conv_stem: Conv2d::new(3, STEM, 3, device).stride(2),
            bn1: BatchNorm::new(STEM, device),
            blocks,
            conv_head: Conv2d::new(LAST, FEATURES, 1, device).with_bias(device),
            classifier: Linear::new(FEATURES, classes, device),
        }
    }
}

impl Architecture for MobileNetV3 {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage<E: Engine>(&self, engine: &E, stage: usize, x: E::Map) -> E::Map {
        if stage == 0 {
            return engine.conv_norm(x, &self.conv_stem, &self.bn1, HardSwish);
        }
        let x = self.blocks[stage - 1].forward(engine, x);
        // The expansion belongs to the last stage: a cut before it would only cache more.
        if stage == BLOCKS.len() {
            self.blocks[stage].forward(engine, x)
        } else {
            x
        }
    }

    fn pool<E: Engine>(&self, engine: &E, map: E::Map) -> E::Vector {
        let mean = engine.mean(map);
        engine.flatten(engine.conv_act(mean, &self.conv_head, HardSwish))
    }

    fn classifier(&self) -> &Linear {
        &self.classifier
    }

    fn classifier_mut(&mut self) -> &mut Linear {
        &mut self.classifier
    }
}

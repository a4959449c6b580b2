//! `MobileNetV3`-Large (Howard et al. 2019, arXiv:1905.02244), as timm's `mobilenetv3_large_100`:
//! the last expansion stands behind the pooling.

use eosin_kernels::Activation::{self, HardSwish, Relu};

use super::inverted_residual::{Block, BlockSpec, Squeeze, Style};
use crate::architecture::Architecture;
use crate::layers::{BatchNorm, Conv2d, Linear};
use crate::param::module;
use crate::recorder::{Map, Recorder, Vector};

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
#[derive(Debug)]
struct Expansion {
    conv: Conv2d,
    bn1: BatchNorm,
}

module!(Expansion { conv, bn1 });

/// A stage of blocks, or the expansion; which is no part of tensor names.
#[derive(Debug)]
enum Stage {
    Blocks(Vec<Block>),
    Last(Vec<Expansion>),
}

module!(
    enum Stage {
        Blocks,
        Last,
    }
);

impl Stage {
    fn forward(&self, net: &Recorder, x: Map) -> Map {
        match self {
            Self::Blocks(blocks) => blocks.iter().fold(x, |x, block| block.forward(net, x)),
            Self::Last(layers) => layers.iter().fold(x, |x, layer| {
                net.conv_norm(x, &layer.conv, &layer.bn1, HardSwish)
            }),
        }
    }
}

/// `MobileNetV3`-Large.
#[derive(Debug)]
pub struct MobileNetV3 {
    conv_stem: Conv2d,
    bn1: BatchNorm,
    blocks: Vec<Stage>,
    conv_head: Conv2d,
    classifier: Linear,
}

module!(MobileNetV3 {
    conv_stem,
    bn1,
    blocks,
    conv_head,
    classifier
});

impl MobileNetV3 {
    /// With `classes` outputs.
    pub fn new(classes: usize) -> Self {
        let mut cin = STEM;
        let mut blocks: Vec<Stage> = BLOCKS
            .iter()
            .map(|specs| Stage::Blocks(Block::stage(specs, Style::TORCH, &mut cin)))
            .collect();
        blocks.push(Stage::Last(vec![Expansion {
            conv: Conv2d::new(cin, LAST, 1),
            bn1: BatchNorm::new(LAST),
        }]));
        Self {
            conv_stem: Conv2d::new(3, STEM, 3).stride(2),
            bn1: BatchNorm::new(STEM),
            blocks,
            conv_head: Conv2d::new(LAST, FEATURES, 1).with_bias(),
            classifier: Linear::new(FEATURES, classes),
        }
    }
}

impl Architecture for MobileNetV3 {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage(&self, net: &Recorder, stage: usize, x: Map) -> Map {
        if stage == 0 {
            return net.conv_norm(x, &self.conv_stem, &self.bn1, HardSwish);
        }
        let x = self.blocks[stage - 1].forward(net, x);
        // The expansion belongs to the last stage: a cut before it would only cache more.
        if stage == BLOCKS.len() {
            self.blocks[stage].forward(net, x)
        } else {
            x
        }
    }

    fn pool(&self, net: &Recorder, map: Map) -> Vector {
        let mean = net.mean(map);
        net.flatten(net.conv_act(mean, &self.conv_head, HardSwish))
    }

    fn classifier(&self) -> &Linear {
        &self.classifier
    }
}

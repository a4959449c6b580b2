//! The embedded backbone: a small residual network for H&E patches of about 96 pixels.
//!
//! Blocks are those of [`super::ResNet`]; the stem is one 3x3 convolution of stride 2 without
//! pooling, and every stage is one block of stride 2, so a 96-pixel patch ends as 3x3 positions of
//! 256 features.

use eosin_kernels::Activation;

use super::resnet::BasicBlock;
use crate::architecture::Architecture;
use crate::layers::{BatchNorm, Conv2d, Linear};
use crate::param::module;
use crate::recorder::{Map, Recorder};

/// A residual network of four blocks and about 1.8 million parameters.
#[derive(Debug)]
pub struct EosinMini {
    conv1: Conv2d,
    bn1: BatchNorm,
    blocks: Vec<BasicBlock>,
    fc: Linear,
}

module!(EosinMini {
    conv1,
    bn1,
    blocks,
    fc
});

impl EosinMini {
    const STEM: usize = 24;
    const STAGES: [usize; 4] = [48, 96, 192, 256];

    /// With `classes` outputs.
    pub fn new(classes: usize) -> Self {
        let inputs = std::iter::once(Self::STEM).chain(Self::STAGES);
        let blocks = inputs
            .zip(Self::STAGES)
            .map(|(cin, cout)| BasicBlock::new(cin, cout, 2))
            .collect();
        Self {
            conv1: Conv2d::new(3, Self::STEM, 3).stride(2),
            bn1: BatchNorm::new(Self::STEM),
            blocks,
            fc: Linear::new(Self::STAGES[3], classes),
        }
    }
}

impl Architecture for EosinMini {
    fn stages(&self) -> &'static [&'static str] {
        &["stem", "blocks.0", "blocks.1", "blocks.2", "blocks.3"]
    }

    fn stage(&self, net: &Recorder, stage: usize, x: Map) -> Map {
        match stage.checked_sub(1) {
            None => net.conv_norm(x, &self.conv1, &self.bn1, Activation::Relu),
            Some(block) => self.blocks[block].forward(net, x),
        }
    }

    fn classifier(&self) -> &Linear {
        &self.fc
    }
}

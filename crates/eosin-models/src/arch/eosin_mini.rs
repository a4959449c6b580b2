//! The embedded backbone: a small residual network for H&E patches of about 96 pixels.
//!
//! Blocks are those of [`super::ResNet`]; the stem is one 3x3 convolution of stride 2 without
//! pooling, and every stage is one block of stride 2, so a 96-pixel patch ends as 3x3 positions of
//! 256 features.

use burn::module::Module;
use burn::tensor::Device;
use eosin_kernels::Activation;

use super::resnet::BasicBlock;
use crate::engine::{Architecture, Engine};
use crate::layers::{BatchNorm, Conv2d, Linear};

/// A residual network of four blocks and about 1.8 million parameters.
#[derive(Module, Debug)]
pub struct EosinMini {
    conv1: Conv2d,
    bn1: BatchNorm,
    blocks: Vec<BasicBlock>,
    fc: Linear,
}

impl EosinMini {
    const STEM: usize = 24;
    const STAGES: [usize; 4] = [48, 96, 192, 256];

    /// All weights zero, `classes` outputs.
    pub fn new(classes: usize, device: &Device) -> Self {
        let inputs = std::iter::once(Self::STEM).chain(Self::STAGES);
        let blocks = inputs
            .zip(Self::STAGES)
            .map(|(cin, cout)| BasicBlock::new(cin, cout, 2, device))
            .collect();
        Self {
            conv1: Conv2d::new(3, Self::STEM, 3, device).stride(2),
            bn1: BatchNorm::new(Self::STEM, device),
            blocks,
            fc: Linear::new(Self::STAGES[3], classes, device),
        }
    }
}

impl Architecture for EosinMini {
    fn stages(&self) -> &'static [&'static str] {
        &["stem", "blocks.0", "blocks.1", "blocks.2", "blocks.3"]
    }

    fn stage<E: Engine>(&self, engine: &E, stage: usize, x: E::Map) -> E::Map {
        match stage.checked_sub(1) {
            None => engine.conv_norm(x, &self.conv1, &self.bn1, Activation::Relu),
            Some(block) => self.blocks[block].forward(engine, x),
        }
    }

    fn classifier(&self) -> &Linear {
        &self.fc
    }

    fn classifier_mut(&mut self) -> &mut Linear {
        &mut self.fc
    }
}

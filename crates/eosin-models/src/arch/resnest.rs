//! `ResNeSt` (Zhang et al. 2022, arXiv:2004.08955), as timm's `resnest14d`, `resnest26d` and
//! `resnest50d`: radix 2, cardinality 1, a stem of three 3x3 convolutions, average pooling in the
//! shortcut and behind the split attention.

use burn::module::Module;
use burn::tensor::Device;
use eosin_kernels::{Activation, Padded, Pool};

use super::resnet::{STAGES, STEM_POOL};
use crate::engine::{Architecture, Engine};
use crate::layers::{BatchNorm, Conv2d, Linear, round_channels};

const RADIX: usize = 2;

/// Replaces the stride of the 3x3 convolution.
const STRIDE_POOL: Pool = Pool {
    kernel: 3,
    stride: 2,
    padding: 1,
    ceil: false,
};

/// Replaces the stride of the shortcut.
const SHORTCUT_POOL: Pool = Pool {
    kernel: 2,
    stride: 2,
    padding: 0,
    ceil: true,
};

/// A 3x3 convolution into `RADIX` parts whose sum is weighted by an attention over the parts.
#[derive(Module, Debug)]
struct SplitAttention {
    conv: Conv2d,
    bn0: BatchNorm,
    fc1: Conv2d,
    bn1: BatchNorm,
    fc2: Conv2d,
}

impl SplitAttention {
    fn new(channels: usize, device: &Device) -> Self {
        let wide = channels * RADIX;
        let inner = round_channels(wide as f64 / 4.0, 8).max(32);
        let conv = Conv2d::grouped(channels, wide, 3, RADIX, device);
        Self {
            conv,
            bn0: BatchNorm::new(wide, device),
            fc1: Conv2d::new(channels, inner, 1, device).with_bias(device),
            bn1: BatchNorm::new(inner, device),
            fc2: Conv2d::new(inner, wide, 1, device).with_bias(device),
        }
    }

    fn forward<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map {
        let x = engine.conv_norm(x, &self.conv, &self.bn0, Activation::Relu);
        let gap = engine.mean(engine.sum_splits(x.clone(), RADIX));
        let gap = engine.conv_norm(gap, &self.fc1, &self.bn1, Activation::Relu);
        let logits = engine.conv_act(gap, &self.fc2, Activation::Identity);
        engine.split_attention(x, logits, RADIX)
    }
}

/// The shortcut's convolution; entry 0 of PyTorch's list is the pooling.
#[derive(Module, Debug)]
struct Downsample {
    at_1: Conv2d,
    at_2: BatchNorm,
}

#[derive(Module, Debug)]
struct Block {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: SplitAttention,
    conv3: Conv2d,
    bn3: BatchNorm,
    downsample: Option<Downsample>,
    #[module(skip)]
    stride: usize,
}

impl Block {
    fn new(cin: usize, middle: usize, stride: usize, device: &Device) -> Self {
        let cout = middle * 4;
        Self {
            conv1: Conv2d::new(cin, middle, 1, device),
            bn1: BatchNorm::new(middle, device),
            conv2: SplitAttention::new(middle, device),
            conv3: Conv2d::new(middle, cout, 1, device),
            bn3: BatchNorm::new(cout, device),
            downsample: (stride != 1 || cin != cout).then(|| Downsample {
                at_1: Conv2d::new(cin, cout, 1, device),
                at_2: BatchNorm::new(cout, device),
            }),
            stride,
        }
    }

    fn forward<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map {
        let shortcut = match &self.downsample {
            Some(Downsample { at_1, at_2 }) => {
                let pooled = if self.stride > 1 {
                    engine.avg_pool(x.clone(), SHORTCUT_POOL, Padded::Left)
                } else {
                    x.clone()
                };
                engine.conv_norm(pooled, at_1, at_2, Activation::Identity)
            }
            None => x.clone(),
        };
        let x = engine.conv_norm(x, &self.conv1, &self.bn1, Activation::Relu);
        let mut x = self.conv2.forward(engine, x);
        if self.stride > 1 {
            x = engine.avg_pool(x, STRIDE_POOL, Padded::Zeros);
        }
        let norm = Some(&self.bn3);
        engine.conv(x, &self.conv3, norm, Some(shortcut), Activation::Relu)
    }
}

/// Three 3x3 convolutions; the entries between them in PyTorch's list are activations.
#[expect(clippy::struct_field_names, reason = "they are the entries of a list")]
#[derive(Module, Debug)]
struct Stem {
    at_0: Conv2d,
    at_1: BatchNorm,
    at_3: Conv2d,
    at_4: BatchNorm,
    at_6: Conv2d,
}

/// Residual network of split attention.
#[derive(Module, Debug)]
pub struct ResNest {
    conv1: Stem,
    bn1: BatchNorm,
    layer1: Vec<Block>,
    layer2: Vec<Block>,
    layer3: Vec<Block>,
    layer4: Vec<Block>,
    fc: Linear,
}

impl ResNest {
    /// So many blocks in each stage: `[1, 1, 1, 1]` is `resnest14d`, `[2, 2, 2, 2]` `resnest26d`,
    /// `[3, 4, 6, 3]` `resnest50d`.
    pub fn new(blocks: [usize; 4], classes: usize, device: &Device) -> Self {
        let mut cin = 64;
        let mut stage = |index: usize| -> Vec<Block> {
            let middle = 64 << index;
            let make = |block: usize| {
                let stride = if block == 0 && index > 0 { 2 } else { 1 };
                let made = Block::new(cin, middle, stride, device);
                cin = middle * 4;
                made
            };
            (0..blocks[index]).map(make).collect()
        };
        Self {
            conv1: Stem {
                at_0: Conv2d::new(3, 32, 3, device).stride(2),
                at_1: BatchNorm::new(32, device),
                at_3: Conv2d::new(32, 32, 3, device),
                at_4: BatchNorm::new(32, device),
                at_6: Conv2d::new(32, 64, 3, device),
            },
            bn1: BatchNorm::new(64, device),
            layer1: stage(0),
            layer2: stage(1),
            layer3: stage(2),
            layer4: stage(3),
            fc: Linear::new(2048, classes, device),
        }
    }

    fn stem<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map {
        let stem = &self.conv1;
        let x = engine.conv_norm(x, &stem.at_0, &stem.at_1, Activation::Relu);
        let x = engine.conv_norm(x, &stem.at_3, &stem.at_4, Activation::Relu);
        let x = engine.conv_norm(x, &stem.at_6, &self.bn1, Activation::Relu);
        engine.max_pool(x, STEM_POOL)
    }
}

impl Architecture for ResNest {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage<E: Engine>(&self, engine: &E, stage: usize, x: E::Map) -> E::Map {
        let blocks = match stage {
            0 => return self.stem(engine, x),
            1 => &self.layer1,
            2 => &self.layer2,
            3 => &self.layer3,
            _ => &self.layer4,
        };
        blocks.iter().fold(x, |x, block| block.forward(engine, x))
    }

    fn classifier(&self) -> &Linear {
        &self.fc
    }

    fn classifier_mut(&mut self) -> &mut Linear {
        &mut self.fc
    }
}

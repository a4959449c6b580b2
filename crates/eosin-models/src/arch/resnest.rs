//! `ResNeSt` (Zhang et al. 2022, arXiv:2004.08955), as timm's `resnest14d`, `resnest26d` and
//! `resnest50d`: radix 2, cardinality 1, a stem of three 3x3 convolutions, average pooling in the
//! shortcut and behind the split attention.

use eosin_kernels::{Activation, Padded, Pool};

use super::resnet::{STAGES, STEM_POOL};
use crate::architecture::Architecture;
use crate::layers::{BatchNorm, Conv2d, Linear, round_channels};
use crate::param::module;
use crate::recorder::{Map, Recorder};

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
#[derive(Debug)]
struct SplitAttention {
    conv: Conv2d,
    bn0: BatchNorm,
    fc1: Conv2d,
    bn1: BatchNorm,
    fc2: Conv2d,
}

module!(SplitAttention {
    conv,
    bn0,
    fc1,
    bn1,
    fc2
});

impl SplitAttention {
    fn new(channels: usize) -> Self {
        let wide = channels * RADIX;
        let inner = round_channels(wide as f64 / 4.0, 8).max(32);
        let conv = Conv2d::grouped(channels, wide, 3, RADIX);
        Self {
            conv,
            bn0: BatchNorm::new(wide),
            fc1: Conv2d::new(channels, inner, 1).with_bias(),
            bn1: BatchNorm::new(inner),
            fc2: Conv2d::new(inner, wide, 1).with_bias(),
        }
    }

    fn forward(&self, net: &Recorder, x: Map) -> Map {
        let x = net.conv_norm(x, &self.conv, &self.bn0, Activation::Relu);
        let gap = net.mean(net.sum_splits(x, RADIX));
        let gap = net.conv_norm(gap, &self.fc1, &self.bn1, Activation::Relu);
        let logits = net.conv_act(gap, &self.fc2, Activation::Identity);
        net.split_attention(x, logits, RADIX)
    }
}

/// The shortcut's convolution; entry 0 of PyTorch's list is the pooling.
#[derive(Debug)]
struct Downsample {
    at_1: Conv2d,
    at_2: BatchNorm,
}

module!(Downsample { at_1, at_2 });

#[derive(Debug)]
struct Block {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: SplitAttention,
    conv3: Conv2d,
    bn3: BatchNorm,
    downsample: Option<Downsample>,
    stride: usize,
}

module!(Block { conv1, bn1, conv2, conv3, bn3, downsample; stride });

impl Block {
    fn new(cin: usize, middle: usize, stride: usize) -> Self {
        let cout = middle * 4;
        Self {
            conv1: Conv2d::new(cin, middle, 1),
            bn1: BatchNorm::new(middle),
            conv2: SplitAttention::new(middle),
            conv3: Conv2d::new(middle, cout, 1),
            bn3: BatchNorm::new(cout),
            downsample: (stride != 1 || cin != cout).then(|| Downsample {
                at_1: Conv2d::new(cin, cout, 1),
                at_2: BatchNorm::new(cout),
            }),
            stride,
        }
    }

    fn forward(&self, net: &Recorder, x: Map) -> Map {
        let shortcut = match &self.downsample {
            Some(Downsample { at_1, at_2 }) => {
                let pooled = if self.stride > 1 {
                    net.avg_pool(x, SHORTCUT_POOL, Padded::Left)
                } else {
                    x
                };
                net.conv_norm(pooled, at_1, at_2, Activation::Identity)
            }
            None => x,
        };
        let x = net.conv_norm(x, &self.conv1, &self.bn1, Activation::Relu);
        let mut x = self.conv2.forward(net, x);
        if self.stride > 1 {
            x = net.avg_pool(x, STRIDE_POOL, Padded::Zeros);
        }
        let norm = Some(&self.bn3);
        net.conv(x, &self.conv3, norm, Some(shortcut), Activation::Relu)
    }
}

/// Three 3x3 convolutions; the entries between them in PyTorch's list are activations.
#[expect(clippy::struct_field_names, reason = "they are the entries of a list")]
#[derive(Debug)]
struct Stem {
    at_0: Conv2d,
    at_1: BatchNorm,
    at_3: Conv2d,
    at_4: BatchNorm,
    at_6: Conv2d,
}

module!(Stem {
    at_0,
    at_1,
    at_3,
    at_4,
    at_6
});

/// Residual network of split attention.
#[derive(Debug)]
pub struct ResNest {
    conv1: Stem,
    bn1: BatchNorm,
    layer1: Vec<Block>,
    layer2: Vec<Block>,
    layer3: Vec<Block>,
    layer4: Vec<Block>,
    fc: Linear,
}

module!(ResNest {
    conv1,
    bn1,
    layer1,
    layer2,
    layer3,
    layer4,
    fc
});

impl ResNest {
    /// So many blocks in each stage: `[1, 1, 1, 1]` is `resnest14d`, `[2, 2, 2, 2]` `resnest26d`,
    /// `[3, 4, 6, 3]` `resnest50d`.
    pub fn new(blocks: [usize; 4], classes: usize) -> Self {
        let mut cin = 64;
        let mut stage = |index: usize| -> Vec<Block> {
            let middle = 64 << index;
            let make = |block: usize| {
                let stride = if block == 0 && index > 0 { 2 } else { 1 };
                let made = Block::new(cin, middle, stride);
                cin = middle * 4;
                made
            };
            (0..blocks[index]).map(make).collect()
        };
        Self {
            conv1: Stem {
                at_0: Conv2d::new(3, 32, 3).stride(2),
                at_1: BatchNorm::new(32),
                at_3: Conv2d::new(32, 32, 3),
                at_4: BatchNorm::new(32),
                at_6: Conv2d::new(32, 64, 3),
            },
            bn1: BatchNorm::new(64),
            layer1: stage(0),
            layer2: stage(1),
            layer3: stage(2),
            layer4: stage(3),
            fc: Linear::new(2048, classes),
        }
    }

    fn stem(&self, net: &Recorder, x: Map) -> Map {
        let stem = &self.conv1;
        let x = net.conv_norm(x, &stem.at_0, &stem.at_1, Activation::Relu);
        let x = net.conv_norm(x, &stem.at_3, &stem.at_4, Activation::Relu);
        let x = net.conv_norm(x, &stem.at_6, &self.bn1, Activation::Relu);
        net.max_pool(x, STEM_POOL)
    }
}

impl Architecture for ResNest {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage(&self, net: &Recorder, stage: usize, x: Map) -> Map {
        let blocks = match stage {
            0 => return self.stem(net, x),
            1 => &self.layer1,
            2 => &self.layer2,
            3 => &self.layer3,
            _ => &self.layer4,
        };
        blocks.iter().fold(x, |x, block| block.forward(net, x))
    }

    fn classifier(&self) -> &Linear {
        &self.fc
    }
}

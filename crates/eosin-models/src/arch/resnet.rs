//! ResNet (He et al. 2016, arXiv:1512.03385), as timm's `resnet18`, `resnet34`, `resnet50` and
//! `resnet101`: the stride of a bottleneck is in its 3x3 convolution.

use eosin_kernels::{Activation, Pool};

use crate::architecture::Architecture;
use crate::layers::{BatchNorm, Conv2d, Linear};
use crate::param::module;
use crate::recorder::{Map, Recorder};

/// The stages of ResNet and its descendants.
pub(super) const STAGES: &[&str] = &["stem", "layer1", "layer2", "layer3", "layer4"];

/// The pooling that ends the stem.
pub(super) const STEM_POOL: Pool = Pool {
    kernel: 3,
    stride: 2,
    padding: 1,
    ceil: false,
};

/// Two 3x3 convolutions and a shortcut.
#[derive(Debug)]
pub struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    downsample: Option<(Conv2d, BatchNorm)>,
}

module!(BasicBlock {
    conv1,
    bn1,
    conv2,
    bn2,
    downsample
});

impl BasicBlock {
    pub(super) fn new(cin: usize, cout: usize, stride: usize) -> Self {
        Self {
            conv1: Conv2d::new(cin, cout, 3).stride(stride),
            bn1: BatchNorm::new(cout),
            conv2: Conv2d::new(cout, cout, 3),
            bn2: BatchNorm::new(cout),
            downsample: downsample(cin, cout, stride),
        }
    }

    pub(super) fn forward(&self, net: &Recorder, x: Map) -> Map {
        let shortcut = shortcut(net, self.downsample.as_ref(), x);
        let x = net.conv_norm(x, &self.conv1, &self.bn1, Activation::Relu);
        let norm = Some(&self.bn2);
        net.conv(x, &self.conv2, norm, Some(shortcut), Activation::Relu)
    }
}

fn downsample(cin: usize, cout: usize, stride: usize) -> Option<(Conv2d, BatchNorm)> {
    (stride != 1 || cin != cout).then(|| {
        let conv = Conv2d::new(cin, cout, 1).stride(stride);
        (conv, BatchNorm::new(cout))
    })
}

fn shortcut(net: &Recorder, downsample: Option<&(Conv2d, BatchNorm)>, x: Map) -> Map {
    match downsample {
        Some((conv, norm)) => net.conv_norm(x, conv, norm, Activation::Identity),
        None => x,
    }
}

/// 1x1, 3x3 and 1x1 convolutions and a shortcut; the output is four times as wide as the middle.
#[derive(Debug)]
pub struct Bottleneck {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    conv3: Conv2d,
    bn3: BatchNorm,
    downsample: Option<(Conv2d, BatchNorm)>,
}

module!(Bottleneck {
    conv1,
    bn1,
    conv2,
    bn2,
    conv3,
    bn3,
    downsample
});

impl Bottleneck {
    fn new(cin: usize, middle: usize, stride: usize) -> Self {
        let cout = middle * 4;
        Self {
            conv1: Conv2d::new(cin, middle, 1),
            bn1: BatchNorm::new(middle),
            conv2: Conv2d::new(middle, middle, 3).stride(stride),
            bn2: BatchNorm::new(middle),
            conv3: Conv2d::new(middle, cout, 1),
            bn3: BatchNorm::new(cout),
            downsample: downsample(cin, cout, stride),
        }
    }

    fn forward(&self, net: &Recorder, x: Map) -> Map {
        let shortcut = shortcut(net, self.downsample.as_ref(), x);
        let x = net.conv_norm(x, &self.conv1, &self.bn1, Activation::Relu);
        let x = net.conv_norm(x, &self.conv2, &self.bn2, Activation::Relu);
        let norm = Some(&self.bn3);
        net.conv(x, &self.conv3, norm, Some(shortcut), Activation::Relu)
    }
}

/// A block of either kind; its kind is no part of tensor names.
#[derive(Debug)]
enum Block {
    Basic(BasicBlock),
    Bottleneck(Bottleneck),
}

module!(
    enum Block {
        Basic,
        Bottleneck,
    }
);

impl Block {
    fn forward(&self, net: &Recorder, x: Map) -> Map {
        match self {
            Self::Basic(block) => block.forward(net, x),
            Self::Bottleneck(block) => block.forward(net, x),
        }
    }
}

/// ResNet of basic blocks or bottlenecks.
#[derive(Debug)]
pub struct ResNet {
    conv1: Conv2d,
    bn1: BatchNorm,
    layer1: Vec<Block>,
    layer2: Vec<Block>,
    layer3: Vec<Block>,
    layer4: Vec<Block>,
    fc: Linear,
}

module!(ResNet {
    conv1,
    bn1,
    layer1,
    layer2,
    layer3,
    layer4,
    fc
});

impl ResNet {
    /// Basic blocks, so many in each stage: `[2, 2, 2, 2]` is `resnet18`, `[3, 4, 6, 3]`
    /// `resnet34`.
    pub fn basic(blocks: [usize; 4], classes: usize) -> Self {
        let block = |cin, width, stride| Block::Basic(BasicBlock::new(cin, width, stride));
        Self::new(blocks, 1, classes, block)
    }

    /// Bottlenecks, so many in each stage: `[3, 4, 6, 3]` is `resnet50`, `[3, 4, 23, 3]`
    /// `resnet101`.
    pub fn bottleneck(blocks: [usize; 4], classes: usize) -> Self {
        let block = |cin, width, stride| Block::Bottleneck(Bottleneck::new(cin, width, stride));
        Self::new(blocks, 4, classes, block)
    }

    fn new(
        blocks: [usize; 4],
        expansion: usize,
        classes: usize,
        block: impl Fn(usize, usize, usize) -> Block,
    ) -> Self {
        let mut cin = 64;
        let mut stage = |index: usize| -> Vec<Block> {
            let (width, stride) = (64 << index, if index == 0 { 1 } else { 2 });
            let first = block(cin, width, stride);
            cin = width * expansion;
            let rest = (1..blocks[index]).map(|_| block(cin, width, 1));
            std::iter::once(first).chain(rest).collect()
        };
        Self {
            conv1: Conv2d::new(3, 64, 7).stride(2),
            bn1: BatchNorm::new(64),
            layer1: stage(0),
            layer2: stage(1),
            layer3: stage(2),
            layer4: stage(3),
            fc: Linear::new(512 * expansion, classes),
        }
    }
}

impl Architecture for ResNet {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage(&self, net: &Recorder, stage: usize, x: Map) -> Map {
        let blocks = match stage {
            0 => {
                let x = net.conv_norm(x, &self.conv1, &self.bn1, Activation::Relu);
                return net.max_pool(x, STEM_POOL);
            }
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

//! VGG (Simonyan & Zisserman 2015, arXiv:1409.1556), as timm's `vgg16`, `vgg16_bn` and `vgg19`: the
//! fully connected layers are convolutions over 7x7 windows, and a map smaller than that is
//! enlarged by adaptive average pooling.

use eosin_kernels::{Activation, Pool};

use crate::architecture::Architecture;
use crate::layers::{BatchNorm, Conv2d, Linear, PadMode};
use crate::param::{Module, Names, module};
use crate::recorder::{Map, Recorder, Vector};

const STAGES: &[&str] = &["block1", "block2", "block3", "block4", "block5"];
/// Channels of each block.
const CHANNELS: [usize; 5] = [64, 128, 256, 512, 512];
/// Side of the window of the first fully connected layer.
const WINDOW: usize = 7;
const FEATURES: usize = 4096;
const POOL: Pool = Pool {
    kernel: 2,
    stride: 2,
    padding: 0,
    ceil: false,
};

/// An entry of PyTorch's list; its kind is no part of tensor names.
#[derive(Debug)]
enum Slot {
    Conv(Conv2d),
    Norm(BatchNorm),
    Activation,
    Pool,
}

impl Module for Slot {
    fn name(&mut self, names: &mut Names) {
        match self {
            Self::Conv(conv) => conv.name(names),
            Self::Norm(norm) => norm.name(names),
            Self::Activation | Self::Pool => {}
        }
    }
}

/// The fully connected layers before the classifier.
#[derive(Debug)]
struct PreLogits {
    fc1: Conv2d,
    fc2: Conv2d,
}

module!(PreLogits { fc1, fc2 });

/// The classifier in its place.
#[derive(Debug)]
struct Head {
    fc: Linear,
}

module!(Head { fc });

/// Whether there are batch norms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norms {
    /// There are none.
    Absent,
    /// One behind every 3x3 convolution.
    Behind,
}

/// VGG with or without batch norms.
#[derive(Debug)]
pub struct Vgg {
    features: Vec<Slot>,
    pre_logits: PreLogits,
    head: Head,
}

module!(Vgg {
    features,
    pre_logits,
    head
});

impl Vgg {
    /// So many convolutions in each block: `[2, 2, 3, 3, 3]` is `vgg16`, `[2, 2, 4, 4, 4]` `vgg19`.
    pub fn new(convs: [usize; 5], norms: Norms, classes: usize) -> Self {
        let mut features = Vec::new();
        let mut cin = 3;
        for (count, channels) in convs.into_iter().zip(CHANNELS) {
            for _ in 0..count {
                let conv = Conv2d::new(cin, channels, 3).with_bias();
                features.push(Slot::Conv(conv));
                if norms == Norms::Behind {
                    features.push(Slot::Norm(BatchNorm::new(channels)));
                }
                features.push(Slot::Activation);
                cin = channels;
            }
            features.push(Slot::Pool);
        }
        let window = Conv2d::new(cin, FEATURES, WINDOW).pad(PadMode::Same(0));
        Self {
            features,
            pre_logits: PreLogits {
                fc1: window.with_bias(),
                fc2: Conv2d::new(FEATURES, FEATURES, 1).with_bias(),
            },
            head: Head {
                fc: Linear::new(FEATURES, classes),
            },
        }
    }

    /// The entries of one block, its pooling included.
    fn block(&self, stage: usize) -> &[Slot] {
        self.features
            .split_inclusive(|slot| matches!(slot, Slot::Pool))
            .nth(stage)
            .expect("a network has all its blocks")
    }
}

impl Architecture for Vgg {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage(&self, net: &Recorder, stage: usize, x: Map) -> Map {
        let slots = self.block(stage);
        let x = slots.iter().enumerate().fold(x, |x, (at, slot)| {
            let Slot::Conv(conv) = slot else { return x };
            let norm = match slots.get(at + 1) {
                Some(Slot::Norm(norm)) => Some(norm),
                _ => None,
            };
            net.conv(x, conv, norm, None, Activation::Relu)
        });
        net.max_pool(x, POOL)
    }

    fn pool(&self, net: &Recorder, map: Map) -> Vector {
        let [height, width] = net.size(map);
        let map = if height < WINDOW || width < WINDOW {
            net.adaptive_avg_pool(map, WINDOW)
        } else {
            map
        };
        let x = net.conv_act(map, &self.pre_logits.fc1, Activation::Relu);
        let x = net.conv_act(x, &self.pre_logits.fc2, Activation::Relu);
        net.flatten(net.mean(x))
    }

    fn classifier(&self) -> &Linear {
        &self.head.fc
    }
}

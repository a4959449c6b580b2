//! VGG (Simonyan & Zisserman 2015, arXiv:1409.1556), as timm's `vgg16`, `vgg16_bn` and `vgg19`: the
//! fully connected layers are convolutions over 7x7 windows, and a map smaller than that is
//! enlarged by adaptive average pooling.

use burn::module::Module;
use burn::tensor::Device;
use eosin_kernels::{Activation, Pool};

use crate::engine::{Architecture, Engine};
use crate::layers::{BatchNorm, Conv2d, Linear, PadMode};

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

/// Holds a place in PyTorch's list; it has no tensors.
#[derive(Module, Debug)]
struct Placeholder {
    #[module(skip)]
    is_pool: bool,
}

/// An entry of PyTorch's list; its kind is no part of tensor names.
#[derive(Module, Debug)]
enum Slot {
    Conv(Conv2d),
    Norm(BatchNorm),
    Other(Placeholder),
}

/// The fully connected layers before the classifier.
#[derive(Module, Debug)]
struct PreLogits {
    fc1: Conv2d,
    fc2: Conv2d,
}

/// The classifier in its place.
#[derive(Module, Debug)]
struct Head {
    fc: Linear,
}

/// VGG with or without batch norms.
#[derive(Module, Debug)]
pub struct Vgg {
    features: Vec<Slot>,
    pre_logits: PreLogits,
    head: Head,
}

impl Vgg {
    /// So many convolutions in each block: `[2, 2, 3, 3, 3]` is `vgg16`, `[2, 2, 4, 4, 4]` `vgg19`.
    pub fn new(convs: [usize; 5], with_norm: bool, classes: usize, device: &Device) -> Self {
        let mut features = Vec::new();
        let mut cin = 3;
        for (count, channels) in convs.into_iter().zip(CHANNELS) {
            for _ in 0..count {
                let conv = Conv2d::new(cin, channels, 3, device).with_bias(device);
                features.push(Slot::Conv(conv));
                if with_norm {
                    features.push(Slot::Norm(BatchNorm::new(channels, device)));
                }
                features.push(Slot::Other(Placeholder { is_pool: false }));
                cin = channels;
            }
            features.push(Slot::Other(Placeholder { is_pool: true }));
        }
        let window = Conv2d::new(cin, FEATURES, WINDOW, device).pad(PadMode::Same(0));
        Self {
            features,
            pre_logits: PreLogits {
                fc1: window.with_bias(device),
                fc2: Conv2d::new(FEATURES, FEATURES, 1, device).with_bias(device),
            },
            head: Head {
                fc: Linear::new(FEATURES, classes, device),
            },
        }
    }

    /// The entries of one block, its pooling included.
    fn block(&self, stage: usize) -> &[Slot] {
        self.features
            .split_inclusive(|slot| matches!(slot, Slot::Other(Placeholder { is_pool: true })))
            .nth(stage)
            .expect("a network has all its blocks")
    }
}

impl Architecture for Vgg {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage<E: Engine>(&self, engine: &E, stage: usize, x: E::Map) -> E::Map {
        let slots = self.block(stage);
        let x = slots.iter().enumerate().fold(x, |x, (at, slot)| {
            let Slot::Conv(conv) = slot else { return x };
            let norm = match slots.get(at + 1) {
                Some(Slot::Norm(norm)) => Some(norm),
                _ => None,
            };
            engine.conv(x, conv, norm, None, Activation::Relu)
        });
        engine.max_pool(x, POOL)
    }

    fn pool<E: Engine>(&self, engine: &E, map: E::Map) -> E::Vector {
        let [height, width] = engine.size(&map);
        let map = if height < WINDOW || width < WINDOW {
            engine.adaptive_avg_pool(map, WINDOW)
        } else {
            map
        };
        let x = engine.conv_act(map, &self.pre_logits.fc1, Activation::Relu);
        let x = engine.conv_act(x, &self.pre_logits.fc2, Activation::Relu);
        engine.flatten(engine.mean(x))
    }

    fn classifier(&self) -> &Linear {
        &self.head.fc
    }

    fn classifier_mut(&mut self) -> &mut Linear {
        &mut self.head.fc
    }
}

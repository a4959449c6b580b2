//! `SqueezeNet` 1.1 (Iandola et al. 2016, arXiv:1602.07360) under torchvision's names; timm has
//! none.
//!
//! torchvision classifies each position, applies a ReLU and takes the mean; here, as in every other
//! backbone, the classifier is linear on the mean of the features.

use eosin_kernels::{Activation, Pool};

use crate::architecture::Architecture;
use crate::layers::{Conv2d, Linear, PadMode};
use crate::param::module;
use crate::recorder::{Map, Recorder};

const STAGES: &[&str] = &["stem", "stage1", "stage2", "stage3"];
const FEATURES: usize = 512;
const POOL: Pool = Pool {
    kernel: 3,
    stride: 2,
    padding: 0,
    ceil: true,
};

#[derive(Debug)]
struct Fire {
    squeeze: Conv2d,
    expand1x1: Conv2d,
    expand3x3: Conv2d,
}

module!(Fire {
    squeeze,
    expand1x1,
    expand3x3
});

impl Fire {
    fn new(cin: usize, squeeze: usize, expand: usize) -> Self {
        let conv = |cin, cout, kernel| Conv2d::new(cin, cout, kernel).with_bias();
        Self {
            squeeze: conv(cin, squeeze, 1),
            expand1x1: conv(squeeze, expand, 1),
            expand3x3: conv(squeeze, expand, 3),
        }
    }

    fn forward(&self, net: &Recorder, x: Map) -> Map {
        let x = net.conv_act(x, &self.squeeze, Activation::Relu);
        let narrow = net.conv_act(x, &self.expand1x1, Activation::Relu);
        let wide = net.conv_act(x, &self.expand3x3, Activation::Relu);
        net.concat(&[narrow, wide])
    }
}

/// The entries between are activations and pooling.
#[expect(clippy::struct_field_names, reason = "they are the entries of a list")]
#[derive(Debug)]
struct Features {
    at_0: Conv2d,
    at_3: Fire,
    at_4: Fire,
    at_6: Fire,
    at_7: Fire,
    at_9: Fire,
    at_10: Fire,
    at_11: Fire,
    at_12: Fire,
}

module!(Features {
    at_0,
    at_3,
    at_4,
    at_6,
    at_7,
    at_9,
    at_10,
    at_11,
    at_12
});

/// The entry before is a dropout.
#[derive(Debug)]
struct Classifier {
    at_1: Linear,
}

module!(Classifier { at_1 });

/// `SqueezeNet` 1.1.
#[derive(Debug)]
pub struct SqueezeNet {
    features: Features,
    classifier: Classifier,
}

module!(SqueezeNet {
    features,
    classifier
});

impl SqueezeNet {
    /// With `classes` outputs.
    pub fn new(classes: usize) -> Self {
        let fire = |cin, squeeze, expand| Fire::new(cin, squeeze, expand);
        let stem = Conv2d::new(3, 64, 3).stride(2).pad(PadMode::Same(0));
        Self {
            features: Features {
                at_0: stem.with_bias(),
                at_3: fire(64, 16, 64),
                at_4: fire(128, 16, 64),
                at_6: fire(128, 32, 128),
                at_7: fire(256, 32, 128),
                at_9: fire(256, 48, 192),
                at_10: fire(384, 48, 192),
                at_11: fire(384, 64, 256),
                at_12: fire(512, 64, 256),
            },
            classifier: Classifier {
                at_1: Linear::new(FEATURES, classes),
            },
        }
    }
}

impl Architecture for SqueezeNet {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage(&self, net: &Recorder, stage: usize, x: Map) -> Map {
        let f = &self.features;
        let fires: &[&Fire] = match stage {
            0 => {
                let x = net.conv_act(x, &f.at_0, Activation::Relu);
                return net.max_pool(x, POOL);
            }
            1 => &[&f.at_3, &f.at_4],
            2 => &[&f.at_6, &f.at_7],
            _ => &[&f.at_9, &f.at_10, &f.at_11, &f.at_12],
        };
        let x = fires.iter().fold(x, |x, fire| fire.forward(net, x));
        if stage + 1 < STAGES.len() {
            net.max_pool(x, POOL)
        } else {
            x
        }
    }

    fn classifier(&self) -> &Linear {
        &self.classifier.at_1
    }
}

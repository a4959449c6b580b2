//! `DenseNet` (Huang et al. 2017, arXiv:1608.06993), as timm's `densenet121`: every layer reads the
//! channels of all layers before it in its block.

use eosin_kernels::{Activation, Padded, Pool};

use super::resnet::STEM_POOL;
use crate::architecture::Architecture;
use crate::layers::{BatchNorm, Conv2d, Linear};
use crate::param::module;
use crate::recorder::{Map, Recorder};

const STAGES: &[&str] = &[
    "stem",
    "denseblock1",
    "denseblock2",
    "denseblock3",
    "denseblock4",
];
/// Channels that a layer adds.
const GROWTH: usize = 32;
const LAYERS: [usize; 4] = [6, 12, 24, 16];
const TRANSITION_POOL: Pool = Pool {
    kernel: 2,
    stride: 2,
    padding: 0,
    ceil: false,
};

#[derive(Debug)]
struct DenseLayer {
    norm1: BatchNorm,
    conv1: Conv2d,
    norm2: BatchNorm,
    conv2: Conv2d,
}

module!(DenseLayer {
    norm1,
    conv1,
    norm2,
    conv2
});

impl DenseLayer {
    fn new(cin: usize) -> Self {
        let middle = 4 * GROWTH;
        Self {
            norm1: BatchNorm::new(cin),
            conv1: Conv2d::new(cin, middle, 1),
            norm2: BatchNorm::new(middle),
            conv2: Conv2d::new(middle, GROWTH, 3),
        }
    }

    fn forward(&self, net: &Recorder, x: Map) -> Map {
        let new = net.batch_norm(x, &self.norm1, Activation::Relu);
        let new = net.conv_norm(new, &self.conv1, &self.norm2, Activation::Relu);
        let new = net.conv_act(new, &self.conv2, Activation::Identity);
        net.concat(&[x, new])
    }
}

/// PyTorch calls the entries `denselayer1`, `denselayer2`, ...
#[derive(Debug)]
struct DenseBlock {
    denselayer_: Vec<DenseLayer>,
}

module!(DenseBlock { denselayer_ });

/// Halves channels and sides.
#[derive(Debug)]
struct Transition {
    norm: BatchNorm,
    conv: Conv2d,
}

module!(Transition { norm, conv });

#[derive(Debug)]
struct Features {
    conv0: Conv2d,
    norm0: BatchNorm,
    denseblock_: Vec<DenseBlock>,
    transition_: Vec<Transition>,
    norm5: BatchNorm,
}

module!(Features {
    conv0,
    norm0,
    denseblock_,
    transition_,
    norm5
});

/// `DenseNet`-BC of growth rate 32.
#[derive(Debug)]
pub struct DenseNet {
    features: Features,
    classifier: Linear,
}

module!(DenseNet {
    features,
    classifier
});

impl DenseNet {
    /// `densenet121`.
    pub fn new(classes: usize) -> Self {
        let stem = 2 * GROWTH;
        let mut cin = stem;
        let (mut blocks, mut transitions) = (Vec::new(), Vec::new());
        for (index, layers) in LAYERS.into_iter().enumerate() {
            if index > 0 {
                transitions.push(Transition {
                    norm: BatchNorm::new(cin),
                    conv: Conv2d::new(cin, cin / 2, 1),
                });
                cin /= 2;
            }
            let layer = |at: usize| DenseLayer::new(cin + at * GROWTH);
            blocks.push(DenseBlock {
                denselayer_: (0..layers).map(layer).collect(),
            });
            cin += layers * GROWTH;
        }
        Self {
            features: Features {
                conv0: Conv2d::new(3, stem, 7).stride(2),
                norm0: BatchNorm::new(stem),
                denseblock_: blocks,
                transition_: transitions,
                norm5: BatchNorm::new(cin),
            },
            classifier: Linear::new(cin, classes),
        }
    }
}

impl Architecture for DenseNet {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage(&self, net: &Recorder, stage: usize, x: Map) -> Map {
        let features = &self.features;
        let Some(block) = stage.checked_sub(1) else {
            let x = net.conv_norm(x, &features.conv0, &features.norm0, Activation::Relu);
            return net.max_pool(x, STEM_POOL);
        };
        let x = features.denseblock_[block]
            .denselayer_
            .iter()
            .fold(x, |x, layer| layer.forward(net, x));
        let Some(transition) = features.transition_.get(block) else {
            return net.batch_norm(x, &features.norm5, Activation::Relu);
        };
        let x = net.batch_norm(x, &transition.norm, Activation::Relu);
        let x = net.conv_act(x, &transition.conv, Activation::Identity);
        net.avg_pool(x, TRANSITION_POOL, Padded::Left)
    }

    fn classifier(&self) -> &Linear {
        &self.classifier
    }
}

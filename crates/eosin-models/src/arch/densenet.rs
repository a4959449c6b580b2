//! `DenseNet` (Huang et al. 2017, arXiv:1608.06993), as timm's `densenet121`: every layer reads the
//! channels of all layers before it in its block.

use burn::module::Module;
use burn::tensor::Device;
use eosin_kernels::{Activation, Padded, Pool};

use super::resnet::STEM_POOL;
use crate::engine::{Architecture, Engine};
use crate::layers::{BatchNorm, Conv2d, Linear};

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

#[derive(Module, Debug)]
struct DenseLayer {
    norm1: BatchNorm,
    conv1: Conv2d,
    norm2: BatchNorm,
    conv2: Conv2d,
}

impl DenseLayer {
    fn new(cin: usize, device: &Device) -> Self {
        let middle = 4 * GROWTH;
        Self {
            norm1: BatchNorm::new(cin, device),
            conv1: Conv2d::new(cin, middle, 1, device),
            norm2: BatchNorm::new(middle, device),
            conv2: Conv2d::new(middle, GROWTH, 3, device),
        }
    }

    fn forward<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map {
        let new = engine.batch_norm(x.clone(), &self.norm1, Activation::Relu);
        let new = engine.conv_norm(new, &self.conv1, &self.norm2, Activation::Relu);
        let new = engine.conv_act(new, &self.conv2, Activation::Identity);
        engine.concat(&[x, new])
    }
}

/// PyTorch calls the entries `denselayer1`, `denselayer2`, ...
#[derive(Module, Debug)]
struct DenseBlock {
    denselayer_: Vec<DenseLayer>,
}

/// Halves channels and sides.
#[derive(Module, Debug)]
struct Transition {
    norm: BatchNorm,
    conv: Conv2d,
}

#[derive(Module, Debug)]
struct Features {
    conv0: Conv2d,
    norm0: BatchNorm,
    denseblock_: Vec<DenseBlock>,
    transition_: Vec<Transition>,
    norm5: BatchNorm,
}

/// `DenseNet`-BC of growth rate 32.
#[derive(Module, Debug)]
pub struct DenseNet {
    features: Features,
    classifier: Linear,
}

impl DenseNet {
    /// `densenet121`, all weights zero.
    pub fn new(classes: usize, device: &Device) -> Self {
        let stem = 2 * GROWTH;
        let mut cin = stem;
        let (mut blocks, mut transitions) = (Vec::new(), Vec::new());
        for (index, layers) in LAYERS.into_iter().enumerate() {
            if index > 0 {
                transitions.push(Transition {
                    norm: BatchNorm::new(cin, device),
                    conv: Conv2d::new(cin, cin / 2, 1, device),
                });
                cin /= 2;
            }
            let layer = |at: usize| DenseLayer::new(cin + at * GROWTH, device);
            blocks.push(DenseBlock {
                denselayer_: (0..layers).map(layer).collect(),
            });
            cin += layers * GROWTH;
        }
        Self {
            features: Features {
                conv0: Conv2d::new(3, stem, 7, device).stride(2),
                norm0: BatchNorm::new(stem, device),
                denseblock_: blocks,
                transition_: transitions,
                norm5: BatchNorm::new(cin, device),
            },
            classifier: Linear::new(cin, classes, device),
        }
    }
}

impl Architecture for DenseNet {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage<E: Engine>(&self, engine: &E, stage: usize, x: E::Map) -> E::Map {
        let features = &self.features;
        let Some(block) = stage.checked_sub(1) else {
            let x = engine.conv_norm(x, &features.conv0, &features.norm0, Activation::Relu);
            return engine.max_pool(x, STEM_POOL);
        };
        let x = features.denseblock_[block]
            .denselayer_
            .iter()
            .fold(x, |x, layer| layer.forward(engine, x));
        let Some(transition) = features.transition_.get(block) else {
            return engine.batch_norm(x, &features.norm5, Activation::Relu);
        };
        let x = engine.batch_norm(x, &transition.norm, Activation::Relu);
        let x = engine.conv_act(x, &transition.conv, Activation::Identity);
        engine.avg_pool(x, TRANSITION_POOL, Padded::Left)
    }

    fn classifier(&self) -> &Linear {
        &self.classifier
    }

    fn classifier_mut(&mut self) -> &mut Linear {
        &mut self.classifier
    }
}

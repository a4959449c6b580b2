//! ResNet with basic blocks (He et al. 2016, arXiv:1512.03385), as timm's `resnet18`.

use burn::module::Module;
use burn::tensor::Device;
use eosin_kernels::{Activation, Pool};

use crate::engine::{Architecture, Engine};
use crate::layers::{BatchNorm, Conv2d, Linear, PadMode};

/// Two 3x3 convolutions and a shortcut.
#[derive(Module, Debug)]
pub struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    downsample: Option<(Conv2d, BatchNorm)>,
}

impl BasicBlock {
    pub(super) fn new(cin: usize, cout: usize, stride: usize, device: &Device) -> Self {
        let shortcut = || {
            let conv = Conv2d::new(cin, cout, 1, device)
                .stride(stride)
                .pad(PadMode::Same(0));
            (conv, BatchNorm::new(cout, device))
        };
        Self {
            conv1: Conv2d::new(cin, cout, 3, device).stride(stride),
            bn1: BatchNorm::new(cout, device),
            conv2: Conv2d::new(cout, cout, 3, device),
            bn2: BatchNorm::new(cout, device),
            downsample: (stride != 1 || cin != cout).then(shortcut),
        }
    }

    pub(super) fn forward<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map {
        let shortcut = match &self.downsample {
            Some((conv, norm)) => engine.conv_norm(x.clone(), conv, norm, Activation::Identity),
            None => x.clone(),
        };
        let x = engine.conv_norm(x, &self.conv1, &self.bn1, Activation::Relu);
        engine.conv(
            x,
            &self.conv2,
            Some(&self.bn2),
            Some(shortcut),
            Activation::Relu,
        )
    }
}

/// ResNet of basic blocks.
#[derive(Module, Debug)]
pub struct ResNet {
    conv1: Conv2d,
    bn1: BatchNorm,
    layer1: Vec<BasicBlock>,
    layer2: Vec<BasicBlock>,
    layer3: Vec<BasicBlock>,
    layer4: Vec<BasicBlock>,
    fc: Linear,
}

impl ResNet {
    /// `resnet18`: two blocks a stage, 512 features.
    pub fn resnet18(classes: usize, device: &Device) -> Self {
        let stage = |cin: usize, cout: usize, stride: usize| {
            vec![
                BasicBlock::new(cin, cout, stride, device),
                BasicBlock::new(cout, cout, 1, device),
            ]
        };
        Self {
            conv1: Conv2d::new(3, 64, 7, device).stride(2),
            bn1: BatchNorm::new(64, device),
            layer1: stage(64, 64, 1),
            layer2: stage(64, 128, 2),
            layer3: stage(128, 256, 2),
            layer4: stage(256, 512, 2),
            fc: Linear::new(512, classes, device),
        }
    }
}

impl Architecture for ResNet {
    fn feature_map<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map {
        let x = engine.conv_norm(x, &self.conv1, &self.bn1, Activation::Relu);
        let x = engine.max_pool(
            x,
            Pool {
                kernel: 3,
                stride: 2,
                padding: 1,
                ceil: false,
            },
        );
        [&self.layer1, &self.layer2, &self.layer3, &self.layer4]
            .into_iter()
            .flatten()
            .fold(x, |x, block| block.forward(engine, x))
    }

    fn classifier(&self) -> &Linear {
        &self.fc
    }

    fn classifier_mut(&mut self) -> &mut Linear {
        &mut self.fc
    }
}

//! `ConvNeXt` (Liu et al. 2022, arXiv:2201.03545), as timm's `convnext_tiny`.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use eosin_kernels::Activation;

use crate::engine::{Architecture, Engine};
use crate::layers::{Conv2d, LayerNorm, Linear, Mlp, PadMode};

const STAGES: &[&str] = &["stem", "stages.0", "stages.1", "stages.2", "stages.3"];
const CHANNELS: [usize; 4] = [96, 192, 384, 768];
const DEPTHS: [usize; 4] = [3, 3, 9, 3];

#[derive(Module, Debug)]
struct Block {
    conv_dw: Conv2d,
    norm: LayerNorm,
    mlp: Mlp,
    gamma: Param<Tensor<1>>,
}

impl Block {
    fn new(channels: usize, device: &Device) -> Self {
        Self {
            conv_dw: Conv2d::depthwise(channels, 7, device).with_bias(device),
            norm: LayerNorm::new(channels, device),
            mlp: Mlp::new(channels, device),
            gamma: Param::from_tensor(Tensor::zeros([channels], device)),
        }
    }

    fn forward<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map {
        let out = engine.conv_act(x.clone(), &self.conv_dw, Activation::Identity);
        let out = engine.layer_norm(out, &self.norm);
        self.mlp.forward(engine, out, Some(&self.gamma), x)
    }
}

#[derive(Module, Debug)]
struct Stage {
    downsample: Option<(LayerNorm, Conv2d)>,
    blocks: Vec<Block>,
}

/// A convolution whose windows tile the map.
fn patches(cin: usize, cout: usize, side: usize, device: &Device) -> Conv2d {
    Conv2d::new(cin, cout, side, device)
        .stride(side)
        .pad(PadMode::Same(0))
        .with_bias(device)
}

#[derive(Module, Debug)]
struct Head {
    norm: LayerNorm,
    fc: Linear,
}

/// `ConvNeXt`-Tiny.
#[derive(Module, Debug)]
pub struct ConvNext {
    stem: (Conv2d, LayerNorm),
    stages: Vec<Stage>,
    head: Head,
}

impl ConvNext {
    /// `convnext_tiny`, all weights zero.
    pub fn new(classes: usize, device: &Device) -> Self {
        let stage = |index: usize| {
            let channels = CHANNELS[index];
            let before = index.checked_sub(1).map(|at| CHANNELS[at]);
            Stage {
                downsample: before.map(|cin| {
                    let norm = LayerNorm::new(cin, device);
                    (norm, patches(cin, channels, 2, device))
                }),
                blocks: (0..DEPTHS[index])
                    .map(|_| Block::new(channels, device))
                    .collect(),
            }
        };
        let [stem, .., features] = CHANNELS;
        Self {
            stem: (patches(3, stem, 4, device), LayerNorm::new(stem, device)),
            stages: (0..CHANNELS.len()).map(stage).collect(),
            head: Head {
                norm: LayerNorm::new(features, device),
                fc: Linear::new(features, classes, device),
            },
        }
    }
}

impl Architecture for ConvNext {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage<E: Engine>(&self, engine: &E, stage: usize, mut x: E::Map) -> E::Map {
        let Some(index) = stage.checked_sub(1) else {
            let (conv, norm) = &self.stem;
            let x = engine.conv_act(x, conv, Activation::Identity);
            return engine.layer_norm(x, norm);
        };
        let stage = &self.stages[index];
        if let Some((norm, conv)) = &stage.downsample {
            x = engine.conv_act(engine.layer_norm(x, norm), conv, Activation::Identity);
        }
        stage
            .blocks
            .iter()
            .fold(x, |x, block| block.forward(engine, x))
    }

    fn pool<E: Engine>(&self, engine: &E, map: E::Map) -> E::Vector {
        engine.flatten(engine.layer_norm(engine.mean(map), &self.head.norm))
    }

    fn classifier(&self) -> &Linear {
        &self.head.fc
    }

    fn classifier_mut(&mut self) -> &mut Linear {
        &mut self.head.fc
    }
}

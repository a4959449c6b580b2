//! `ConvNeXt` (Liu et al. 2022, arXiv:2201.03545), as timm's `convnext_tiny`.

use eosin_kernels::Activation;

use crate::architecture::Architecture;
use crate::layers::{Conv2d, LayerNorm, Linear, PadMode};
use crate::mlp::Mlp;
use crate::param::{Param, module};
use crate::recorder::{Map, Recorder, Vector};

const STAGES: &[&str] = &["stem", "stages.0", "stages.1", "stages.2", "stages.3"];
const CHANNELS: [usize; 4] = [96, 192, 384, 768];
const DEPTHS: [usize; 4] = [3, 3, 9, 3];

#[derive(Debug)]
struct Block {
    conv_dw: Conv2d,
    norm: LayerNorm,
    mlp: Mlp,
    gamma: Param,
}

module!(Block {
    conv_dw,
    norm,
    mlp,
    gamma
});

impl Block {
    fn new(channels: usize) -> Self {
        Self {
            conv_dw: Conv2d::depthwise(channels, 7).with_bias(),
            norm: LayerNorm::new(channels),
            mlp: Mlp::new(channels),
            gamma: Param::new([channels]),
        }
    }

    fn forward(&self, net: &Recorder, x: Map) -> Map {
        let out = net.conv_act(x, &self.conv_dw, Activation::Identity);
        let out = net.layer_norm(out, &self.norm);
        self.mlp.forward(net, out, Some(&self.gamma), x)
    }
}

#[derive(Debug)]
struct Stage {
    downsample: Option<(LayerNorm, Conv2d)>,
    blocks: Vec<Block>,
}

module!(Stage { downsample, blocks });

/// A convolution whose windows tile the map.
fn patches(cin: usize, cout: usize, side: usize) -> Conv2d {
    Conv2d::new(cin, cout, side)
        .stride(side)
        .pad(PadMode::Same(0))
        .with_bias()
}

#[derive(Debug)]
struct Head {
    norm: LayerNorm,
    fc: Linear,
}

module!(Head { norm, fc });

/// `ConvNeXt`-Tiny.
#[derive(Debug)]
pub struct ConvNext {
    stem: (Conv2d, LayerNorm),
    stages: Vec<Stage>,
    head: Head,
}

module!(ConvNext { stem, stages, head });

impl ConvNext {
    /// `convnext_tiny`.
    pub fn new(classes: usize) -> Self {
        let stage = |index: usize| {
            let channels = CHANNELS[index];
            let before = index.checked_sub(1).map(|at| CHANNELS[at]);
            Stage {
                downsample: before.map(|cin| {
                    let norm = LayerNorm::new(cin);
                    (norm, patches(cin, channels, 2))
                }),
                blocks: (0..DEPTHS[index]).map(|_| Block::new(channels)).collect(),
            }
        };
        let [stem, .., features] = CHANNELS;
        Self {
            stem: (patches(3, stem, 4), LayerNorm::new(stem)),
            stages: (0..CHANNELS.len()).map(stage).collect(),
            head: Head {
                norm: LayerNorm::new(features),
                fc: Linear::new(features, classes),
            },
        }
    }
}

impl Architecture for ConvNext {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage(&self, net: &Recorder, stage: usize, mut x: Map) -> Map {
        let Some(index) = stage.checked_sub(1) else {
            let (conv, norm) = &self.stem;
            let x = net.conv_act(x, conv, Activation::Identity);
            return net.layer_norm(x, norm);
        };
        let stage = &self.stages[index];
        if let Some((norm, conv)) = &stage.downsample {
            x = net.conv_act(net.layer_norm(x, norm), conv, Activation::Identity);
        }
        stage
            .blocks
            .iter()
            .fold(x, |x, block| block.forward(net, x))
    }

    fn pool(&self, net: &Recorder, map: Map) -> Vector {
        net.flatten(net.layer_norm(net.mean(map), &self.head.norm))
    }

    fn classifier(&self) -> &Linear {
        &self.head.fc
    }
}

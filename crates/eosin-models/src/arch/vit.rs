//! Vision transformers (Dosovitskiy et al. 2021, arXiv:2010.11929), as timm's
//! `vit_small_patch16_224`, and `DINOv2`'s (Oquab et al. 2024, arXiv:2304.07193) with layer scale, as
//! timm's `vit_small_patch14_dinov2`. The embedding is the normalised class token.

use eosin_kernels::Activation;

use crate::architecture::{Architecture, LastPlaces};
use crate::layers::{Conv2d, LayerNorm, Linear, PadMode};
use crate::mlp::Mlp;
use crate::param::{Param, module};
use crate::recorder::{Map, Recorder, Vector};

const STAGES: &[&str] = &[
    "patch_embed",
    "blocks.0",
    "blocks.1",
    "blocks.2",
    "blocks.3",
    "blocks.4",
    "blocks.5",
    "blocks.6",
    "blocks.7",
    "blocks.8",
    "blocks.9",
    "blocks.10",
    "blocks.11",
];
const CHANNELS: usize = 384;
const HEADS: usize = 6;
const BLOCKS: usize = STAGES.len() - 1;

#[derive(Debug)]
struct Attention {
    qkv: Linear,
    proj: Linear,
}

module!(Attention { qkv, proj });

#[derive(Debug)]
struct LayerScale {
    gamma: Param,
}

module!(LayerScale { gamma });

#[derive(Debug)]
struct Block {
    norm1: LayerNorm,
    attn: Attention,
    ls1: Option<LayerScale>,
    norm2: LayerNorm,
    mlp: Mlp,
    ls2: Option<LayerScale>,
}

module!(Block {
    norm1,
    attn,
    ls1,
    norm2,
    mlp,
    ls2
});

impl Block {
    fn new(with_scale: bool) -> Self {
        let scale = || LayerScale {
            gamma: Param::new([CHANNELS]),
        };
        Self {
            norm1: LayerNorm::new(CHANNELS),
            attn: Attention {
                qkv: Linear::new(CHANNELS, 3 * CHANNELS),
                proj: Linear::new(CHANNELS, CHANNELS),
            },
            ls1: with_scale.then(scale),
            norm2: LayerNorm::new(CHANNELS),
            mlp: Mlp::new(CHANNELS),
            ls2: with_scale.then(scale),
        }
    }

    fn forward(&self, net: &Recorder, x: Map) -> Map {
        let out = net.layer_norm(x, &self.norm1);
        let none = Activation::Identity;
        let qkv = net.project(out, &self.attn.qkv, None, None, none);
        let out = net.attention(qkv, HEADS);
        let gamma = self.ls1.as_ref().map(|scale| &scale.gamma);
        let x = net.project(out, &self.attn.proj, gamma, Some(x), none);
        let out = net.layer_norm(x, &self.norm2);
        let gamma = self.ls2.as_ref().map(|scale| &scale.gamma);
        self.mlp.forward(net, out, gamma, x)
    }
}

#[derive(Debug)]
struct PatchEmbed {
    proj: Conv2d,
}

module!(PatchEmbed { proj });

/// ViT-S: 12 blocks of 384 channels and 6 heads.
#[derive(Debug)]
pub struct VisionTransformer {
    cls_token: Param,
    pos_embed: Param,
    patch_embed: PatchEmbed,
    blocks: Vec<Block>,
    norm: LayerNorm,
    head: Linear,
}

module!(VisionTransformer {
    cls_token,
    pos_embed,
    patch_embed,
    blocks,
    norm,
    head
});

impl VisionTransformer {
    /// Patches of 16 pixels, for images of `size` x `size`.
    pub fn patch16(classes: usize, size: usize) -> Self {
        Self::new(16, false, classes, size)
    }

    /// Patches of 14 pixels and layer scale, for images of `size` x `size`.
    pub fn patch14_dinov2(classes: usize, size: usize) -> Self {
        Self::new(14, true, classes, size)
    }

    fn new(patch: usize, with_scale: bool, classes: usize, size: usize) -> Self {
        let tokens = (size / patch).pow(2) + 1;
        let proj = Conv2d::new(3, CHANNELS, patch)
            .stride(patch)
            .pad(PadMode::Same(0));
        Self {
            cls_token: Param::new([1, 1, CHANNELS]),
            pos_embed: Param::new([1, tokens, CHANNELS]),
            patch_embed: PatchEmbed {
                proj: proj.with_bias(),
            },
            blocks: (0..BLOCKS).map(|_| Block::new(with_scale)).collect(),
            norm: LayerNorm::new(CHANNELS),
            head: Linear::new(CHANNELS, classes),
        }
    }
}

impl Architecture for VisionTransformer {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage(&self, net: &Recorder, stage: usize, x: Map) -> Map {
        let Some(block) = stage.checked_sub(1) else {
            let x = net.conv_act(x, &self.patch_embed.proj, Activation::Identity);
            return net.tokens(x, &self.cls_token, &self.pos_embed);
        };
        let x = self.blocks[block].forward(net, x);
        if stage == BLOCKS {
            net.layer_norm(x, &self.norm)
        } else {
            x
        }
    }

    fn pool(&self, net: &Recorder, map: Map) -> Vector {
        net.first_token(map)
    }

    fn last_places(&self) -> LastPlaces {
        // Behind the last block only the class token is read.
        LastPlaces {
            cut: BLOCKS,
            tokens: 1,
        }
    }

    fn classifier(&self) -> &Linear {
        &self.head
    }
}

//! Vision transformers (Dosovitskiy et al. 2021, arXiv:2010.11929), as timm's
//! `vit_small_patch16_224`, and `DINOv2`'s (Oquab et al. 2024, arXiv:2304.07193) with layer scale, as
//! timm's `vit_small_patch14_dinov2`. The embedding is the normalised class token.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use eosin_kernels::Activation;

use crate::engine::{Architecture, Engine};
use crate::layers::{Conv2d, LayerNorm, Linear, Mlp, PadMode};

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

#[derive(Module, Debug)]
struct Attention {
    qkv: Linear,
    proj: Linear,
}

#[derive(Module, Debug)]
struct LayerScale {
    gamma: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
struct Block {
    norm1: LayerNorm,
    attn: Attention,
    ls1: Option<LayerScale>,
    norm2: LayerNorm,
    mlp: Mlp,
    ls2: Option<LayerScale>,
}

impl Block {
    fn new(with_scale: bool, device: &Device) -> Self {
        let scale = || LayerScale {
            gamma: Param::from_tensor(Tensor::zeros([CHANNELS], device)),
        };
        Self {
            norm1: LayerNorm::new(CHANNELS, device),
            attn: Attention {
                qkv: Linear::new(CHANNELS, 3 * CHANNELS, device),
                proj: Linear::new(CHANNELS, CHANNELS, device),
            },
            ls1: with_scale.then(scale),
            norm2: LayerNorm::new(CHANNELS, device),
            mlp: Mlp::new(CHANNELS, device),
            ls2: with_scale.then(scale),
        }
    }

    fn forward<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map {
        let out = engine.layer_norm(x.clone(), &self.norm1);
        let none = Activation::Identity;
        let qkv = engine.project(out, &self.attn.qkv, None, None, none);
        let out = engine.attention(qkv, HEADS);
        let gamma = self.ls1.as_ref().map(|scale| &scale.gamma);
        let x = engine.project(out, &self.attn.proj, gamma, Some(x), none);
        let out = engine.layer_norm(x.clone(), &self.norm2);
        let gamma = self.ls2.as_ref().map(|scale| &scale.gamma);
        self.mlp.forward(engine, out, gamma, x)
    }
}

#[derive(Module, Debug)]
struct PatchEmbed {
    proj: Conv2d,
}

/// ViT-S: 12 blocks of 384 channels and 6 heads.
#[derive(Module, Debug)]
pub struct VisionTransformer {
    cls_token: Param<Tensor<3>>,
    pos_embed: Param<Tensor<3>>,
    patch_embed: PatchEmbed,
    blocks: Vec<Block>,
    norm: LayerNorm,
    head: Linear,
}

impl VisionTransformer {
    /// Patches of 16 pixels, for images of `size` x `size`; all weights zero.
    pub fn patch16(classes: usize, size: usize, device: &Device) -> Self {
        Self::new(16, false, classes, size, device)
    }

    /// Patches of 14 pixels and layer scale, for images of `size` x `size`; all weights zero.
    pub fn patch14_dinov2(classes: usize, size: usize, device: &Device) -> Self {
        Self::new(14, true, classes, size, device)
    }

    fn new(patch: usize, with_scale: bool, classes: usize, size: usize, device: &Device) -> Self {
        let tokens = (size / patch).pow(2) + 1;
        let proj = Conv2d::new(3, CHANNELS, patch, device)
            .stride(patch)
            .pad(PadMode::Same(0));
        Self {
            cls_token: Param::from_tensor(Tensor::zeros([1, 1, CHANNELS], device)),
            pos_embed: Param::from_tensor(Tensor::zeros([1, tokens, CHANNELS], device)),
            patch_embed: PatchEmbed {
                proj: proj.with_bias(device),
            },
            blocks: (0..BLOCKS)
                .map(|_| Block::new(with_scale, device))
                .collect(),
            norm: LayerNorm::new(CHANNELS, device),
            head: Linear::new(CHANNELS, classes, device),
        }
    }
}

impl Architecture for VisionTransformer {
    fn stages(&self) -> &'static [&'static str] {
        STAGES
    }

    fn stage<E: Engine>(&self, engine: &E, stage: usize, x: E::Map) -> E::Map {
        let Some(block) = stage.checked_sub(1) else {
            let x = engine.conv_act(x, &self.patch_embed.proj, Activation::Identity);
            return engine.tokens(x, &self.cls_token, &self.pos_embed);
        };
        let x = self.blocks[block].forward(engine, x);
        if stage == BLOCKS {
            engine.layer_norm(x, &self.norm)
        } else {
            x
        }
    }

    fn pool<E: Engine>(&self, engine: &E, map: E::Map) -> E::Vector {
        engine.first_token(map)
    }

    fn classifier(&self) -> &Linear {
        &self.head
    }

    fn classifier_mut(&mut self) -> &mut Linear {
        &mut self.head
    }
}

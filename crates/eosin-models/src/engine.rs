//! What an architecture asks of whatever runs it.
//!
//! An architecture is written once, over [`Engine`]. [`crate::BurnEngine`] computes with Burn
//! tensors and can be differentiated; a recorder notes the layers with folded batch norms, for a
//! [`crate::Graph`] on the CPU kernels or an ONNX file.

use burn::module::Param;
use burn::tensor::Tensor;
use eosin_kernels::{Activation, Padded, Pool};

use crate::layers::{BatchNorm, Conv2d, LayerNorm, Linear};

/// Runs or records the layers of a network.
pub trait Engine {
    /// A feature map, `[n, channels, height, width]` to the architecture; tokens are a map of
    /// `[n, channels, tokens, 1]`.
    type Map: Clone;
    /// A batch of feature vectors, `[n, width]`.
    type Vector: Clone;

    /// `activation(norm(conv(x)) + shortcut)`.
    fn conv(
        &self,
        x: Self::Map,
        conv: &Conv2d,
        norm: Option<&BatchNorm>,
        shortcut: Option<Self::Map>,
        activation: Activation,
    ) -> Self::Map;

    /// `activation(norm(x))`, where the norm follows no convolution.
    fn batch_norm(&self, x: Self::Map, norm: &BatchNorm, activation: Activation) -> Self::Map;

    /// Normalisation of each position over its channels.
    fn layer_norm(&self, x: Self::Map, norm: &LayerNorm) -> Self::Map;

    /// `activation(gamma * linear(x) + shortcut)` at each position.
    fn project(
        &self,
        x: Self::Map,
        linear: &Linear,
        gamma: Option<&Param<Tensor<1>>>,
        shortcut: Option<Self::Map>,
        activation: Activation,
    ) -> Self::Map;

    /// Multi-head self-attention over all positions; the channels of `qkv` are queries, keys and
    /// values, each divided among the heads.
    fn attention(&self, qkv: Self::Map, heads: usize) -> Self::Map;

    /// The positions of `x` as tokens behind a `first` one (`[1, 1, channels]`), with `positions`
    /// (`[1, tokens, channels]`) added.
    fn tokens(
        &self,
        x: Self::Map,
        first: &Param<Tensor<3>>,
        positions: &Param<Tensor<3>>,
    ) -> Self::Map;

    /// The first token.
    fn first_token(&self, x: Self::Map) -> Self::Vector;

    /// `activation(norm(linear(x)))`.
    fn linear(
        &self,
        x: Self::Vector,
        linear: &Linear,
        norm: Option<&BatchNorm>,
        activation: Activation,
    ) -> Self::Vector;

    /// Maximum over windows.
    fn max_pool(&self, x: Self::Map, pool: Pool) -> Self::Map;

    /// Mean over windows.
    fn avg_pool(&self, x: Self::Map, pool: Pool, padded: Padded) -> Self::Map;

    /// Mean over `side` x `side` windows that tile the map.
    fn adaptive_avg_pool(&self, x: Self::Map, side: usize) -> Self::Map;

    /// Mean over all positions, a map of one position.
    fn mean(&self, x: Self::Map) -> Self::Map;

    /// The maps' channels one after another.
    fn concat(&self, maps: &[Self::Map]) -> Self::Map;

    /// `x` with `other` added to its first channels.
    fn add_to_first(&self, x: Self::Map, other: Self::Map) -> Self::Map;

    /// `activation(x * gate)`; `gate` has one position.
    fn scale(&self, x: Self::Map, gate: Self::Map, activation: Activation) -> Self::Map;

    /// The sum of `radix` equal parts of the channels.
    fn sum_splits(&self, x: Self::Map, radix: usize) -> Self::Map;

    /// The sum of `radix` equal parts of the channels, weighted by the softmax over the parts of
    /// `logits`, which has one position.
    fn split_attention(&self, x: Self::Map, logits: Self::Map, radix: usize) -> Self::Map;

    /// All values of an image in the order channel, row, column.
    fn flatten(&self, x: Self::Map) -> Self::Vector;

    /// Zeroes a share `rate` of a map's values while training.
    fn dropout_map(&self, x: Self::Map, rate: f64) -> Self::Map;

    /// Zeroes a share `rate` of a vector's values while training.
    fn dropout(&self, x: Self::Vector, rate: f64) -> Self::Vector;

    /// Height and width of a map.
    fn size(&self, x: &Self::Map) -> [usize; 2];

    /// `activation(norm(conv(x)))`.
    fn conv_norm(
        &self,
        x: Self::Map,
        conv: &Conv2d,
        norm: &BatchNorm,
        activation: Activation,
    ) -> Self::Map {
        self.conv(x, conv, Some(norm), None, activation)
    }

    /// `activation(conv(x))`.
    fn conv_act(&self, x: Self::Map, conv: &Conv2d, activation: Activation) -> Self::Map {
        self.conv(x, conv, None, None, activation)
    }
}

/// A network from image to embedding to logits.
pub trait Architecture {
    /// What the stages are called, in order; the network can be cut before and behind each.
    fn stages(&self) -> &'static [&'static str];

    /// Runs one stage, counted from zero.
    fn stage<E: Engine>(&self, engine: &E, stage: usize, x: E::Map) -> E::Map;

    /// The last feature map to embeddings (timm's `forward_head(pre_logits=True)`).
    /// The mean over all positions, unless the architecture has its own way.
    fn pool<E: Engine>(&self, engine: &E, map: E::Map) -> E::Vector {
        engine.flatten(engine.mean(map))
    }

    /// The last layer.
    fn classifier(&self) -> &Linear;

    /// The last layer, to be replaced by one of another size.
    fn classifier_mut(&mut self) -> &mut Linear;

    /// Stages before `cut`: images to the map that enters stage `cut`.
    fn prefix<E: Engine>(&self, engine: &E, cut: usize, x: E::Map) -> E::Map {
        (0..cut).fold(x, |x, stage| self.stage(engine, stage, x))
    }

    /// Stages from `cut` on: the map that enters stage `cut` to embeddings.
    fn tail<E: Engine>(&self, engine: &E, cut: usize, x: E::Map) -> E::Vector {
        let stages = cut..self.stages().len();
        let map = stages.fold(x, |x, stage| self.stage(engine, stage, x));
        self.pool(engine, map)
    }

    /// Images to the last feature map, before any pooling (timm's `forward_features`).
    fn feature_map<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map {
        self.prefix(engine, self.stages().len(), x)
    }

    /// Images to embeddings.
    fn embed<E: Engine>(&self, engine: &E, x: E::Map) -> E::Vector {
        self.tail(engine, 0, x)
    }

    /// Images to logits.
    fn logits<E: Engine>(&self, engine: &E, x: E::Map, dropout: f64) -> E::Vector {
        self.tail_logits(engine, 0, x, dropout)
    }

    /// The map that enters stage `cut` to logits.
    fn tail_logits<E: Engine>(&self, engine: &E, cut: usize, x: E::Map, dropout: f64) -> E::Vector {
        let embedding = engine.dropout(self.tail(engine, cut, x), dropout);
        engine.linear(embedding, self.classifier(), None, Activation::Identity)
    }
}

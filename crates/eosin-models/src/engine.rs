//! What an architecture asks of whatever runs it.
//!
//! An architecture is written once, over [`Engine`]. [`crate::BurnEngine`] computes with Burn
//! tensors and can be differentiated; [`crate::GraphBuilder`] records the layers, folds the batch
//! norms, and gives a [`crate::Graph`] that runs on the CPU kernels.

use eosin_kernels::{Activation, Pool};

use crate::layers::{BatchNorm, Conv2d, Linear};

/// Runs or records the layers of a network.
pub trait Engine {
    /// A feature map, `[n, channels, height, width]` to the architecture.
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

    /// Mean over all positions.
    fn global_avg_pool(&self, x: Self::Map) -> Self::Vector;

    /// All values of an image in the order channel, row, column.
    fn flatten(&self, x: Self::Map) -> Self::Vector;

    /// Zeroes a share `rate` of a map's values while training.
    fn dropout_map(&self, x: Self::Map, rate: f64) -> Self::Map;

    /// Zeroes a share `rate` of a vector's values while training.
    fn dropout(&self, x: Self::Vector, rate: f64) -> Self::Vector;

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
}

/// A network from image to embedding to logits.
pub trait Architecture {
    /// Images to the last feature map, before any pooling (timm's `forward_features`).
    fn feature_map<E: Engine>(&self, engine: &E, x: E::Map) -> E::Map;

    /// The last feature map to embeddings (timm's `forward_head(pre_logits=True)`).
    /// The mean over all positions, unless the architecture has its own way.
    fn pool<E: Engine>(&self, engine: &E, map: E::Map) -> E::Vector {
        engine.global_avg_pool(map)
    }

    /// The last layer.
    fn classifier(&self) -> &Linear;

    /// The last layer, to be replaced by one of another size.
    fn classifier_mut(&mut self) -> &mut Linear;

    /// Images to embeddings.
    fn embed<E: Engine>(&self, engine: &E, x: E::Map) -> E::Vector {
        let map = self.feature_map(engine, x);
        self.pool(engine, map)
    }

    /// Images to logits.
    fn logits<E: Engine>(&self, engine: &E, x: E::Map, dropout: f64) -> E::Vector {
        let embedding = engine.dropout(self.embed(engine, x), dropout);
        engine.linear(embedding, self.classifier(), None, Activation::Identity)
    }
}

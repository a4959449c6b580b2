//! The two fully connected layers of a transformer's block.

use eosin_kernels::Activation;

use crate::layers::Linear;
use crate::param::{Param, module};
use crate::recorder::{Map, Recorder};

/// Two fully connected layers with GELU between, the inner four times as wide.
#[derive(Debug)]
pub struct Mlp {
    fc1: Linear,
    fc2: Linear,
}

module!(Mlp { fc1, fc2 });

impl Mlp {
    /// From `channels` to `channels`.
    pub fn new(channels: usize) -> Self {
        Self {
            fc1: Linear::new(channels, 4 * channels),
            fc2: Linear::new(4 * channels, channels),
        }
    }

    /// `gamma * mlp(x) + shortcut` at each position.
    pub fn forward(&self, net: &Recorder, x: Map, gamma: Option<&Param>, shortcut: Map) -> Map {
        let x = net.project(x, &self.fc1, None, None, Activation::Gelu);
        net.project(x, &self.fc2, gamma, Some(shortcut), Activation::Identity)
    }
}

//! What an architecture is: stages that are recorded one after the other, and a classifier.

use std::fmt::Debug;

use crate::layers::Linear;
use crate::recorder::{Map, Recorder, Vector};

/// A network from image to embedding to logits.
///
/// An architecture is written once, by the layers that it asks a [`Recorder`] to note. What is
/// noted is run ([`crate::Graph`]), trained ([`crate::Tape`]) or written as an ONNX file.
pub(crate) trait Architecture: Debug + Send + Sync {
    /// What the stages are called, in order; the network can be cut before and behind each.
    fn stages(&self) -> &'static [&'static str];

    /// Notes one stage, counted from zero.
    fn stage(&self, net: &Recorder, stage: usize, x: Map) -> Map;

    /// The last feature map to embeddings (timm's `forward_head(pre_logits=True)`).
    /// The mean over all positions, unless the architecture has its own way.
    fn pool(&self, net: &Recorder, map: Map) -> Vector {
        net.flatten(net.mean(map))
    }

    /// The last layer.
    fn classifier(&self) -> &Linear;
}

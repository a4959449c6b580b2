//! What an architecture is: stages that are recorded one after the other, and a classifier.

use std::fmt::Debug;

use crate::layers::Linear;
use crate::recorder::{Map, Recorder, Vector};

/// A map inside a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LastPlaces {
    /// The stages before it.
    pub cut: usize,
    /// Tokens in front of those of places; 0 of a map with rows and columns.
    pub tokens: usize,
}

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

    /// The last map whose places are told apart on the way to the logits.
    fn last_places(&self) -> LastPlaces {
        LastPlaces {
            cut: self.stages().len(),
            tokens: 0,
        }
    }

    /// The last layer.
    fn classifier(&self) -> &Linear;
}

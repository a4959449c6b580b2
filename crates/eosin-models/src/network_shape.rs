//! The shapes and costs of networks, without any weight.

use crate::backbone::Backbone;
use crate::recording::Recording;

impl Recording {
    /// The stages of `network` before `cut` for images of `size` x `size` pixels, but only shapes
    /// and costs: no weight is read.
    pub fn prefix_shape(network: &Backbone, cut: usize, size: usize) -> Self {
        Self::of_shapes(size, |recorder, x| network.prefix(recorder, cut, x).step())
    }

    /// The embedding part of `network` for images of `size` x `size` pixels, but only shapes and
    /// costs: no weight is read.
    pub fn embedding_shape(network: &Backbone, size: usize) -> Self {
        Self::of_shapes(size, |recorder, x| network.tail(recorder, 0, x).step())
    }
}

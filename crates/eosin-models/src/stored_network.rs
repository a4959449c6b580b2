//! A network whose weights are read when they are wanted.

use burn::module::Module;
use eosin_weights::{StateMismatch, TensorDict, WeightsError};

use crate::backbone::Backbone;
use crate::engine::Architecture;
use crate::graph::Graph;
use crate::recording::Recording;
use crate::state::{check_state, lazy_state};

/// An architecture and where its weights are. Graphs are packed from there tensor by tensor: no
/// more than one copy of the weights is ever in memory, the graph's own.
#[derive(Clone, Debug)]
pub struct StoredNetwork<A = Backbone> {
    network: A,
    weights: TensorDict,
}

impl<A: Architecture + Module> StoredNetwork<A> {
    /// `network` with these weights instead of its own, of which only names and shapes matter.
    ///
    /// # Errors
    /// When a tensor is missing, unexpected or of another shape; all are listed.
    pub fn new(network: A, weights: TensorDict) -> Result<Self, StateMismatch> {
        check_state(&network, &weights)?;
        Ok(Self { network, weights })
    }

    /// `network` with its own weights.
    pub fn of(network: &A) -> Self {
        Self {
            weights: lazy_state(network),
            network: network.clone(),
        }
    }

    /// The architecture. Its own weights are not the network's.
    pub const fn architecture(&self) -> &A {
        &self.network
    }

    /// The weights, under timm's names.
    pub const fn weights(&self) -> &TensorDict {
        &self.weights
    }

    /// The layers of the embedding part for images of `size` x `size` pixels.
    ///
    /// # Errors
    /// When weights cannot be read.
    pub fn record_embedding(&self, size: usize) -> Result<Recording, WeightsError> {
        Recording::new(
            &self.network,
            &self.weights,
            [size, size, 3],
            |recorder, x| self.network.embed(recorder, x),
        )
    }

    /// The layers of the whole network, logits included, for images of `size` x `size` pixels.
    ///
    /// # Errors
    /// When weights cannot be read.
    pub fn record_logits(&self, size: usize) -> Result<Recording, WeightsError> {
        self.record_tail_logits(0, [size, size, 3])
    }

    /// The layers before `cut`: the output is a feature map.
    ///
    /// # Errors
    /// When weights cannot be read.
    pub fn record_prefix(&self, cut: usize, size: usize) -> Result<Recording, WeightsError> {
        Recording::new(
            &self.network,
            &self.weights,
            [size, size, 3],
            |recorder, x| self.network.prefix(recorder, cut, x),
        )
    }

    /// The layers from `cut` on, and the logits, for maps of `[height, width, channels]`.
    ///
    /// # Errors
    /// When weights cannot be read.
    pub fn record_tail_logits(
        &self,
        cut: usize,
        map: [usize; 3],
    ) -> Result<Recording, WeightsError> {
        Recording::new(&self.network, &self.weights, map, |recorder, x| {
            self.network.tail_logits(recorder, cut, x, 0.0)
        })
    }

    /// The embedding part for images of `size` x `size` pixels.
    ///
    /// # Errors
    /// When weights cannot be read.
    pub fn embedding(&self, size: usize) -> Result<Graph, WeightsError> {
        Graph::new(self.record_embedding(size)?)
    }

    /// The stages before `cut`, for images of `size` x `size` pixels.
    ///
    /// # Errors
    /// When weights cannot be read.
    pub fn prefix(&self, cut: usize, size: usize) -> Result<Graph, WeightsError> {
        Graph::new(self.record_prefix(cut, size)?)
    }

    /// The stages from `cut` on, and the logits, for maps of `[height, width, channels]`.
    ///
    /// # Errors
    /// When weights cannot be read.
    pub fn tail_logits(&self, cut: usize, map: [usize; 3]) -> Result<Graph, WeightsError> {
        Graph::new(self.record_tail_logits(cut, map)?)
    }
}

//! A network whose weights are read when they are wanted.

use eosin_core::Seed;
use eosin_weights::{StateMismatch, TensorDict, WeightsError};

use crate::backbone::Backbone;
use crate::fresh::fresh_weights;
use crate::graph::Graph;
use crate::recorder::{Map, Purpose, Recorder};
use crate::recording::Recording;
use crate::shape::MapShape;
use crate::state::check_state;

/// An architecture and where its weights are. Graphs are packed from there tensor by tensor: no
/// more than one copy of the weights is ever in memory, the graph's own.
#[derive(Clone, Debug)]
pub struct StoredNetwork {
    network: Backbone,
    weights: TensorDict,
}

impl StoredNetwork {
    /// `network` with these weights.
    ///
    /// # Errors
    /// When a tensor is missing, unexpected or of another shape; all are listed.
    pub fn new(network: Backbone, weights: TensorDict) -> Result<Self, StateMismatch> {
        check_state(&network, &weights)?;
        Ok(Self { network, weights })
    }

    /// `network` with [`fresh_weights`].
    pub fn fresh(network: Backbone, seed: Seed) -> Self {
        Self {
            weights: fresh_weights(&network, seed),
            network,
        }
    }

    /// The architecture.
    pub const fn architecture(&self) -> &Backbone {
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
        self.record([size, size, 3], |recorder, x| {
            self.network.tail(recorder, 0, x).step()
        })
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
        self.record([size, size, 3], |recorder, x| {
            self.network.prefix(recorder, cut, x).step()
        })
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
        self.record(map, |recorder, x| {
            self.network.tail_logits(recorder, cut, x, 0.0).step()
        })
    }

    /// As [`record_tail_logits`](Self::record_tail_logits) with what acts in training only: the
    /// network's own dropout, and a share `dropout` of the embedding.
    pub(crate) fn record_training(
        &self,
        cut: usize,
        map: [usize; 3],
        dropout: f64,
    ) -> Result<Recording, WeightsError> {
        Recording::new(&self.weights, Purpose::Training, map, |recorder, x| {
            self.network.tail_logits(recorder, cut, x, dropout).step()
        })
    }

    fn record(
        &self,
        input: MapShape,
        body: impl FnOnce(&Recorder, Map) -> usize,
    ) -> Result<Recording, WeightsError> {
        Recording::new(&self.weights, Purpose::Inference, input, body)
    }

    /// The embedding part for images of `size` x `size` pixels.
    ///
    /// # Errors
    /// When weights cannot be read.
    pub fn embedding(&self, size: usize) -> Result<Graph, WeightsError> {
        Graph::new(self.record_embedding(size)?)
    }

    /// The whole network, logits included, for images of `size` x `size` pixels.
    ///
    /// # Errors
    /// When weights cannot be read.
    pub fn logits(&self, size: usize) -> Result<Graph, WeightsError> {
        Graph::new(self.record_logits(size)?)
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

//! Gradients of logits with respect to a map inside the network.

use eosin_weights::{StateDict, WeightsError, read_all};

use super::part::Sought;
use super::{BatchStatistics, Tape};
use crate::graph::Workspace;
use crate::stages::stage_of_tensors;
use crate::stored_network::StoredNetwork;

/// A network from a map to logits, as it is in evaluation, that can be differentiated with respect to the map.
#[derive(Debug)]
pub struct MapTape(Tape);

impl MapTape {
    /// The stages of `network` from `cut` on, and its classifier, for maps of `[height, width, channels]` that a
    /// network for images of `size_px` gives there.
    ///
    /// # Errors
    /// When weights cannot be read.
    pub fn new(
        network: &StoredNetwork,
        size_px: usize,
        cut: usize,
        map: [usize; 3],
    ) -> Result<Self, WeightsError> {
        let recording = network.record_training(cut, map, 0.0)?;
        let mut tape = Tape::of(recording, BatchStatistics::Frozen, Sought::Maps)?;
        let stages = stage_of_tensors(network.architecture(), size_px);
        let mut tail = network.weights().clone();
        tail.retain(|name, _| stages.get(name).is_some_and(|stage| *stage >= cut));
        let state: StateDict = read_all(&tail)?;
        tape.set_weights(|name| &state[name].values, 0);
        Ok(Self(tape))
    }

    /// Logits of `maps`, `[n, classes]`, each map on a thread of its own; what the way back needs stays in the
    /// workspaces.
    ///
    /// # Panics
    /// When `maps` are not whole maps.
    pub fn logits(&mut self, maps: &[f32], workspaces: &mut Vec<Workspace>) -> Vec<f32> {
        self.0.forward(maps, 1, None, workspaces)
    }

    /// The gradient of the maps of the last [`logits`](Self::logits) in these workspaces, given that of the
    /// logits.
    pub fn gradients(&self, of_logits: &[f32], workspaces: &mut [Workspace]) -> Vec<f32> {
        let mut parts = self.0.parts(of_logits, workspaces);
        self.0.way_back(&mut parts);
        let width = self.0.input_width();
        let of_maps = parts.iter_mut().map(|part| {
            // A map that no logit depends on has none.
            part.gradients[0]
                .take()
                .unwrap_or_else(|| vec![0.0; part.n * width])
        });
        of_maps.collect::<Vec<_>>().concat()
    }
}

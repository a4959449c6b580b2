//! What can be trained: a vector of weights, and what a batch says of it.

use std::sync::Arc;

use eosin_core::Rng;

use crate::error::TrainError;
use crate::input::draw::InputSource;
use crate::input::view::View;

/// Gives the loss of logits `[rows, classes]` and writes its derivative for each.
pub type LossOf<'a> = dyn FnMut(&[f32], &mut [f32]) -> f64 + 'a;

/// How the optimiser treats the weights of a [`Trainable`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    /// Whether each weight is decayed.
    pub decays: Vec<bool>,
    /// Group of each weight, the later the nearer to the output.
    pub group: Vec<u8>,
    /// Number of groups.
    pub groups: usize,
}

/// A part of a network that is trained. Its *state* is one vector: first the weights that the
/// optimiser moves, then buffers (running statistics) that follow the batches.
pub trait Trainable: Send {
    /// What the optimiser must know of the weights; there are as many as `decays`.
    fn groups(&self) -> &Arc<Groups>;

    /// The state that training begins with.
    fn initial(&self) -> Vec<f32>;

    /// Runs a batch of `inputs` (`[rows, width]`), writes the gradient of every weight, updates
    /// the buffers in `state` and returns the loss. `chance` is the generator of dropout masks and
    /// the first group that is trained: gradients of those before it may be anything.
    fn gradients(
        &mut self,
        state: &mut [f32],
        inputs: Vec<f32>,
        chance: (Rng, usize),
        loss: &mut LossOf<'_>,
        gradients: &mut [f32],
    ) -> f64;

    /// Logits of `rows`, in evaluation mode, `[rows, classes]`: the mean over `views`.
    ///
    /// # Errors
    /// When the source cannot give a row.
    fn logits(
        &self,
        state: &[f32],
        source: &dyn InputSource,
        rows: &[usize],
        views: &[View],
    ) -> Result<Vec<f32>, TrainError>;
}

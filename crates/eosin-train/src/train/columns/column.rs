//! One configuration's head on one fold.

use crate::optimise::loss::Loss;
use crate::optimise::schedule::learning_rate;
use crate::optimise::stepper::Stepper;
use crate::train::job::TrainJob;

/// One configuration's head on one fold.
pub(super) struct Column<'a> {
    pub job: TrainJob<'a>,
    pub loss: Loss,
    pub stepper: Stepper,
    /// `[classes, width + 1]`: the weights of each class, then its bias; old while it is stacked.
    pub state: Vec<f32>,
    /// Sum of the losses of this epoch's steps.
    pub total_loss: f64,
}

impl Column<'_> {
    /// The learning rate of a step of an epoch of `steps`.
    pub fn rate(&self, epoch: usize, step: usize, steps: usize) -> f64 {
        learning_rate(self.job.config, epoch * steps + step, steps)
    }
}

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
    /// `[classes, width]` weights, then `[classes]` biases.
    pub state: Vec<f32>,
    /// Sum of the losses of this epoch's steps.
    pub total_loss: f64,
}

impl Column<'_> {
    /// The learning rate of a step of an epoch of `steps`.
    pub fn rate(&self, epoch: usize, step: usize, steps: usize) -> f64 {
        learning_rate(self.job.config, epoch * steps + step, steps)
    }

    /// The weights that would be judged now.
    pub fn judged(&self) -> &[f32] {
        self.stepper.judged(&self.state)
    }
}

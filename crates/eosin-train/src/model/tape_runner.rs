//! Loss and gradients of a batch on the CPU kernels.

use std::collections::BTreeMap;
use std::ops::Range;

use eosin_core::Rng;
use eosin_models::{Tape, Workspace};

use crate::model::trainable::LossOf;

/// Parts of a batch that are run by themselves, each on one thread; their gradients are added in
/// order, so the result does not depend on the number of threads.
const PARTS: usize = 4;

/// Where each tensor stands in the state, by its name.
pub(crate) type Places = BTreeMap<String, Range<usize>>;

/// How a batch is run.
pub(crate) struct Pass {
    /// Stages before it are frozen: they run as they do in evaluation, and get no gradient.
    pub first_stage: usize,
    /// Draws what is dropped.
    pub dropout: Rng,
}

/// A tape with the memory of each part of a batch.
pub(crate) struct TapeRunner {
    tape: Tape,
    workspaces: Vec<Workspace>,
}

impl TapeRunner {
    /// Runs `tape`.
    pub const fn new(tape: Tape) -> Self {
        Self {
            tape,
            workspaces: Vec::new(),
        }
    }

    /// Loss and gradients of a batch; `places` is where each parameter stands in the state, whose
    /// running statistics move where batch norms use the batch's.
    pub fn gradients(
        &mut self,
        places: &Places,
        state: &mut [f32],
        pass: Pass,
        inputs: &[f32],
        loss: &mut LossOf<'_>,
        gradients: &mut [f32],
    ) -> f64 {
        let Self { tape, workspaces } = self;
        let values = |name: &str| &state[places[name].clone()];
        tape.set_weights(values, pass.first_stage);
        let together = (inputs.len() / tape.input_width()).div_ceil(PARTS);
        let logits = tape.forward(inputs, together, Some(pass.dropout), workspaces);
        let mut derivative = vec![0.0; logits.len()];
        let value = loss(&logits, &mut derivative);
        let found = tape.backward(&derivative, workspaces);
        gradients.fill(0.0);
        tape.parameter_gradients(&found, values, |name, found| {
            gradients[places[name].clone()].copy_from_slice(found);
        });
        let mut moved = Vec::new();
        tape.running_statistics(
            |name| values(name).to_vec(),
            |name, new| moved.push((places[name].clone(), new.to_vec())),
        );
        for (place, new) in moved {
            state[place].copy_from_slice(&new);
        }
        value
    }
}

//! Loss and gradients of a batch on the CPU kernels.

use std::collections::BTreeMap;
use std::ops::Range;

use eosin_models::{Tape, Workspace};

use crate::model::trainable::LossOf;

/// Parts of a batch that are run by themselves, each on one thread; their gradients are added in
/// order, so the result does not depend on the number of threads.
const PARTS: usize = 4;

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
    /// running statistics move where batch norms use the batch's: `of_batch` says so by the place
    /// of a norm's scale.
    pub fn gradients(
        &mut self,
        places: &BTreeMap<u64, Range<usize>>,
        state: &mut [f32],
        of_batch: impl Fn(usize) -> bool,
        inputs: &[f32],
        loss: &mut LossOf<'_>,
        gradients: &mut [f32],
    ) -> f64 {
        let Self { tape, workspaces } = self;
        let values = |id: u64| &state[places[&id].clone()];
        tape.set_weights(values, |id| of_batch(places[&id].start));
        let together = (inputs.len() / tape.input_width()).div_ceil(PARTS);
        let logits = tape.forward(inputs, together, workspaces);
        let mut derivative = vec![0.0; logits.len()];
        let value = loss(&logits, &mut derivative);
        let found = tape.backward(&derivative, workspaces);
        gradients.fill(0.0);
        tape.parameter_gradients(&found, values, |id, found| {
            gradients[places[&id].clone()].copy_from_slice(found);
        });
        let mut moved = Vec::new();
        tape.running_statistics(
            |id| values(id).to_vec(),
            |id, new| moved.push((id, new.to_vec())),
        );
        for (id, new) in moved {
            state[places[&id].clone()].copy_from_slice(&new);
        }
        value
    }
}

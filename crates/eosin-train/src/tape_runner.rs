//! Loss and gradients of a batch on the CPU kernels.

use std::collections::BTreeMap;
use std::ops::Range;

use eosin_models::{Tape, TapeGradients, Workspace};
use rayon::prelude::*;

use crate::trainable::LossOf;

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

    /// Loss and gradients of a batch; `places` is where each parameter stands in the state.
    pub fn gradients(
        &mut self,
        places: &BTreeMap<u64, Range<usize>>,
        state: &[f32],
        inputs: &[f32],
        loss: &mut LossOf<'_>,
        gradients: &mut [f32],
    ) -> f64 {
        let values = |id: u64| &state[places[&id].clone()];
        self.tape.set_weights(values);
        let (tape, workspaces) = (&self.tape, &mut self.workspaces);
        let width = tape.input_width();
        let rows = inputs.len() / width;
        let together = rows.div_ceil(PARTS);
        workspaces.resize_with(rows.div_ceil(together), Workspace::default);
        let logits: Vec<Vec<f32>> = workspaces
            .par_iter_mut()
            .zip(inputs.par_chunks(together * width))
            .map(|(workspace, maps)| tape.forward(maps.len() / width, maps, workspace).to_vec())
            .collect();
        let logits = logits.concat();
        let mut derivative = vec![0.0; logits.len()];
        let value = loss(&logits, &mut derivative);
        let classes = logits.len() / rows;
        let parts: Vec<TapeGradients> = workspaces
            .par_iter()
            .zip(derivative.par_chunks(together * classes))
            .map(|(workspace, part)| tape.backward(part.len() / classes, part, workspace))
            .collect();
        let mut sum = TapeGradients::default();
        for part in &parts {
            sum.add(part);
        }
        gradients.fill(0.0);
        tape.parameter_gradients(&sum, values, |id, found| {
            gradients[places[&id].clone()].copy_from_slice(found);
        });
        value
    }
}

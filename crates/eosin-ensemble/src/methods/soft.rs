//! Means of probabilities.

use crate::said::{Said, log_of};

/// `p_c = 1/M sum_m p_mc`.
pub(crate) fn logits(said: &Said) -> Vec<f32> {
    let share = 1.0 / said.members() as f32;
    mean(said, &vec![share; said.members()])
}

/// `p_c = sum_m w_m p_mc`, of weights that sum to 1.
pub(crate) fn mean(said: &Said, weights: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; said.patches * said.classes];
    for (probs, weight) in said.probs.iter().zip(weights) {
        for (sum, prob) in out.iter_mut().zip(probs) {
            *sum += weight * prob;
        }
    }
    for prob in &mut out {
        *prob = log_of(*prob);
    }
    out
}

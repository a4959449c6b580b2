//! The power mean of probabilities.

use crate::said::{Said, log_of};

/// `p_c ~ sqrt(1/M sum_m p_mc^2)`: between the mean, and the surest member alone.
pub(crate) fn logits(said: &Said) -> Vec<f32> {
    let share = 1.0 / said.members() as f32;
    let mut out = vec![0.0_f32; said.patches * said.classes];
    for probs in &said.probs {
        for (sum, prob) in out.iter_mut().zip(probs) {
            *sum += share * prob * prob;
        }
    }
    for sum in &mut out {
        *sum = log_of(sum.sqrt());
    }
    out
}

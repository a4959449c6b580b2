//! The geometric mean of probabilities.

use crate::said::Said;

/// `p_c ~ (prod_m p_mc)^(1/M)`: the softmax of the members' mean logits.
pub(crate) fn logits(said: &Said) -> Vec<f32> {
    let share = 1.0 / said.members() as f32;
    let mut out = vec![0.0; said.patches * said.classes];
    for log_probs in &said.log_probs {
        for (sum, log_prob) in out.iter_mut().zip(log_probs) {
            *sum += share * log_prob;
        }
    }
    out
}

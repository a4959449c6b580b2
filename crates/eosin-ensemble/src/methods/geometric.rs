//! The geometric mean of probabilities.

use crate::said::Said;

/// `p_c ~ (prod_m p_mc)^(1/M)`: the softmax of the members' mean logits.
pub(crate) fn logits(said: &Said) -> Vec<f32> {
    mean_logits(said, &(0..said.members()).collect::<Vec<_>>())
}

/// The same of some members.
pub(crate) fn mean_logits(said: &Said, members: &[usize]) -> Vec<f32> {
    let share = 1.0 / members.len() as f32;
    let mut out = vec![0.0; said.patches * said.classes];
    for member in members {
        for (sum, log_prob) in out.iter_mut().zip(&said.log_probs[*member]) {
            *sum += share * log_prob;
        }
    }
    out
}

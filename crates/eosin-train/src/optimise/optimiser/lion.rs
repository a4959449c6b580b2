//! Lion: the sign of a mean gradient.

use super::{BETA1, Pace, Rule, Slot};

/// Chen et al. 2023, arXiv:2302.06675: `w -= lr (decay w + sign(0.9 m + 0.1 g)); m = 0.99 m + 0.01 g`.
pub(super) struct Lion;

/// How slowly the mean of gradients forgets.
const LION_BETA2: f32 = 0.99;

impl Rule for Lion {
    fn step(&self, slot: Slot<'_>, pace: Pace) {
        *slot.weight -= pace.learning_rate * slot.decay * *slot.weight;
        let direction = BETA1 * *slot.first + (1.0 - BETA1) * slot.gradient;
        *slot.first = LION_BETA2 * *slot.first + (1.0 - LION_BETA2) * slot.gradient;
        // `signum` of zero is one.
        if direction != 0.0 {
            *slot.weight -= pace.learning_rate * direction.signum();
        }
    }
}

//! Adam.

use super::{BETA1, BETA2, EPSILON, Pace, Rule, Slot};

/// Kingma & Ba 2015, arXiv:1412.6980, the decay added to the gradient: `m = b1 m + (1 - b1) g;
/// s = b2 s + (1 - b2) g^2; w -= lr m' / (sqrt s' + 1e-8)` with both corrected for their start.
pub(super) struct Adam;

impl Rule for Adam {
    fn step(&self, slot: Slot<'_>, pace: Pace) {
        let gradient = slot.gradient + slot.decay * *slot.weight;
        let (first, second) = (slot.first, slot.second);
        *first = BETA1 * *first + (1.0 - BETA1) * gradient;
        *second = BETA2 * *second + (1.0 - BETA2) * gradient * gradient;
        let denominator = second.sqrt() / pace.correction2 + EPSILON;
        *slot.weight -= pace.learning_rate / pace.correction1 * *first / denominator;
    }
}

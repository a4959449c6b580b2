//! Gradients divided by the root of their mean square.

use super::{EPSILON, Pace, Rule, Slot};

/// Tieleman & Hinton 2012, PyTorch's form: `s = 0.99 s + 0.01 g^2; v = momentum v + g / (sqrt s +
/// 1e-8); w -= lr v`, the decay added to the gradient.
pub(super) struct RmsProp {
    pub momentum: f32,
}

/// How slowly the mean of squares forgets.
const ALPHA: f32 = 0.99;

impl Rule for RmsProp {
    fn step(&self, slot: Slot<'_>, pace: Pace) {
        let gradient = slot.gradient + slot.decay * *slot.weight;
        let (first, second) = (slot.first, slot.second);
        *second = ALPHA * *second + (1.0 - ALPHA) * gradient * gradient;
        *first = self.momentum * *first + gradient / (second.sqrt() + EPSILON);
        *slot.weight -= pace.learning_rate * *first;
    }
}

//! Stochastic gradient descent with momentum.

use super::{Pace, Rule, Slot};

/// `v = momentum v + g + decay w; w -= lr v` (Sutskever et al. 2013, PyTorch's form); with `nesterov`
/// `w -= lr (g + decay w + momentum v)`.
pub(super) struct Sgd {
    pub momentum: f32,
    pub nesterov: bool,
}

impl Rule for Sgd {
    fn step(&self, slot: Slot<'_>, pace: Pace) {
        let gradient = slot.gradient + slot.decay * *slot.weight;
        let velocity = self.momentum * *slot.first + gradient;
        *slot.first = velocity;
        let ahead = gradient + self.momentum * velocity;
        *slot.weight -= pace.learning_rate * if self.nesterov { ahead } else { velocity };
    }
}

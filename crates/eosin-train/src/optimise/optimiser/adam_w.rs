//! Adam with decoupled weight decay.

use super::adam::Adam;
use super::{Pace, Rule, Slot};

/// Loshchilov & Hutter 2019, arXiv:1711.05101: `w -= lr decay w` first, then [`Adam`] without decay.
pub(super) struct AdamW;

impl Rule for AdamW {
    fn step(&self, slot: Slot<'_>, pace: Pace) {
        *slot.weight -= pace.learning_rate * slot.decay * *slot.weight;
        Adam.step(Slot { decay: 0.0, ..slot }, pace);
    }
}

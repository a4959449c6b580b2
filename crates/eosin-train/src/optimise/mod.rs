//! From logits to steps: losses, mixing, optimisers and learning rates.

pub(crate) mod class_weights;
pub(crate) mod loss;
pub(crate) mod mixing;
pub(crate) mod optimiser;
pub(crate) mod schedule;
pub(crate) mod stepper;

//! From logits to steps: losses, mixing, optimisers and learning rates.

pub(crate) mod class_weights;
pub(crate) mod clip;
pub(crate) mod loss;
pub(crate) mod mixing;
mod narrow;
pub(crate) mod optimiser;
pub(crate) mod schedule;
pub(crate) mod stepper;

pub(crate) use narrow::narrow;

//! What is trained: the last layer, or the stages from a cut on.

pub(crate) mod classifier;
pub(crate) mod head;
pub(crate) mod head_model;
pub(crate) mod network_model;
pub(crate) mod tape_runner;
pub(crate) mod trainable;

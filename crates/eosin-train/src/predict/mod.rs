//! Trained folds at work: a run's networks, and what they say of patches.

pub(crate) mod fold_network;
pub(crate) mod predictions;
pub(crate) mod predictor;

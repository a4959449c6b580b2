//! The training of folds: rows sampled, epochs stepped and judged, the best one kept.

pub(crate) mod fold_trainer;
pub(crate) mod heads;
pub(crate) mod networks;
pub(crate) mod sampling;
pub(crate) mod tracker;

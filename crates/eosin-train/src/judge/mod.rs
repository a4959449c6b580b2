//! Predictions turned into metrics, and two runs compared.

pub(crate) mod decision;
pub(crate) mod evaluate;
pub(crate) mod paired;
pub(crate) mod selection;

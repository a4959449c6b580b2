//! Predictions turned into metrics, and two runs compared.

pub(crate) mod decision;
pub(crate) mod evaluate;
pub(crate) mod judged_rows;
pub(crate) mod paired;
pub(crate) mod patch_groups;
pub(crate) mod selection;

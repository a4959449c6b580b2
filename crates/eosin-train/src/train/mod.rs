pub(crate) mod fold_trainer;
pub(crate) mod heads;
pub(crate) mod networks;
pub(crate) mod probe;
pub(crate) mod rows;
pub(crate) mod sampling;
pub(crate) mod session;
pub(crate) mod tracker;

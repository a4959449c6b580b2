//! One method, one file.

pub(crate) mod geometric;
pub(crate) mod greedy;
pub(crate) mod hard;
pub(crate) mod power;
pub(crate) mod rank;
pub(crate) mod soft;
pub(crate) mod stack;
pub(crate) mod weighted;

pub use rank::Knots;

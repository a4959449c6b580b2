//! Per-channel statistics of patches and the normalisation made from them.

mod channel;
mod sums;

pub use channel::{StatisticsError, channel_statistics};
pub use sums::ImageSums;

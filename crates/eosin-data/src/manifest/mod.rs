//! The list of patches that everything else works from.

mod counts;
mod patch;
mod rows;

pub use counts::SplitCounts;
pub use patch::{Layout, Manifest, Patch};

//! The list of patches that everything else works from.

mod counts;
mod patch;
mod rows;
mod source;

pub use counts::SplitCounts;
pub use patch::{Layout, Manifest, Patch};
pub use rows::PatchColumn;
pub use source::PatchSource;

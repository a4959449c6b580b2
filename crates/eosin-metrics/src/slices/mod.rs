//! How a model does on parts of the rows, and whether the worst part is worse than chance makes one.

mod deviance;
mod figures;
mod laid;
mod pieces;
mod test;

pub use figures::{Measured, SliceFigures, SlicedRows};
pub use test::{SliceComparison, SliceTest, SlicedBy, WorstSlice};

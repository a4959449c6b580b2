//! Which patches are trained on and which are validated on.

mod check;
mod cover;
mod error;
mod folds;
mod group;
mod grouped;
mod groups;
mod hold_out;
mod make;
mod options;
mod stratified;

pub use cover::Proof;
pub use error::{Division, SplitError, SplitWarning};
pub use folds::{Fold, FoldIndices, Folds};
pub use make::split;
pub use options::{SplitMethod, SplitOptions};

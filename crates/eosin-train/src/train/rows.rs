//! The rows of a fold.

use eosin_core::FoldId;

/// The rows of one fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldRows {
    /// Which fold.
    pub id: FoldId,
    /// Position of the fold in random streams: `repeat * folds + fold`.
    pub stream: u64,
    /// Rows trained on.
    pub train: Vec<usize>,
    /// Rows judged on.
    pub val: Vec<usize>,
}

//! The rows of a fold.

use std::collections::BTreeSet;

use eosin_core::FoldId;

/// The rows of one fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldRows {
    /// Which fold.
    pub id: FoldId,
    /// Position of the fold in random streams: `repeat * folds + fold`.
    pub stream: u64,
    /// The training part.
    pub train: Vec<usize>,
    /// Rows of the training part that pick the epoch instead of being trained on; with
    /// `train.keep = "inner"`.
    pub inner: Vec<usize>,
    /// Rows judged on.
    pub val: Vec<usize>,
}

impl FoldRows {
    /// Rows trained on.
    pub fn trained(&self) -> Vec<usize> {
        let inner: BTreeSet<usize> = self.inner.iter().copied().collect();
        let rows = self.train.iter().copied();
        rows.filter(|row| !inner.contains(row)).collect()
    }
}

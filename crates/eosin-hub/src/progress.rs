//! How far a fetch is.

/// Told after every piece that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The bytes of the file that are here, those of earlier attempts included. Falls when the
    /// server makes a fetch start again.
    pub received_bytes: u64,
    /// The file's length, where known.
    pub total_bytes: Option<u64>,
}

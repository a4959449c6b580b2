//! What the caller may decide about reading.

/// How to read a weight file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Where in a PyTorch checkpoint the state dict is, such as `teacher`, or `model/teacher` for
    /// one inside another. `None` looks for it in the order of
    /// [`STATE_DICT_KEYS`](crate::STATE_DICT_KEYS).
    pub key: Option<String>,
    /// Whether a prefix that wrappers such as `DataParallel` put before every name is taken off
    /// ([`WRAPPER_PREFIXES`](crate::WRAPPER_PREFIXES)).
    pub strip_prefixes: bool,
}

impl ReadOptions {
    /// Every tensor under the very name that it was written with: for files of eosin's own.
    pub fn as_written() -> Self {
        Self {
            strip_prefixes: false,
            ..Self::default()
        }
    }
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            key: None,
            strip_prefixes: true,
        }
    }
}

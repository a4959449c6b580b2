//! What the caller may decide about reading.

/// How to read a weight file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Where in a PyTorch checkpoint the state dict is, such as `teacher`, or `model/teacher` for
    /// one inside another. `None` looks for it in the order of
    /// [`STATE_DICT_KEYS`](crate::STATE_DICT_KEYS).
    pub key: Option<String>,
}

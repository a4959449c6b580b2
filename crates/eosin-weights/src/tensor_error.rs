//! Why one tensor cannot be read.

/// Why one tensor cannot be read; follows the tensor's name.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TensorError {
    /// It has a type that weights do not come in.
    #[error("is {dtype}; weights must be F32, F16, BF16 or F64")]
    Dtype {
        /// Its type.
        dtype: &'static str,
    },
    /// A value of a double-precision tensor does not fit into single precision.
    #[error(
        "holds {value:e} at index {index}, beyond single precision's {:e}",
        f32::MAX
    )]
    Range {
        /// The value.
        value: f64,
        /// Flat index of the value.
        index: usize,
    },
    /// Its shape has too many axes or elements.
    #[error("has the impossible shape {shape}")]
    Shape {
        /// The shape, shortened.
        shape: String,
    },
    /// It reaches beyond its storage.
    #[error(
        "reaches to element {last} of a storage of {elements}; the file is damaged, fetch it again"
    )]
    OutOfStorage {
        /// Index of the last element that it needs.
        last: usize,
        /// Number of elements in the storage.
        elements: usize,
    },
    /// It would blow the file up.
    #[error(
        "would take the values to {bytes} bytes, more than the {limit} allowed for this file; it repeats its storage, call `.contiguous()` before saving if that is meant"
    )]
    Expanded {
        /// Bytes of all values read so far and this tensor's.
        bytes: usize,
        /// How many the file may have.
        limit: usize,
    },
    /// Its storage is not in the file.
    #[error("needs storage '{key}', which is not in the file; the file is damaged, fetch it again")]
    NoStorage {
        /// Key of the storage.
        key: String,
    },
    /// Its storage is not as long as the pickle says.
    #[error(
        "needs storage '{key}' of {expected} bytes, but the file has {got}; the file is damaged, fetch it again"
    )]
    StorageLength {
        /// Key of the storage.
        key: String,
        /// Bytes by the pickle.
        expected: usize,
        /// Bytes in the file.
        got: usize,
    },
    /// It is of a kind that no weights of a classifier have.
    #[error("is {kind}; save it as an ordinary dense tensor")]
    Kind {
        /// The kind.
        kind: &'static str,
    },
    /// Its name cannot be shown or is too long.
    #[error("has a name with control characters or of more than 512 bytes; rename it")]
    Name,
    /// The state dict has the name twice.
    #[error("is there twice; the file is damaged or forged")]
    Twice,
}

//! Why bytes are no safetensors file.

use crate::tensor_error::TensorError;

/// Why bytes are no safetensors file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SafetensorsError {
    /// The header is longer than the file.
    #[error(
        "its header has {header} bytes, but only {rest} follow its length; the file is cut short, fetch it again"
    )]
    HeaderCut {
        /// Length of the header by the file's first eight bytes.
        header: u64,
        /// Bytes behind these.
        rest: usize,
    },
    /// The header is not the JSON that the format asks for.
    #[error("its header is invalid: {0}; the file is damaged, fetch it again")]
    Header(String),
    /// A tensor's place does not begin where the one before it ends.
    #[error(
        "tensor '{tensor}' begins at byte {begin} of the body, but the tensors before it end at {expected}; they overlap or leave a gap"
    )]
    Place {
        /// Tensor name.
        tensor: String,
        /// Where it begins.
        begin: usize,
        /// Where it must begin.
        expected: usize,
    },
    /// A tensor's place does not have the length that its type and shape ask for.
    #[error("tensor '{tensor}' is {dtype} {shape:?}, {expected} bytes, but its place has {got}")]
    Length {
        /// Tensor name.
        tensor: String,
        /// Its type.
        dtype: &'static str,
        /// Its shape.
        shape: Vec<usize>,
        /// Bytes that its type and shape ask for.
        expected: usize,
        /// Bytes between its offsets.
        got: usize,
    },
    /// A tensor has a type that no weight has and that is not known to be an integer.
    #[error("tensor '{tensor}' is {dtype}; weights must be F32, F16, BF16 or F64")]
    Dtype {
        /// Tensor name.
        tensor: String,
        /// Its type.
        dtype: String,
    },
    /// A tensor's shape has too many axes or elements.
    #[error("tensor '{tensor}' {reason}")]
    Shape {
        /// Tensor name.
        tensor: String,
        /// What is wrong with the shape.
        reason: TensorError,
    },
    /// The tensors do not end where the file ends.
    #[error(
        "its tensors take {expected} bytes, but {got} follow the header; the file is cut short or has bytes added"
    )]
    Body {
        /// Bytes of all tensors.
        expected: usize,
        /// Bytes behind the header.
        got: usize,
    },
}

//! Why weights cannot be read.

use std::path::PathBuf;

use crate::content::Foreign;
use crate::names::shown;
use crate::npy::NpyError;
use crate::pickle::PickleError;
use crate::pytorch::{SelectError, TorchError, ZipError};
use crate::safetensors::SafetensorsError;
use crate::state::StateTensor;

/// Why a weight file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file cannot be read.
    #[error("cannot read weights {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// It is a folder.
    #[error("{path} is a folder; name the weight file in it")]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// The file was written to after it had been read.
    #[error("{path} was changed while it was in use; run again, and leave it as it is meanwhile")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The file is larger than any that is read.
    #[error(
        "{path} has {bytes} bytes, more than the {limit} that are read; save the weights alone: `torch.save(model.state_dict(), ...)`"
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// The largest length.
        limit: u64,
    },
    /// The bytes are something else altogether.
    #[error("{name} is not a weight file: {found}")]
    NotWeights {
        /// File or resource.
        name: String,
        /// What it is, and what to do.
        found: Foreign,
    },
    /// The bytes are a damaged or invalid safetensors file.
    #[error("{name} is not a valid safetensors file: {reason}")]
    Safetensors {
        /// File or resource.
        name: String,
        /// What is wrong with it.
        reason: SafetensorsError,
    },
    /// The bytes are no `.npy` array of floating-point numbers.
    #[error("{name} is no array that can be read: {reason}")]
    Npy {
        /// File.
        name: String,
        /// What is wrong with it.
        reason: NpyError,
    },
    /// The bytes are a damaged or invalid zip archive.
    #[error("{name} is not an archive that torch.save writes: {reason}")]
    Zip {
        /// File or resource.
        name: String,
        /// What is wrong with it.
        reason: ZipError,
    },
    /// The pickle in the file is damaged, or asks for something that weights do not need.
    #[error("{name} cannot be read safely: {reason}")]
    Pickle {
        /// File or resource.
        name: String,
        /// What is wrong with it.
        reason: PickleError,
    },
    /// A PyTorch file does not hold what it announces.
    #[error("{name} is not a valid PyTorch file: {reason}")]
    Torch {
        /// File or resource.
        name: String,
        /// What is wrong with it.
        reason: TorchError,
    },
    /// The state dict cannot be found in the checkpoint.
    #[error("{name}: {reason}")]
    Select {
        /// File or resource.
        name: String,
        /// Why not, and what the checkpoint holds.
        reason: SelectError,
    },
    /// A tensor cannot be read.
    #[error("tensor '{tensor}' of {name} {reason}")]
    Tensor {
        /// File or resource.
        name: String,
        /// Tensor name.
        tensor: String,
        /// What is wrong with it.
        reason: TensorError,
    },
    /// A weight is NaN or infinite.
    #[error(
        "tensor '{tensor}' of {name} holds {value} at index {index}; the file is damaged or its training diverged"
    )]
    NotFinite {
        /// File or resource.
        name: String,
        /// Tensor name.
        tensor: String,
        /// The value.
        value: f32,
        /// Flat index of the value.
        index: usize,
    },
}

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

impl TensorError {
    /// The error of `file`'s tensor of this name.
    pub(crate) fn of(self, file: &str, tensor: &str) -> WeightsError {
        WeightsError::Tensor {
            name: file.to_owned(),
            tensor: shown(tensor),
            reason: self,
        }
    }
}

/// Refuses values that are NaN or infinite.
pub(crate) fn check_finite(
    file: &str,
    name: &str,
    tensor: &StateTensor,
) -> Result<(), WeightsError> {
    // Whole blocks first: a loop that may stop at any value is four times slower.
    let finite = |block: &[f32]| {
        block
            .iter()
            .fold(true, |all, value| all & value.is_finite())
    };
    if tensor.values.chunks(4096).all(finite) {
        return Ok(());
    }
    match tensor.values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(WeightsError::NotFinite {
            name: file.to_owned(),
            tensor: shown(name),
            value: tensor.values[index],
            index,
        }),
    }
}

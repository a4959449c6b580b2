//! Why weights cannot be read.

use std::path::PathBuf;

use crate::content::Foreign;
use crate::npy::NpyError;
use crate::pickle::PickleError;
use crate::pytorch::{SelectError, TorchError, ZipError};
use crate::safetensors_error::SafetensorsError;
use crate::shown::shown;
use crate::tensor_error::TensorError;

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

//! Weight files, read without executing anything: safetensors, and what `torch.save` writes
//! (the zip format since PyTorch 1.6 and the older one), all to single precision; and arrays of
//! embeddings ([`NpyFile`]).
//!
//! A `.pth` file is a pickle, a program that Python runs on loading. Here it is interpreted by a
//! small machine that knows the opcodes and the globals of weight files; what any other class
//! would make is passed over, and what could run code is refused by name. Nothing is imported or
//! called. What kind a file is, its content says, never its
//! extension. [`WeightFile::open`] finds the state dict inside a checkpoint and reports which
//! key it took and what it left out.
//!
//! Memory: besides the file's own bytes, parsing takes at most 8 times their number + 1 MiB for
//! the values, and for the pickle at most 200 bytes per byte of it, for no more than a
//! million objects. [`WeightFile::open`] gives the bytes back, and values are read when they are
//! wanted ([`LazyTensor`]), but for those that do not lie in the file in their order.
//!
//! ```
//! # use std::collections::BTreeMap;
//! use eosin_weights::{StateDict, StateTensor, StoredAs, WeightFile, to_safetensors};
//!
//! let bias = StateTensor { shape: vec![2], values: vec![0.5, -1.0] };
//! let tensors = StateDict::from([("fc.bias".to_owned(), bias.clone())]);
//! let bytes = to_safetensors(&tensors, &BTreeMap::new(), StoredAs::F16);
//! let file = WeightFile::parse("example", &bytes)?;
//! assert_eq!(file.tensors["fc.bias"], bias);
//! # Ok::<(), eosin_weights::WeightsError>(())
//! ```

mod content;
mod dtype;
mod error;
mod file;
mod finite;
mod found;
mod lazy;
mod mismatch;
mod names;
mod npy;
mod options;
mod pickle;
mod pytorch;
mod safetensors;
mod safetensors_error;
mod safetensors_head;
mod shown;
mod state;
mod stored;
mod strided;
mod tensor_error;
mod weights_out;

pub use content::Foreign;
pub use error::WeightsError;
pub use file::{WeightFile, WeightFormat};
pub use lazy::{LazyTensor, TensorDict, pieces, read_all, to_lazy};
pub use mismatch::{StateError, StateMismatch};
pub use npy::{NpyError, NpyFile, write_npy};
pub use options::ReadOptions;
pub use pickle::PickleError;
pub use pytorch::{STATE_DICT_KEYS, SelectError, TorchError, ZipError};
pub use safetensors_error::SafetensorsError;
pub use safetensors_head::SafetensorsHead;
pub use state::{StateDict, StateTensor};
pub use tensor_error::TensorError;
pub use weights_out::{StoredAs, safetensors_bytes, to_safetensors, write_safetensors};

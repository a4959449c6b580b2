//! What `torch.save` writes: its two formats, and the state dict inside
//! (<https://pytorch.org/docs/stable/notes/serialization.html>,
//! <https://github.com/pytorch/pytorch/blob/main/torch/serialization.py>).

mod archive;
mod collect;
mod error;
mod legacy;
mod select;
mod zip;
mod zip_entry;

pub(crate) use archive::read_zip;
pub use error::{SelectError, TorchError, ZipError};
pub(crate) use legacy::read_legacy;
pub use select::STATE_DICT_KEYS;

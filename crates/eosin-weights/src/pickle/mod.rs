//! Pickles, interpreted without Python: the opcodes that `torch.save` writes, protocols 2 to 5
//! (<https://github.com/python/cpython/blob/main/Lib/pickletools.py>), and the globals that
//! weights need. Nothing is imported or called: what another class would make is passed over, and
//! what could run code is an error that names it.

mod build;
mod cursor;
mod error;
mod global;
mod machine;
mod op;
mod rebuild;
mod stack;
mod value;

pub use error::PickleError;
pub(crate) use global::MODULE_ADVICE;
pub(crate) use machine::{Unpickled, unpickle};
pub(crate) use value::{Node, StorageRef, Tensor, Value};

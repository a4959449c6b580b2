//! Arrays in `NumPy`'s `.npy`: a magic word, a header that is a Python dictionary, raw values
//! (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
//!
//! Read and written here: the crate for it (`npyz`) brings `pest` and `num-bigint` to parse a header
//! of three known keys.

mod error;
mod file;
mod header;
mod write;

pub use error::NpyError;
pub use file::NpyFile;
pub use write::write_npy;

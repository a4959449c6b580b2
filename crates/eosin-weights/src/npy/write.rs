//! A tensor to the bytes of a `.npy` file.

use std::io::{self, Write};

use super::header::text_of;
use crate::lazy::{LazyTensor, pieces};
use crate::weights_out::StoredAs;

/// Writes a tensor as a `.npy` file of little-endian single precision, row by row. It is read piece
/// by piece.
///
/// # Errors
/// When the tensor cannot be read, with [`WeightsError`](crate::WeightsError) as the cause, or `out`
/// cannot be written.
pub fn write_npy(out: &mut (impl Write + ?Sized), tensor: &impl LazyTensor) -> io::Result<()> {
    out.write_all(&text_of(tensor.shape()))?;
    let mut bytes = Vec::new();
    for rows in pieces(tensor.rows(), tensor.row_values()) {
        bytes.clear();
        let values = tensor.read(rows).map_err(io::Error::other)?;
        StoredAs::F32.append(&values, &mut bytes);
        out.write_all(&bytes)?;
    }
    Ok(())
}

//! Tensors that are read when they are wanted, some rows at a time.
//!
//! Weights are most of a program's memory. Whoever needs them draws them from here piece by piece,
//! so that the only copy in memory is the one being made.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use crate::error::WeightsError;
use crate::state::{StateDict, StateTensor};

/// Values of a piece, about: large enough to read at full speed, small beside any network.
const PIECE_VALUES: usize = 1 << 20;

/// A tensor whose values may lie elsewhere. A row is what the first axis counts; a tensor without
/// axes has one.
pub trait LazyTensor: Debug + Send + Sync {
    /// Length of each axis.
    fn shape(&self) -> &[usize];

    /// The values of `rows`, row-major.
    ///
    /// # Errors
    /// When they cannot be read.
    ///
    /// # Panics
    /// When there are no such rows.
    fn read(&self, rows: Range<usize>) -> Result<Cow<'_, [f32]>, WeightsError>;

    /// Values by their places in the whole, row-major: fewer than a row, too.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// # Panics
    /// When there are no such values.
    fn read_values(&self, values: Range<usize>) -> Result<Cow<'_, [f32]>, WeightsError> {
        let each = self.row_values().max(1);
        let rows = values.start / each..values.end.div_ceil(each);
        let within = values.start - rows.start * each..values.end - rows.start * each;
        Ok(Cow::Owned(self.read(rows)?[within].to_vec()))
    }

    /// Number of rows.
    fn rows(&self) -> usize {
        self.shape().first().copied().unwrap_or(1)
    }

    /// Values of a row.
    fn row_values(&self) -> usize {
        self.shape().iter().skip(1).product()
    }

    /// Number of values.
    fn values(&self) -> usize {
        self.shape().iter().product()
    }

    /// All values, row-major.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn read_all(&self) -> Result<Cow<'_, [f32]>, WeightsError> {
        self.read(0..self.rows())
    }
}

/// Tensors by their timm names, read when they are wanted. A copy of it copies no values.
pub type TensorDict = BTreeMap<String, Arc<dyn LazyTensor>>;

impl LazyTensor for StateTensor {
    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn read(&self, rows: Range<usize>) -> Result<Cow<'_, [f32]>, WeightsError> {
        let each = self.row_values();
        Ok(Cow::Borrowed(
            &self.values[rows.start * each..rows.end * each],
        ))
    }
}

impl LazyTensor for &dyn LazyTensor {
    fn shape(&self) -> &[usize] {
        (**self).shape()
    }

    fn read(&self, rows: Range<usize>) -> Result<Cow<'_, [f32]>, WeightsError> {
        (**self).read(rows)
    }

    fn read_values(&self, values: Range<usize>) -> Result<Cow<'_, [f32]>, WeightsError> {
        (**self).read_values(values)
    }
}

impl<T: LazyTensor + ?Sized> LazyTensor for Arc<T> {
    fn shape(&self) -> &[usize] {
        (**self).shape()
    }

    fn read(&self, rows: Range<usize>) -> Result<Cow<'_, [f32]>, WeightsError> {
        (**self).read(rows)
    }

    fn read_values(&self, values: Range<usize>) -> Result<Cow<'_, [f32]>, WeightsError> {
        (**self).read_values(values)
    }
}

/// So many `rows` in pieces of about four megabytes.
pub fn pieces(rows: usize, row_values: usize) -> impl Iterator<Item = Range<usize>> {
    let step = (PIECE_VALUES / row_values.max(1)).max(1);
    (0..rows)
        .step_by(step)
        .map(move |first| first..rows.min(first + step))
}

/// Tensors in memory as such that are read when they are wanted.
pub fn to_lazy(tensors: StateDict) -> TensorDict {
    let lazy = |(name, tensor)| (name, Arc::new(tensor) as Arc<dyn LazyTensor>);
    tensors.into_iter().map(lazy).collect()
}

/// All values of all tensors.
///
/// # Errors
/// When one cannot be read.
pub fn read_all<T: LazyTensor>(tensors: &BTreeMap<String, T>) -> Result<StateDict, WeightsError> {
    let read = |(name, tensor): (&String, &T)| {
        let values = tensor.read_all()?.into_owned();
        let shape = tensor.shape().to_vec();
        Ok((name.clone(), StateTensor { shape, values }))
    };
    tensors.iter().map(read).collect()
}

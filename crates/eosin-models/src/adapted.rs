//! A tensor under another shape.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use eosin_weights::{LazyTensor, WeightsError};

/// The values of another tensor, in the same order, with something added to each.
#[derive(Debug)]
struct Adapted {
    tensor: Arc<dyn LazyTensor>,
    shape: Vec<usize>,
    added: f32,
}

/// `tensor` with `shape`, which has as many values, and `added` to each.
pub(crate) fn adapted(
    tensor: &Arc<dyn LazyTensor>,
    shape: &[usize],
    added: f32,
) -> Arc<dyn LazyTensor> {
    Arc::new(Adapted {
        tensor: Arc::clone(tensor),
        shape: shape.to_vec(),
        added,
    })
}

impl LazyTensor for Adapted {
    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn read(&self, rows: Range<usize>) -> Result<Cow<'_, [f32]>, WeightsError> {
        let each = self.row_values();
        let mut values = if each == self.tensor.row_values() {
            self.tensor.read(rows)?
        } else {
            let all = self.tensor.read_all()?;
            Cow::Owned(all[rows.start * each..rows.end * each].to_vec())
        };
        if self.added != 0.0 {
            for value in values.to_mut() {
                *value += self.added;
            }
        }
        Ok(values)
    }
}

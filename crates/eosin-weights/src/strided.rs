//! A tensor as a strided view of a storage, to row-major values.

use crate::dtype::Dtype;
use crate::tensor_error::TensorError;

/// The most axes that a tensor may have.
pub(crate) const MAX_AXES: usize = 16;

/// How many times the file's bytes all values together may take; half precision alone doubles
/// them, and tied weights are written out for each of their names.
const BYTES_PER_FILE_BYTE: usize = 8;

/// What small files with expanded tensors may take on top, in bytes.
const SPARE_BYTES: usize = 1 << 20;

/// What the values of one file may still take: a small file cannot claim a large tensor.
#[derive(Debug)]
pub(crate) struct Budget {
    used: usize,
    limit: usize,
}

impl Budget {
    /// The budget of a file of this many bytes.
    pub(crate) const fn of_file(bytes: usize) -> Self {
        Self {
            used: 0,
            limit: bytes
                .saturating_mul(BYTES_PER_FILE_BYTE)
                .saturating_add(SPARE_BYTES),
        }
    }

    fn take(&mut self, elements: usize) -> Result<(), TensorError> {
        let used = elements
            .saturating_mul(size_of::<f32>())
            .saturating_add(self.used);
        if used > self.limit {
            return Err(TensorError::Expanded {
                bytes: used,
                limit: self.limit,
            });
        }
        self.used = used;
        Ok(())
    }
}

/// A view of a storage, in elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Strided {
    pub dtype: Dtype,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}

/// What a view shows of its storage, row-major.
#[derive(Debug)]
pub(crate) enum Shown<'a> {
    /// The bytes of the elements, which lie in that order.
    InOrder(&'a [u8]),
    /// The elements, gathered from where they lie.
    Gathered(Vec<f32>),
}

impl Strided {
    /// What the view shows of `storage`.
    ///
    /// # Errors
    /// When it reaches beyond the storage or the budget, or its type is none of weights.
    pub(crate) fn show<'a>(
        &self,
        storage: &'a [u8],
        budget: &mut Budget,
    ) -> Result<Shown<'a>, TensorError> {
        if !matches!(
            self.dtype,
            Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::Bf16
        ) {
            return Err(TensorError::Dtype {
                dtype: self.dtype.name(),
            });
        }
        let elements = element_count(&self.shape)?;
        if elements > 0 {
            self.check_reach(storage.len() / self.dtype.bytes())?;
        }
        budget.take(elements)?;
        let start = self.offset.saturating_mul(self.dtype.bytes());
        Ok(if elements == 0 {
            Shown::Gathered(Vec::new())
        } else if self.is_row_major() {
            Shown::InOrder(&storage[start..][..elements * self.dtype.bytes()])
        } else {
            Shown::Gathered(self.gather(storage, elements)?)
        })
    }

    /// Whether the last element of a view that has any lies in a storage of this many.
    fn check_reach(&self, elements: usize) -> Result<(), TensorError> {
        let steps = self.shape.iter().zip(&self.strides);
        let last = steps.fold(self.offset, |last, (length, stride)| {
            last.saturating_add((length - 1).saturating_mul(*stride))
        });
        if last < elements {
            Ok(())
        } else {
            Err(TensorError::OutOfStorage { last, elements })
        }
    }

    fn is_row_major(&self) -> bool {
        let mut expected = 1;
        self.shape
            .iter()
            .zip(&self.strides)
            .rev()
            .all(|(&length, &stride)| {
                let fits = length == 1 || stride == expected;
                expected *= length;
                fits
            })
    }

    /// The view's elements, row-major. It has elements and fits the storage.
    fn gather(&self, storage: &[u8], elements: usize) -> Result<Vec<f32>, TensorError> {
        let width = self.dtype.bytes();
        let mut values = Vec::with_capacity(elements);
        let mut index = vec![0; self.shape.len()];
        let mut at = self.offset;
        for element in 0..elements {
            values.push(
                self.dtype
                    .element(&storage[at * width..][..width], element)?,
            );
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                if index[axis] < self.shape[axis] {
                    at += self.strides[axis];
                    break;
                }
                at -= self.strides[axis] * (self.shape[axis] - 1);
                index[axis] = 0;
            }
        }
        Ok(values)
    }
}

/// How many elements a tensor of this shape has.
///
/// # Errors
/// When the shape has too many axes or elements.
pub(crate) fn element_count(shape: &[usize]) -> Result<usize, TensorError> {
    let impossible = || TensorError::Shape {
        shape: shown_shape(shape),
    };
    if shape.len() > MAX_AXES {
        return Err(impossible());
    }
    if shape.contains(&0) {
        return Ok(0);
    }
    let count = shape
        .iter()
        .try_fold(1_usize, |count, &length| count.checked_mul(length));
    // Below a quarter of the address space, so that bytes and strides do not overflow.
    count
        .filter(|count| *count <= isize::MAX as usize / 8)
        .ok_or_else(impossible)
}

fn shown_shape(shape: &[usize]) -> String {
    if shape.len() > MAX_AXES {
        return format!("of {} axes, at most {MAX_AXES} are possible", shape.len());
    }
    format!("{shape:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    fn view(offset: usize, shape: &[usize], strides: &[usize]) -> Strided {
        Strided {
            dtype: Dtype::F32,
            offset,
            shape: shape.to_vec(),
            strides: strides.to_vec(),
        }
    }

    fn shown(view: &Strided, storage: &[u8], budget: &mut Budget) -> Vec<f32> {
        match view.show(storage, budget).unwrap() {
            Shown::InOrder(bytes) => view.dtype.decode(bytes).unwrap(),
            Shown::Gathered(values) => values,
        }
    }

    #[test]
    fn a_transposed_view_is_written_row_major() {
        let storage = bytes_of(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let mut budget = Budget::of_file(storage.len());
        let mut shown = |view: Strided| shown(&view, &storage, &mut budget);
        let transposed = shown(view(1, &[3, 2], &[1, 3]));
        assert_eq!(transposed, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(shown(view(6, &[], &[])), [6.0]);
        assert!(shown(view(9, &[0, 5], &[5, 1])).is_empty());
    }

    #[test]
    fn a_view_beyond_its_storage_or_the_budget_is_refused() {
        let storage = bytes_of(&[0.0, 1.0]);
        let read = |view: Strided| {
            let mut budget = Budget::of_file(storage.len());
            view.show(&storage, &mut budget).unwrap_err()
        };
        let error = read(view(1, &[2], &[1]));
        assert_eq!(
            error,
            TensorError::OutOfStorage {
                last: 2,
                elements: 2
            }
        );
        let error = read(view(0, &[2, 2], &[usize::MAX, usize::MAX]));
        assert!(matches!(error, TensorError::OutOfStorage { .. }));
        let error = read(view(0, &[1 << 40], &[0]));
        assert!(matches!(error, TensorError::Expanded { .. }));
        let error = read(view(0, &[1 << 40, 1 << 40], &[0, 0]));
        assert!(matches!(error, TensorError::Shape { .. }));
        let error = read(view(0, &[1; 17], &[1; 17]));
        assert!(error.to_string().contains("17 axes"));
    }
}

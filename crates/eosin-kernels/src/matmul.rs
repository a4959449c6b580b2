//! The matrix product under every dense convolution.

use gemm_common::Parallelism;
use gemm_f32::gemm::f32::get_gemm_fn;

/// A matrix in a slice: distances between its rows and between its columns.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// Where its values are.
    pub values: &'a [f32],
    /// Distance between a value and the one below it.
    pub row: usize,
    /// Distance between a value and the one to its right.
    pub column: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `width` values, one after another.
    pub const fn rows(values: &'a [f32], width: usize) -> Self {
        Self {
            values,
            row: width,
            column: 1,
        }
    }

    /// The transpose of rows of `width` values.
    pub const fn transposed(values: &'a [f32], width: usize) -> Self {
        Self {
            values,
            row: 1,
            column: width,
        }
    }

    /// Rows as columns.
    #[must_use]
    pub const fn turned(self) -> Self {
        Self {
            values: self.values,
            row: self.column,
            column: self.row,
        }
    }

    fn holds(&self, rows: usize, columns: usize) -> bool {
        self.values.len() > (rows - 1) * self.row + (columns - 1) * self.column
    }
}

/// `out[m, n] = left[m, k] * right[k, n]`, all row-major, on the calling thread.
///
/// `out_stride` and `left_stride` are the distances between rows, so that a group of channels of a
/// wider map can be read and written in place.
///
/// # Panics
/// When a slice is too short for its shape.
pub fn matmul(
    [m, k, n]: [usize; 3],
    out: (&mut [f32], usize),
    (left, left_stride): (&[f32], usize),
    right: &[f32],
) {
    if m == 0 || n == 0 {
        return;
    }
    assert!(left_stride >= k, "rows of the left matrix overlap");
    let (left, right) = (Matrix::rows(left, left_stride), Matrix::rows(right, n));
    product([m, k, n], out, left, right, false);
}

/// `out[m, n] += left[m, k] * right[k, n]` on the calling thread, the inputs in any layout and `out`
/// in rows of `out_stride` values.
///
/// # Panics
/// When a slice is too short for its shape, or there is nothing to sum over.
pub fn matmul_add(
    shape: [usize; 3],
    out: (&mut [f32], usize),
    left: Matrix<'_>,
    right: Matrix<'_>,
) {
    product(shape, out, left, right, true);
}

/// `out[m, n] = left[m, k] * right[k, n]`, or that added to `out`.
///
/// # Panics
/// When a slice is too short for its shape.
pub(crate) fn product(
    [m, k, n]: [usize; 3],
    (out, out_stride): (&mut [f32], usize),
    left: Matrix<'_>,
    right: Matrix<'_>,
    adds: bool,
) {
    if m == 0 || n == 0 {
        return;
    }
    assert!(k > 0, "a product over nothing has no kernel");
    assert!(
        out_stride >= n && out.len() >= (m - 1) * out_stride + n,
        "output is too short"
    );
    assert!(left.holds(m, k), "left is too short");
    assert!(right.holds(k, n), "right is too short");
    // Kernels write columns: rows are written as columns of the transposed product.
    if out_stride > 1 {
        let sides = (right.turned(), left.turned());
        return columns([n, k, m], (out, [1, out_stride]), sides, adds);
    }
    columns([m, k, n], (out, [out_stride, 1]), (left, right), adds);
}

/// The product with any distance between the output's rows and its columns; lengths have been
/// checked.
fn columns(
    [m, k, n]: [usize; 3],
    (out, [out_row, out_column]): (&mut [f32], [usize; 2]),
    (left, right): (Matrix<'_>, Matrix<'_>),
    adds: bool,
) {
    let stride = |rows: usize| isize::try_from(rows).expect("a slice is at most isize::MAX long");
    #[expect(unsafe_code, reason = "the gemm crates take raw pointers")]
    // SAFETY: the three pointers are valid for the shapes and strides given, as `product` asserts;
    // `out` is borrowed mutably, so it overlaps neither input.
    unsafe {
        get_gemm_fn()(
            m,
            n,
            k,
            out.as_mut_ptr(),
            stride(out_column),
            stride(out_row),
            adds,
            left.values.as_ptr(),
            stride(left.column),
            stride(left.row),
            right.values.as_ptr(),
            stride(right.column),
            stride(right.row),
            if adds { 1.0 } else { 0.0 },
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

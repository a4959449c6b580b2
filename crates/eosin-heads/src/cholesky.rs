//! The inverse of a Cholesky factor, by blocks.

use eosin_kernels::{Matrix, matmul, matmul_add};
use rayon::prelude::*;

/// Rows of a block.
const BLOCK: usize = 64;

/// `L^-1` of the symmetric, positive definite `matrix = L L'` (`[n, n]`, of which the lower half is
/// read), lower triangular. In single precision: a metric need not be exact. `None` where the matrix
/// is not positive definite.
pub(crate) fn inverse_factor(mut matrix: Vec<f32>, n: usize) -> Option<Vec<f32>> {
    let mut inverse = vec![0.0; n * n];
    for first in (0..n).step_by(BLOCK) {
        let last = n.min(first + BLOCK);
        let diagonal = invert_diagonal(&matrix, n, first..last)?;
        below_diagonal(&mut matrix, n, first..last, &diagonal);
        update_rest(&mut matrix, n, first..last);
        inverse_rows(&mut inverse, &matrix, n, first..last, &diagonal);
    }
    Some(inverse)
}

/// The inverse of the factor of the block on the diagonal, `[size, size]`, in double precision
/// within; `None` where it has none.
fn invert_diagonal(matrix: &[f32], n: usize, block: std::ops::Range<usize>) -> Option<Vec<f32>> {
    let (size, first) = (block.len(), block.start);
    let mut factor = vec![0.0_f64; size * size];
    for row in 0..size {
        for column in 0..=row {
            let mut sum = f64::from(matrix[(first + row) * n + first + column]);
            for k in 0..column {
                sum -= factor[row * size + k] * factor[column * size + k];
            }
            factor[row * size + column] = if row == column {
                if sum <= 0.0 || !sum.is_finite() {
                    return None;
                }
                sum.sqrt()
            } else {
                sum / factor[column * size + column]
            };
        }
    }
    let mut inverse = vec![0.0_f64; size * size];
    for column in 0..size {
        for row in column..size {
            let mut sum = if row == column { 1.0 } else { 0.0 };
            for k in column..row {
                sum -= factor[row * size + k] * inverse[k * size + column];
            }
            inverse[row * size + column] = sum / factor[row * size + row];
        }
    }
    Some(inverse.into_iter().map(crate::table::narrow).collect())
}

/// The factor's rows below a block: those of the matrix times the transposed inverse of the block.
fn below_diagonal(matrix: &mut [f32], n: usize, block: std::ops::Range<usize>, diagonal: &[f32]) {
    let size = block.len();
    matrix[block.end * n..]
        .par_chunks_mut(BLOCK * n)
        .for_each(|rows| {
            let count = rows.len() / n;
            let mut copy = Vec::with_capacity(count * size);
            for row in rows.chunks_exact(n) {
                copy.extend_from_slice(&row[block.clone()]);
            }
            let mut out = vec![0.0; count * size];
            let right = Matrix::transposed(diagonal, size);
            let shape = [count, size, size];
            matmul_add(shape, (&mut out, size), Matrix::rows(&copy, size), right);
            for (row, out) in rows.chunks_exact_mut(n).zip(out.chunks_exact(size)) {
                row[block.clone()].copy_from_slice(out);
            }
        });
}

/// Takes the block's part out of the rows below it.
fn update_rest(matrix: &mut [f32], n: usize, block: std::ops::Range<usize>) {
    let (size, end) = (block.len(), block.end);
    let below: Vec<f32> = matrix[end * n..]
        .chunks_exact(n)
        .flat_map(|row| row[block.clone()].iter().copied())
        .collect();
    let turned = Matrix::transposed(&below, size);
    let rows = matrix[end * n..].par_chunks_mut(BLOCK * n).enumerate();
    rows.for_each(|(index, rows)| {
        let count = rows.len() / n;
        let left: Vec<f32> = below[index * BLOCK * size..][..count * size]
            .iter()
            .map(|value| -value)
            .collect();
        // No column right of these rows' diagonal is read again.
        let columns = index * BLOCK + count;
        let shape = [count, size, columns];
        matmul_add(
            shape,
            (&mut rows[end..], n),
            Matrix::rows(&left, size),
            turned,
        );
    });
}

/// The block's rows of the inverse: `-D^-1 (L_left X_above)`, and `D^-1` on the diagonal.
fn inverse_rows(
    inverse: &mut [f32],
    factor: &[f32],
    n: usize,
    block: std::ops::Range<usize>,
    diagonal: &[f32],
) {
    let (size, first) = (block.len(), block.start);
    let (above, rows) = inverse.split_at_mut(first * n);
    let rows = &mut rows[..size * n];
    if first > 0 {
        let mut sum = vec![0.0; size * first];
        let left = Matrix::rows(&factor[first * n..], n);
        let shape = [size, first, first];
        matmul_add(shape, (&mut sum, first), left, Matrix::rows(above, n));
        let negative: Vec<f32> = diagonal.iter().map(|value| -value).collect();
        let shape = [size, size, first];
        let mut out = vec![0.0; size * first];
        matmul(shape, (&mut out, first), (&negative, size), &sum);
        for (row, out) in rows.chunks_exact_mut(n).zip(out.chunks_exact(first)) {
            row[..first].copy_from_slice(out);
        }
    }
    for (row, own) in rows.chunks_exact_mut(n).zip(diagonal.chunks_exact(size)) {
        row[block.clone()].copy_from_slice(own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_factor_undoes_the_matrix() {
        for n in [1, 63, 64, 65, 200] {
            let value = |i: usize, j: usize| ((i * 7 + j * 13) % 11) as f32 / 11.0 - 0.5;
            let mut matrix = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..n {
                    let dot: f32 = (0..30).map(|k| value(i, k) * value(j, k)).sum();
                    matrix[i * n + j] = dot + if i == j { 1.0 } else { 0.0 };
                }
            }
            let inverse = inverse_factor(matrix.clone(), n).unwrap();
            let product = |left: &[f32], right: Matrix<'_>| {
                let mut out = vec![0.0; n * n];
                matmul_add([n, n, n], (&mut out, n), Matrix::rows(left, n), right);
                out
            };
            let half = product(&inverse, Matrix::rows(&matrix, n));
            let whole = product(&half, Matrix::transposed(&inverse, n));
            for (at, value) in whole.iter().enumerate() {
                let expected = if at % (n + 1) == 0 { 1.0 } else { 0.0 };
                assert!((value - expected).abs() < 1e-3, "{n}, {at}: {value}");
            }
        }
    }
}

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

/// `(factor matrix + ridge I)^-1` of each right-hand side, in double precision; for matrices that
/// are too near to singular for [`inverse_factor`].
pub(crate) fn solve_exactly(
    matrix: &[f32],
    factor: f64,
    ridge: f64,
    right: &[Vec<f64>],
) -> Vec<Vec<f64>> {
    let n = right.first().map_or(0, Vec::len);
    let mut lower = vec![0.0_f64; n * n];
    for row in 0..n {
        for column in 0..=row {
            let (done, own) = lower.split_at(row * n);
            let above = if row == column {
                &own[..column]
            } else {
                &done[column * n..column * n + column]
            };
            let dot: f64 = own[..column].iter().zip(above).map(|(a, b)| a * b).sum();
            let value = factor * f64::from(matrix[row * n + column]) - dot;
            lower[row * n + column] = if row == column {
                // What rounding has made negative is as good as the ridge alone.
                (value + ridge).max(ridge).sqrt()
            } else {
                value / lower[column * n + column]
            };
        }
    }
    let solve = |right: &Vec<f64>| {
        let mut x = right.clone();
        for row in 0..n {
            let dot: f64 = lower[row * n..row * n + row]
                .iter()
                .zip(&x)
                .map(|(a, x)| a * x)
                .sum();
            x[row] = (x[row] - dot) / lower[row * n + row];
        }
        for row in (0..n).rev() {
            x[row] /= lower[row * n + row];
            let own = x[row];
            for column in 0..row {
                x[column] -= lower[row * n + column] * own;
            }
        }
        x
    };
    right.iter().map(solve).collect()
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
    fn what_is_too_near_to_singular_is_solved_in_double_precision() {
        // Rank one, and a ridge far below its rounding.
        let n = 70;
        let direction: Vec<f64> = (0..n).map(|at| 1.0 + f64::from(at)).collect();
        let matrix: Vec<f32> = direction
            .iter()
            .flat_map(|a| direction.iter().map(move |b| crate::table::narrow(a * b)))
            .collect();
        let n = direction.len();
        let mut near = matrix.clone();
        for at in 0..n {
            near[at * (n + 1)] += 1e-6;
        }
        assert!(inverse_factor(near, n).is_none());
        let x = &solve_exactly(&matrix, 1.0, 1e-6, std::slice::from_ref(&direction))[0];
        let square: f64 = direction.iter().map(|a| a * a).sum();
        for (x, a) in x.iter().zip(&direction) {
            assert!((x * square / a - 1.0).abs() < 1e-3, "{x}");
        }
    }

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

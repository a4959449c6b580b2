//! Small systems of equations.

/// What a pivot has at least, as a share of the largest on the diagonal.
const LEAST: f64 = 1e-13;

/// `x` of `A x = b` for a symmetric `A` (`[n, n]`, of which the lower half is read) without negative
/// eigenvalues, by Cholesky. What `A` does not determine is left at 0.
pub(crate) fn solve(matrix: &mut [f64], mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    let largest = (0..n).map(|at| matrix[at * (n + 1)]).fold(0.0, f64::max);
    for column in 0..n {
        let mut pivot = matrix[column * (n + 1)];
        for k in 0..column {
            pivot -= matrix[column * n + k].powi(2);
        }
        let root = if pivot > LEAST * largest {
            pivot.sqrt()
        } else {
            0.0
        };
        matrix[column * (n + 1)] = root;
        for row in column + 1..n {
            let mut sum = matrix[row * n + column];
            for k in 0..column {
                sum -= matrix[row * n + k] * matrix[column * n + k];
            }
            matrix[row * n + column] = over(sum, root);
        }
    }
    for row in 0..n {
        let known: f64 = (0..row).map(|k| matrix[row * n + k] * right[k]).sum();
        right[row] = over(right[row] - known, matrix[row * (n + 1)]);
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| matrix[k * n + row] * right[k]).sum();
        right[row] = over(right[row] - known, matrix[row * (n + 1)]);
    }
    right
}

fn over(value: f64, root: f64) -> f64 {
    if root > 0.0 { value / root } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_solved_and_what_is_not_determined_is_zero() {
        let x = solve(&mut [4.0, 0.0, 2.0, 3.0], vec![10.0, 8.0]);
        assert!((x[0] - 1.75).abs() < 1e-12 && (x[1] - 1.5).abs() < 1e-12);
        let x = solve(&mut [1.0, 0.0, 1.0, 1.0], vec![2.0, 2.0]);
        assert!((x[0] - 2.0).abs() < 1e-12 && x[1].abs() < 1e-12);
    }
}

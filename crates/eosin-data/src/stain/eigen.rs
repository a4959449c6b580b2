//! Eigenvectors of symmetric 3 x 3 matrices.

/// An eigenvalue with its vector of length 1.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Eigen {
    pub value: f64,
    pub vector: [f64; 3],
}

/// Sweeps of rotations; a 3 x 3 matrix is diagonal to the last bit after five.
const SWEEPS: usize = 12;

/// Eigenvalues and vectors of a symmetric matrix by Jacobi's rotations, the largest value first. The
/// components of the first two vectors have a sum that is not negative.
pub(super) fn eigen(mut m: [[f64; 3]; 3]) -> [Eigen; 3] {
    let mut vectors = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    for _ in 0..SWEEPS {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            rotate(&mut m, &mut vectors, p, q);
        }
    }
    let mut found: [Eigen; 3] = std::array::from_fn(|at| Eigen {
        value: m[at][at],
        vector: std::array::from_fn(|row| vectors[row][at]),
    });
    found.sort_by(|a, b| b.value.total_cmp(&a.value));
    for eigen in &mut found {
        if eigen.vector.iter().sum::<f64>() < 0.0 {
            eigen.vector = eigen.vector.map(|value| -value);
        }
    }
    found
}

/// The rotation of axes `p` and `q` that makes `m[p][q]` zero.
fn rotate(m: &mut [[f64; 3]; 3], vectors: &mut [[f64; 3]; 3], p: usize, q: usize) {
    if m[p][q] == 0.0 {
        return;
    }
    let theta = (m[q][q] - m[p][p]) / (2.0 * m[p][q]);
    let tan = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cos = 1.0 / tan.hypot(1.0);
    let sin = tan * cos;
    let turn = |row: &mut [f64; 3]| {
        let before = [row[p], row[q]];
        row[p] = cos * before[0] - sin * before[1];
        row[q] = sin * before[0] + cos * before[1];
    };
    m.iter_mut().for_each(turn);
    *m = transposed(m);
    m.iter_mut().for_each(turn);
    *m = transposed(m);
    vectors.iter_mut().for_each(turn);
}

fn transposed(m: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    std::array::from_fn(|row| std::array::from_fn(|column| m[column][row]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_the_sum_of_its_eigenvectors() {
        let m = [[0.9, 0.4, -0.2], [0.4, 0.7, 0.1], [-0.2, 0.1, 0.3]];
        let found = eigen(m);
        assert!(found[0].value >= found[1].value && found[1].value >= found[2].value);
        for (row, wanted) in m.iter().enumerate() {
            for (column, wanted) in wanted.iter().enumerate() {
                let terms = found.map(|e| e.value * e.vector[row] * e.vector[column]);
                assert!((terms.iter().sum::<f64>() - wanted).abs() < 1e-12);
            }
        }
    }
}

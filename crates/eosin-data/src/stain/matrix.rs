//! Three by three.

use std::iter::Sum;
use std::ops::{Div, Mul, Sub};

/// The inverse, by cofactors.
pub(super) fn inverse<T>(m: [[T; 3]; 3]) -> [[T; 3]; 3]
where
    T: Copy + Mul<Output = T> + Sub<Output = T> + Div<Output = T> + Sum,
{
    let cofactor = |row: usize, column: usize| {
        let (r1, r2) = ((row + 1) % 3, (row + 2) % 3);
        let (c1, c2) = ((column + 1) % 3, (column + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    let determinant: T = (0..3)
        .map(|column| m[0][column] * cofactor(0, column))
        .sum();
    std::array::from_fn(|row| std::array::from_fn(|column| cofactor(column, row) / determinant))
}

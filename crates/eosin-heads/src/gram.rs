//! How rows bend losses: what a metric is made of, and the dearest part of a solution.

use eosin_kernels::{Matrix, matmul_add};
use rayon::prelude::*;

use crate::error::HeadError;
use crate::table::{Table, add, narrow};

/// Rows that are summed over for each value of an embedding; the rest are like them.
const ROWS_A_VALUE: usize = 16;
/// Rows whose products are summed while they are near.
const TOGETHER: usize = 2048;
/// Side of a part of the matrix that one thread computes.
const TILE: usize = 128;
/// Share of the curvature that may lie on other rows than it did, and the matrix still bends the way
/// well enough: then it costs a few more passes, and another matrix costs more.
const NEAR: f64 = 0.2;

/// `sum_i h_i (x_i - m)(x_i - m)'`, with `h_i` the curvature of row `i` and `m` the mean of rows weighted
/// by it. It only bends the way to the optimum, so some of the rows will do.
#[derive(Debug)]
pub struct Gram {
    /// `[width, width]`, the lower half.
    lower: Vec<f32>,
    pub(crate) mean: Vec<f64>,
    curvature: Vec<f32>,
}

impl Gram {
    /// Of rows with this curvature, `[patches * views]`.
    pub(crate) fn new(table: &Table<'_>, curvature: Vec<f32>) -> Result<Self, HeadError> {
        let width = table.width();
        let sample = Sample::new(table, &curvature);
        let mean = sample.mean()?;
        let mut lower = vec![0.0; width * width];
        for rows in sample.taken.chunks(TOGETHER) {
            let rows = sample.about(&mean, rows)?;
            let bands = lower.par_chunks_mut(TILE * width).enumerate();
            bands.for_each(|(tile, band)| add_products(&rows, width, tile * TILE, band));
        }
        Ok(Self {
            lower,
            mean,
            curvature,
        })
    }

    /// Whether rows with this curvature bend losses much as those of the matrix did, but for a factor.
    pub(crate) fn is_near(&self, curvature: &[f32]) -> bool {
        let (then, now) = (total(&self.curvature), total(curvature));
        let rows = self.curvature.iter().zip(curvature);
        let moved = rows.map(|(a, b)| (f64::from(*a) / then - f64::from(*b) / now).abs());
        0.5 * moved.sum::<f64>() <= NEAR
    }

    /// The matrix, brought to a total curvature of `total`, times `c`, and `I` added; the lower half.
    pub(crate) fn metric(&self, c: f64, total_now: f64) -> Vec<f32> {
        let factor = narrow(c * total_now / total(&self.curvature).max(f64::MIN_POSITIVE));
        let mut matrix: Vec<f32> = self.lower.iter().map(|value| factor * value).collect();
        let width = self.mean.len();
        for at in 0..width {
            matrix[at * (width + 1)] += 1.0;
        }
        matrix
    }
}

/// The curvature of all rows.
pub(crate) fn total(curvature: &[f32]) -> f64 {
    curvature.iter().map(|value| f64::from(*value)).sum()
}

/// Adds to the rows of `X'X` from `first` on, left of the diagonal.
fn add_products(rows: &[f32], width: usize, first: usize, band: &mut [f32]) {
    let count = band.len() / width;
    let shape = [count, rows.len() / width, first + count];
    let left = Matrix::transposed(&rows[first..], width);
    matmul_add(shape, (band, width), left, Matrix::rows(rows, width));
}

/// Some of the rows.
struct Sample<'a> {
    table: &'a Table<'a>,
    curvature: &'a [f32],
    /// Places of rows.
    taken: Vec<usize>,
    /// What each counts for.
    scale: f64,
}

impl<'a> Sample<'a> {
    fn new(table: &'a Table<'a>, curvature: &'a [f32]) -> Self {
        // An odd step takes every view in turn.
        let step = (curvature.len() / (ROWS_A_VALUE * table.width())).max(1);
        let step = if step.is_multiple_of(2) {
            step - 1
        } else {
            step
        };
        let taken: Vec<usize> = (0..curvature.len()).step_by(step).collect();
        let of_taken: f64 = taken.iter().map(|row| f64::from(curvature[*row])).sum();
        Self {
            scale: total(curvature) / of_taken.max(f64::MIN_POSITIVE),
            table,
            curvature,
            taken,
        }
    }

    /// The mean of rows, weighted by their curvature.
    fn mean(&self) -> Result<Vec<f64>, HeadError> {
        let width = self.table.width();
        let total = total(self.curvature).max(f64::MIN_POSITIVE);
        let part = |rows: &[usize]| {
            let mut sums = vec![0.0; width];
            self.each(rows, |at, values| {
                let weight = f64::from(self.curvature[rows[at]]) * self.scale / total;
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += weight * f64::from(*value);
                }
            })?;
            Ok(sums)
        };
        let parts: Result<Vec<Vec<f64>>, HeadError> =
            self.taken.par_chunks(TOGETHER).map(part).collect();
        let mut mean = vec![0.0; width];
        for part in parts? {
            add(&mut mean, &part);
        }
        Ok(mean)
    }

    /// `rows` about the mean, each times the root of what it weighs, `[rows, width]`.
    fn about(&self, mean: &[f64], rows: &[usize]) -> Result<Vec<f32>, HeadError> {
        let width = mean.len();
        let mut all = vec![0.0; rows.len() * width];
        let step = TOGETHER / 16;
        all.par_chunks_mut(step * width)
            .zip(rows.par_chunks(step))
            .try_for_each(|(out, rows)| {
                self.each(rows, |at, values| {
                    let root = (f64::from(self.curvature[rows[at]]) * self.scale).sqrt();
                    let out = &mut out[at * width..][..width];
                    for ((out, value), mean) in out.iter_mut().zip(values).zip(mean) {
                        *out = narrow(root * (f64::from(*value) - mean));
                    }
                })
            })?;
        Ok(all)
    }

    /// Shows the values of each of `rows`, by its place among them.
    fn each(&self, rows: &[usize], mut show: impl FnMut(usize, &[f32])) -> Result<(), HeadError> {
        let (width, views) = (self.table.width(), self.table.views());
        let mut at = 0;
        for of_patch in rows.chunk_by(|one, other| one / views == other / views) {
            let patch = of_patch[0] / views;
            let block = self.table.block(patch..patch + 1)?;
            for row in of_patch {
                show(at, &block[row % views * width..][..width]);
                at += 1;
            }
        }
        Ok(())
    }
}

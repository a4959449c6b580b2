//! The metric of a descent: about the Hessian of all models together.

use eosin_kernels::{Matrix, matmul_add};
use rayon::prelude::*;

use crate::cholesky::inverse_factor;
use crate::error::HeadError;
use crate::part::Standard;
use crate::table::{Table, narrow};

/// Rows that are summed over for each value of an embedding; the rest are like them.
const ROWS_A_VALUE: usize = 16;
/// Side of a part of the matrix that one thread computes.
const TILE: usize = 128;
/// Directions that one thread turns.
const COLUMNS: usize = 16;

/// `P = I + C sum_i h_i (x_i - m)(x_i - m)'`, with `h_i` the mean over models of the curvature of row
/// `i` and `m` the mean of rows weighted by it; and `C sum_i h_i` for the intercept, which in this
/// form is apart from the rest. It only bends the way to the optimum, so some of the rows will do.
pub(crate) struct Metric {
    /// `L^-1` of `P = L L'`, `[width, width]`.
    inverse_factor: Vec<f32>,
    /// `m`, in a model's own values: those of the table about the models' mean, since a model's own
    /// mean is 0 to it.
    mean: Vec<f64>,
    /// `C sum_i h_i`.
    of_bias: f64,
}

impl Metric {
    /// From the curvature of each row, `[patches * views]`, for models of these standards.
    pub(crate) fn new(
        table: &Table<'_>,
        own: &[Standard],
        curvature: &[f32],
        c: f64,
    ) -> Result<Self, HeadError> {
        let width = table.width();
        let sample = Sample::new(table, curvature)?;
        let mut matrix = vec![0.0; width * width];
        let tiles: Vec<usize> = (0..width).step_by(TILE).collect();
        let bands = matrix.par_chunks_mut(TILE * width).zip(tiles);
        bands.for_each(|(band, first)| sample.add_band(first, c, band));
        Ok(Self {
            inverse_factor: of_metric(&matrix, width).ok_or(HeadError::TooWeakPenalty { c })?,
            of_bias: (c * sample.total).max(f64::MIN_POSITIVE),
            mean: about_models(&sample.mean, own),
        })
    }

    /// `P^-1` of each gradient, `[columns, width + 1]`.
    pub(crate) fn inverse_of(&self, gradients: &[&[f64]]) -> Vec<Vec<f64>> {
        let width = self.mean.len();
        let mut rows = Vec::new();
        for gradient in gradients {
            for column in gradient.chunks_exact(width + 1) {
                let slope = column[width];
                let part = (0..width).map(|at| narrow(column[at] - slope * self.mean[at]));
                rows.extend(part);
            }
        }
        let steps = self.apply(&rows);
        let mut steps = steps.chunks_exact(width);
        let mut all = Vec::with_capacity(gradients.len());
        for gradient in gradients {
            let mut out = Vec::with_capacity(gradient.len());
            for column in gradient.chunks_exact(width + 1) {
                let step = steps.next().unwrap_or(&[]);
                let mut bias = column[width] / self.of_bias;
                for (at, step) in step.iter().enumerate() {
                    bias -= self.mean[at] * f64::from(*step);
                    out.push(f64::from(*step));
                }
                out.push(bias);
            }
            all.push(out);
        }
        all
    }

    /// `L^-T L^-1` of each of `rows`, `[columns, width]`.
    fn apply(&self, rows: &[f32]) -> Vec<f32> {
        let width = self.mean.len();
        let factor = Matrix::rows(&self.inverse_factor, width);
        let mut whole = vec![0.0; rows.len()];
        whole
            .par_chunks_mut(COLUMNS * width)
            .zip(rows.par_chunks(COLUMNS * width))
            .for_each(|(out, rows)| {
                let shape = [rows.len() / width, width, width];
                let mut half = vec![0.0; rows.len()];
                let left = Matrix::rows(rows, width);
                matmul_add(shape, (&mut half, width), left, factor.turned());
                matmul_add(shape, (out, width), Matrix::rows(&half, width), factor);
            });
        whole
    }
}

/// The inverse factor of the metric; where rounding has left it indefinite, of the metric with as
/// much more on its diagonal as it takes: it only bends the way. `None` where single precision does
/// not hold it.
fn of_metric(matrix: &[f32], width: usize) -> Option<Vec<f32>> {
    let diagonal = || (0..width).map(|at| matrix[at * (width + 1)]);
    let largest = diagonal().fold(1.0, f32::max);
    let mut more = 0.0;
    loop {
        let mut bent = matrix.to_vec();
        for at in 0..width {
            bent[at * (width + 1)] += more;
        }
        if let Some(inverse) = inverse_factor(bent, width) {
            return Some(inverse);
        }
        if !largest.is_finite() || more >= 1e3 * largest {
            return None;
        }
        more = (10.0 * more).max(1e-6 * largest);
    }
}

/// A mean of the table's values, about the mean of the models' own means.
fn about_models(mean: &[f64], own: &[Standard]) -> Vec<f64> {
    let centre = |at: usize| own.iter().map(|own| own.mean[at]).sum::<f64>() / own.len() as f64;
    mean.iter()
        .enumerate()
        .map(|(at, mean)| mean - centre(at))
        .collect()
}

/// Some of the rows, about the mean, each times the root of what it weighs.
struct Sample {
    /// `[rows, width]`.
    rows: Vec<f32>,
    mean: Vec<f64>,
    /// Curvature of all rows.
    total: f64,
}

impl Sample {
    fn new(table: &Table<'_>, curvature: &[f32]) -> Result<Self, HeadError> {
        let (width, views) = (table.width(), table.views());
        // An odd step takes every view in turn.
        let step = (curvature.len() / (ROWS_A_VALUE * width)).max(1);
        let step = if step.is_multiple_of(2) {
            step - 1
        } else {
            step
        };
        let taken: Vec<usize> = (0..curvature.len()).step_by(step).collect();
        let total: f64 = curvature.iter().map(|value| f64::from(*value)).sum();
        let of_taken: f64 = taken.iter().map(|row| f64::from(curvature[*row])).sum();
        let scale = total / of_taken.max(f64::MIN_POSITIVE);
        let mut rows = Vec::with_capacity(taken.len() * width);
        let mut mean = vec![0.0; width];
        for row in &taken {
            let block = table.block(row / views..row / views + 1)?;
            let values = &block[row % views * width..][..width];
            let weight = f64::from(curvature[*row]) * scale / total.max(f64::MIN_POSITIVE);
            for (sum, value) in mean.iter_mut().zip(values) {
                *sum += weight * f64::from(*value);
            }
            rows.extend_from_slice(values);
        }
        rows.par_chunks_mut(width)
            .zip(&taken)
            .for_each(|(values, row)| {
                let root = (f64::from(curvature[*row]) * scale).sqrt();
                for (value, mean) in values.iter_mut().zip(&mean) {
                    *value = narrow(root * (f64::from(*value) - mean));
                }
            });
        Ok(Self { rows, mean, total })
    }

    /// The rows of `I + C X'X` from `first` on, left of the diagonal.
    fn add_band(&self, first: usize, c: f64, band: &mut [f32]) {
        let width = self.mean.len();
        let count = band.len() / width;
        let mut scaled = Vec::with_capacity(self.rows.len() / width * count);
        for row in self.rows.chunks_exact(width) {
            let own = row[first..first + count].iter();
            scaled.extend(own.map(|value| narrow(c * f64::from(*value))));
        }
        let shape = [count, self.rows.len() / width, first + count];
        let left = Matrix::transposed(&scaled, count);
        matmul_add(shape, (band, width), left, Matrix::rows(&self.rows, width));
        for (at, row) in band.chunks_exact_mut(width).enumerate() {
            row[first + at] += 1.0;
        }
    }
}

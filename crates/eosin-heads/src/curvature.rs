//! The metric of a descent: about the Hessian of all models together.

use eosin_kernels::{Matrix, matmul_add};
use rayon::prelude::*;

use crate::cholesky::inverse_factor;
use crate::error::HeadError;
use crate::gram::{Gram, total};
use crate::part::Standard;
use crate::table::narrow;

/// Directions that one thread turns.
const COLUMNS: usize = 16;

/// `P = I + C sum_i h_i (x_i - m)(x_i - m)'`, with `h_i` the mean over models of the curvature of row
/// `i` and `m` the mean of rows weighted by it; and `C sum_i h_i` for the intercept, which in this
/// form is apart from the rest. It only bends the way to the optimum, so a [`Gram`] near it will do.
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
    /// For models of these standards, whose rows have this curvature, `[patches * views]`, and a matrix
    /// that is of it or near it.
    pub(crate) fn new(
        gram: &Gram,
        own: &[Standard],
        curvature: &[f32],
        c: f64,
    ) -> Result<Self, HeadError> {
        let total = total(curvature);
        let width = gram.mean.len();
        let inverse_factor = of_metric(|| gram.metric(c, total), width);
        Ok(Self {
            inverse_factor: inverse_factor.ok_or(HeadError::TooWeakPenalty { c })?,
            of_bias: (c * total).max(f64::MIN_POSITIVE),
            mean: about_models(&gram.mean, own),
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
fn of_metric(matrix: impl Fn() -> Vec<f32>, width: usize) -> Option<Vec<f32>> {
    let mut more = 0.0;
    loop {
        let mut bent = matrix();
        let diagonal = (0..width).map(|at| bent[at * (width + 1)]);
        let largest = diagonal.fold(1.0, f32::max);
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

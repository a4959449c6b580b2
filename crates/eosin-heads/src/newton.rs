//! The Hessian of one model in double precision, for where single precision loses it.

use rayon::prelude::*;

use crate::error::HeadError;
use crate::part::Standard;
use crate::table::Table;

/// Rows of the matrix that one thread fills.
const BAND: usize = 32;
/// Rows whose products are summed while they are near.
const TOGETHER: usize = 64;

/// `I + C sum_i h_i (x_i - m)(x_i - m)'`, as [`Metric`](crate::curvature::Metric) has it, of one
/// model and all rows that it is trained on. Where classes can be separated under a weak penalty, a
/// few rows bend the loss and single precision holds nothing of the 1 beside them.
pub(crate) struct Newton {
    /// `L` of `P = L L'`, `[width, width]`.
    factor: Vec<f64>,
    /// `m`, in the model's own values.
    mean: Vec<f64>,
    /// `C sum_i h_i`.
    of_bias: f64,
}

impl Newton {
    /// About the multiplications that one takes.
    pub(crate) fn cost(table: &Table<'_>) -> usize {
        let width = table.width();
        (table.patches() * table.views() + width / 3) * width * width / 2
    }

    /// From the curvature of each row, `[patches * views]`.
    pub(crate) fn new(
        table: &Table<'_>,
        own: &Standard,
        curvature: &[f32],
        c: f64,
    ) -> Result<Self, HeadError> {
        let width = table.width();
        let total: f64 = curvature.iter().map(|value| f64::from(*value)).sum();
        let total = total.max(f64::MIN_POSITIVE);
        let mut rows = Vec::new();
        let mut mean = vec![0.0; width];
        for patch in 0..table.patches() {
            let block = table.block(patch..patch + 1)?;
            let of_patch = &curvature[patch * table.views()..];
            for (values, h) in block.chunks_exact(width).zip(of_patch) {
                if *h <= 0.0 {
                    continue;
                }
                let h = f64::from(*h);
                let values = values.iter().zip(&own.mean).zip(&own.scale);
                let values = values.map(|((x, mean), scale)| (f64::from(*x) - mean) * scale);
                for (sum, x) in mean.iter_mut().zip(values.clone()) {
                    *sum += h / total * x;
                }
                rows.extend(values.map(|x| (c * h).sqrt() * x));
            }
        }
        // About the mean: the sum less what it has of it.
        let root = (c * total).sqrt();
        let mut factor = vec![0.0; width * width];
        let bands = factor.par_chunks_mut(BAND * width).enumerate();
        bands.for_each(|(band, out)| {
            for rows in rows.chunks(TOGETHER * width) {
                for (at, out) in out.chunks_exact_mut(width).enumerate() {
                    let at = band * BAND + at;
                    for row in rows.chunks_exact(width) {
                        add_multiple(&mut out[..=at], row[at], row);
                    }
                }
            }
            for (at, out) in out.chunks_exact_mut(width).enumerate() {
                let at = band * BAND + at;
                let own: Vec<f64> = mean[..=at].iter().map(|m| root * m).collect();
                add_multiple(&mut out[..=at], -own[at], &own);
                out[at] += 1.0;
            }
        });
        factorise(&mut factor, width);
        Ok(Self {
            factor,
            mean,
            of_bias: c * total,
        })
    }

    /// `P^-1` of a gradient, `[columns, width + 1]`.
    pub(crate) fn inverse_of(&self, gradient: &[f64]) -> Vec<f64> {
        let width = self.mean.len();
        let mut all = Vec::with_capacity(gradient.len());
        for column in gradient.chunks_exact(width + 1) {
            let slope = column[width];
            let right = column[..width].iter().zip(&self.mean);
            let step = self.solve(right.map(|(g, mean)| g - slope * mean).collect());
            let at_mean: f64 = step.iter().zip(&self.mean).map(|(s, m)| s * m).sum();
            all.extend(step);
            all.push(slope / self.of_bias - at_mean);
        }
        all
    }

    fn solve(&self, mut x: Vec<f64>) -> Vec<f64> {
        let width = x.len();
        for at in 0..width {
            let row = &self.factor[at * width..][..=at];
            x[at] = (x[at] - dot(&row[..at], &x)) / row[at];
        }
        for at in (0..width).rev() {
            let row = &self.factor[at * width..][..=at];
            x[at] /= row[at];
            let own = x[at];
            add_multiple(&mut x[..at], -own, row);
        }
        x
    }
}

/// The lower half of a symmetric matrix becomes its Cholesky factor.
fn factorise(matrix: &mut [f64], width: usize) {
    for row in 0..width {
        let (above, own) = matrix.split_at_mut(row * width);
        for column in 0..row {
            let other = &above[column * width..][..=column];
            let rest = own[column] - dot(&own[..column], other);
            own[column] = rest / other[column];
        }
        // With 1 on the diagonal at least, whatever rounding does.
        own[row] = (own[row] - dot(&own[..row], &own[..row])).max(1.0).sqrt();
    }
}

/// Of as many values as the shorter has, in lanes that a compiler turns into vectors.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let right = &right[..left.len()];
    let mut sums = [0.0; 8];
    let (lefts, rights) = (left.chunks_exact(8), right.chunks_exact(8));
    let rest = lefts.remainder().iter().zip(rights.remainder());
    let rest: f64 = rest.map(|(a, b)| a * b).sum();
    for (left, right) in lefts.zip(rights) {
        for (sum, (a, b)) in sums.iter_mut().zip(left.iter().zip(right)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest
}

fn add_multiple(to: &mut [f64], factor: f64, of: &[f64]) {
    for (to, of) in to.iter_mut().zip(of) {
        *to += factor * of;
    }
}

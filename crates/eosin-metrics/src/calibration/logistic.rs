//! Logistic regression on one variable, by Newton's method.

use eosin_core::prob_of;

use crate::undefined::Undefined;

/// Newton steps at most; a handful are needed.
const MOST_STEPS: usize = 100;
/// A step that is the last: the next one would be about its square.
const LAST_STEP: f64 = 1e-9;
/// By what share rounding may raise the loss of many rows.
const ROUNDING: f64 = 1e-13;

/// The straight line of least log loss: `log odds = intercept + slope z`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Line {
    pub intercept: f64,
    pub slope: f64,
}

impl Line {
    fn at(self, z: f64) -> f64 {
        self.intercept + self.slope * z
    }

    fn less(self, step: [f64; 2]) -> Self {
        Self {
            intercept: self.intercept - step[0],
            slope: self.slope - step[1],
        }
    }

    /// The same line of what was centred by `mean` and divided by `spread`.
    fn unscaled(self, mean: f64, spread: f64) -> Self {
        Self {
            intercept: self.intercept - self.slope * mean / spread,
            slope: self.slope / spread,
        }
    }
}

/// Fits a line to targets from 0 to 1. The caller has seen to it that there is a finite best one.
///
/// `z` is centred and scaled first, so that the steps do not depend on its units; a step that does not
/// lessen the loss is halved.
pub(super) fn fit_line(targets: &[f64], z: &[f64]) -> Result<Line, Undefined> {
    let count = z.len() as f64;
    let mean = z.iter().sum::<f64>() / count;
    let spread = (z.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / count).sqrt();
    if spread <= f64::EPSILON * mean.abs() {
        return Err(Undefined::Constant);
    }
    let scaled: Vec<f64> = z.iter().map(|z| (z - mean) / spread).collect();
    let mut line = Line::default();
    for _ in 0..MOST_STEPS {
        let (slopes, hessian) = derivatives(targets, &scaled, line);
        let inverse = inverse(hessian).ok_or(Undefined::NotConverged)?;
        let step = times(inverse, slopes);
        if step.iter().all(|part| part.abs() <= LAST_STEP) {
            return Ok(line.less(step).unscaled(mean, spread));
        }
        line = lessened(line, step, |line| loss_of(targets, &scaled, line))
            .ok_or(Undefined::NotConverged)?;
    }
    Err(Undefined::NotConverged)
}

/// The line after a step, which is halved until the loss is no greater; `None` where it never is.
fn lessened(line: Line, step: [f64; 2], loss: impl Fn(Line) -> f64) -> Option<Line> {
    let most = loss(line) * (1.0 + ROUNDING);
    let shares = (0..40).map(|halvings| 0.5_f64.powi(halvings));
    let mut lines = shares.map(|share| line.less(step.map(|part| share * part)));
    lines.find(|next| loss(*next) <= most)
}

/// Mean log loss.
fn loss_of(targets: &[f64], z: &[f64], line: Line) -> f64 {
    let of = |(target, z): (&f64, &f64)| {
        let at = line.at(*z);
        // ln(1 + e^at) - target at, without an overflow.
        at.max(0.0) + (-at.abs()).exp().ln_1p() - target * at
    };
    targets.iter().zip(z).map(of).sum::<f64>() / z.len() as f64
}

/// Mean first and second derivatives by intercept and slope.
fn derivatives(targets: &[f64], z: &[f64], line: Line) -> ([f64; 2], [[f64; 2]; 2]) {
    let (mut first, mut second) = ([0.0; 2], [[0.0; 2]; 2]);
    let each = 1.0 / z.len() as f64;
    for (target, z) in targets.iter().zip(z) {
        let prob = prob_of(line.at(*z));
        let (error, weight) = ((prob - target) * each, prob * (1.0 - prob) * each);
        for (row, one) in [1.0, *z].into_iter().enumerate() {
            first[row] += error * one;
            for (column, other) in [1.0, *z].into_iter().enumerate() {
                second[row][column] += weight * one * other;
            }
        }
    }
    (first, second)
}

/// The inverse of a symmetric matrix of two rows; `None` where there is none.
pub(super) fn inverse([[a, b], [_, d]]: [[f64; 2]; 2]) -> Option<[[f64; 2]; 2]> {
    let determinant = a * d - b * b;
    let ok = determinant > f64::EPSILON * a * d;
    ok.then(|| {
        [
            [d / determinant, -b / determinant],
            [-b / determinant, a / determinant],
        ]
    })
}

pub(super) fn times(matrix: [[f64; 2]; 2], vector: [f64; 2]) -> [f64; 2] {
    matrix.map(|row| row[0] * vector[0] + row[1] * vector[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_rows_converge_and_leave_no_slope() {
        for count in [100_u32, 7200, 50_000] {
            let z: Vec<f64> = (0..count)
                .map(|at| f64::from((at * 7919) % 10_007) / 700.0 - 9.0)
                .collect();
            let truth = |(at, z): (usize, &f64)| {
                if (at * 31 % 97) as f64 / 97.0 < prob_of(0.3 * z) {
                    1.0
                } else {
                    0.0
                }
            };
            let targets: Vec<f64> = z.iter().enumerate().map(truth).collect();
            let line = fit_line(&targets, &z).unwrap();
            let (slopes, _) = derivatives(&targets, &z, line);
            assert!(
                slopes.iter().all(|slope| slope.abs() < 1e-12),
                "{count}: {slopes:?}"
            );
        }
    }
}

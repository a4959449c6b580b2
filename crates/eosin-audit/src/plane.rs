//! A patch as the audit compares it: the amount of haematoxylin, small.

use eosin_core::D4;
use eosin_data::{RgbPatch, haematoxylin};

/// Longest side of a plane; larger patches are averaged down to it.
pub const PLANE_PX: usize = 128;

/// Standard deviation of haematoxylin (natural optical density), less its local mean, below which a
/// patch has nothing to compare: empty glass, one colour.
const LEAST_DETAIL: f32 = 0.012;

/// How far the local mean reaches, as a share of the longer side.
const LOCAL: f32 = 1.0 / 24.0;

/// The haematoxylin of a patch, at most [`PLANE_PX`] px on its longer side, in 256 steps between its
/// least and its largest value: enough for correlations, and small enough to hold 100,000 of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Row by row.
    pub values: Vec<u8>,
    /// Pixels of the patch that a pixel of the plane is, along a side.
    pub px: f64,
    /// Standard deviation of what is finer than the local mean, in natural optical density.
    pub detail: f32,
}

impl Plane {
    /// Of a decoded patch.
    pub fn of(patch: &RgbPatch) -> Self {
        let longest = patch.width_px.max(patch.height_px).max(1);
        let full = Grid {
            width: patch.width_px,
            height: patch.height_px,
            values: haematoxylin(patch),
        };
        let grid = if longest > PLANE_PX {
            full.resized(longest_to(&full, PLANE_PX))
        } else {
            full
        };
        let detail = deviation(&grid.detail().values);
        let least = grid.values.iter().copied().fold(f32::INFINITY, f32::min);
        let most = grid
            .values
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max);
        let step = ((most - least) / 255.0).max(f32::MIN_POSITIVE);
        Self {
            width: grid.width,
            height: grid.height,
            px: longest as f64 / grid.width.max(grid.height).max(1) as f64,
            values: grid
                .values
                .iter()
                .map(|value| quantised((value - least) / step))
                .collect(),
            detail,
        }
    }

    /// Whether there is anything to compare.
    pub fn has_detail(&self) -> bool {
        self.detail >= LEAST_DETAIL && self.width.min(self.height) >= 8
    }

    /// The longer side.
    pub(crate) fn longest(&self) -> usize {
        self.width.max(self.height)
    }

    pub(crate) fn grid(&self) -> Grid {
        Grid {
            width: self.width,
            height: self.height,
            values: self.values.iter().map(|value| f32::from(*value)).collect(),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
const fn quantised(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

/// Width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sides {
    pub width: usize,
    pub height: usize,
}

/// The sides that `grid` has when its longer one is `px`.
pub(crate) fn longest_to(grid: &Grid, px: usize) -> Sides {
    let longest = grid.width.max(grid.height).max(1);
    let side = |from: usize| ((from * px + longest / 2) / longest).max(1);
    Sides {
        width: side(grid.width),
        height: side(grid.height),
    }
}

/// Values row by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grid {
    pub width: usize,
    pub height: usize,
    pub values: Vec<f32>,
}

impl Grid {
    /// Each new pixel is the mean of the area that it covers.
    pub(crate) fn resized(&self, to: Sides) -> Self {
        let columns = spans(self.width, to.width);
        let rows = spans(self.height, to.height);
        let mut narrow = vec![0.0; self.height * to.width];
        for (line, out) in self
            .values
            .chunks_exact(self.width.max(1))
            .zip(narrow.chunks_exact_mut(to.width))
        {
            for (value, span) in out.iter_mut().zip(&columns) {
                *value = span.mean(|at| line[at]);
            }
        }
        let mut values = Vec::with_capacity(to.width * to.height);
        for span in &rows {
            values
                .extend((0..to.width).map(|column| span.mean(|at| narrow[at * to.width + column])));
        }
        Self {
            width: to.width,
            height: to.height,
            values,
        }
    }

    /// Less its local mean.
    pub(crate) fn detail(&self) -> Self {
        let reach = (self.width.max(self.height) as f32 * LOCAL).max(2.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few pixels"
        )]
        let mean = self.box_mean(reach.round() as usize);
        let values = self.values.iter().zip(mean);
        Self {
            values: values.map(|(value, mean)| value - mean).collect(),
            ..*self
        }
    }

    /// Mean over a square of `2 reach + 1` px, less of it at the borders.
    fn box_mean(&self, reach: usize) -> Vec<f32> {
        let (width, height) = (self.width, self.height);
        // Sums over all that is above and to the left.
        let mut sums = vec![0.0_f64; (width + 1) * (height + 1)];
        for row in 0..height {
            let mut line = 0.0;
            for column in 0..width {
                line += f64::from(self.values[row * width + column]);
                sums[(row + 1) * (width + 1) + column + 1] =
                    sums[row * (width + 1) + column + 1] + line;
            }
        }
        let mut means = Vec::with_capacity(width * height);
        for row in 0..height {
            let (top, bottom) = (row.saturating_sub(reach), (row + reach + 1).min(height));
            for column in 0..width {
                let (left, right) = (
                    column.saturating_sub(reach),
                    (column + reach + 1).min(width),
                );
                let at = |row: usize, column: usize| sums[row * (width + 1) + column];
                let sum = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left);
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a mean of single precision"
                )]
                means.push((sum / ((bottom - top) * (right - left)) as f64) as f32);
            }
        }
        means
    }

    /// Turned or mirrored.
    pub(crate) fn turned(&self, symmetry: D4) -> Self {
        let swaps = symmetry.swaps_sides();
        Self {
            values: symmetry.apply(&self.values, self.height, self.width, 1),
            width: if swaps { self.height } else { self.width },
            height: if swaps { self.width } else { self.height },
        }
    }
}

/// Standard deviation.
fn deviation(values: &[f32]) -> f32 {
    let count = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / count;
    let squares = values.iter().map(|value| (value - mean).powi(2));
    (squares.sum::<f32>() / count).sqrt()
}

/// The old pixels that a new one covers.
struct Span {
    first: usize,
    /// What each counts; they add up to 1.
    weights: Vec<f32>,
}

impl Span {
    fn mean(&self, value: impl Fn(usize) -> f32) -> f32 {
        let each = self.weights.iter().enumerate();
        each.map(|(at, weight)| weight * value(self.first + at))
            .sum()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places within a picture"
)]
fn spans(from: usize, to: usize) -> Vec<Span> {
    let step = from as f64 / to as f64;
    let span = |at: usize| {
        let (begin, end) = (at as f64 * step, (at + 1) as f64 * step);
        let first = (begin.floor() as usize).min(from - 1);
        let last = (end.ceil() as usize).clamp(first + 1, from);
        let covered = |px: usize| (end.min((px + 1) as f64) - begin.max(px as f64)).max(0.0);
        let sum: f64 = (first..last).map(covered).sum();
        Span {
            first,
            weights: (first..last)
                .map(|px| (covered(px) / sum.max(1e-9)) as f32)
                .collect(),
        }
    };
    (0..to).map(span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn area_means_keep_the_mean_and_flat_stays_flat() {
        let values = (0..96 * 64).map(|at| ((at * 37) % 101) as f32).collect();
        let grid = Grid {
            width: 96,
            height: 64,
            values,
        };
        let mean = |grid: &Grid| grid.values.iter().sum::<f32>() / grid.values.len() as f32;
        let small = grid.resized(longest_to(&grid, 30));
        assert_eq!((small.width, small.height), (30, 20));
        assert!((mean(&small) - mean(&grid)).abs() < 1e-3);
        let flat = Grid {
            values: vec![7.0; 96 * 64],
            ..grid
        };
        assert!(flat.detail().values.iter().all(|value| value.abs() < 1e-5));
    }

    #[test]
    fn one_colour_has_no_detail() {
        let plane = Plane::of(&RgbPatch::filled(64, 64, [255; 3]));
        assert!(!plane.has_detail());
        assert_eq!(plane.px.to_bits(), 1.0_f64.to_bits());
        let large = Plane::of(&RgbPatch::filled(512, 256, [200, 120, 180]));
        assert_eq!(
            (large.width, large.height, large.px.to_bits()),
            (128, 64, 4.0_f64.to_bits())
        );
    }
}

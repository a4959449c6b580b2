//! Spectra of small pictures, of which only the phase counts.

use std::sync::Arc;

use eosin_core::D4;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use crate::plane::Grid;

/// Share of a side over which the edges of a picture fade, so that they are no feature.
const FADE: f32 = 0.06;
/// Cycles in a picture's side beyond which detail counts little, as a share of the finest.
const FINEST: f32 = 0.7;
/// Cycles below which it does: shades, not things.
const COARSEST: f32 = 1.5;

/// Two-dimensional transforms of one size. Spectra lie column by column.
#[derive(Clone)]
pub(crate) struct Fourier {
    pub size: usize,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    /// Square root of what each frequency counts; they count 1 in all.
    weights: Vec<f32>,
}

/// A spectrum of phases: each frequency has the length of its weight's root.
pub(crate) type Phases = Vec<Complex<f32>>;

impl Fourier {
    pub(crate) fn new(size: usize) -> Self {
        let mut planner = FftPlanner::new();
        let mut weights: Vec<f32> = (0..size * size)
            .map(|at| weight(frequency(at / size, size), frequency(at % size, size), size))
            .collect();
        let all: f32 = weights.iter().sum();
        for weight in &mut weights {
            *weight = (*weight / all).sqrt();
        }
        Self {
            size,
            forward: planner.plan_fft_forward(size),
            inverse: planner.plan_fft_inverse(size),
            weights,
        }
    }

    /// The phases of a picture that lies in the upper left corner of a square of this size.
    pub(crate) fn phases(&self, grid: &Grid) -> Phases {
        let size = self.size;
        let mean = grid.values.iter().sum::<f32>() / grid.values.len().max(1) as f32;
        let mut square = vec![Complex::default(); size * size];
        let (across, down) = (fade(grid.width), fade(grid.height));
        for (row, line) in grid.values.chunks_exact(grid.width).enumerate() {
            for (column, value) in line.iter().enumerate() {
                square[row * size + column].re = (value - mean) * across[column] * down[row];
            }
        }
        self.forward.process(&mut square);
        transpose(&mut square, size);
        self.forward.process(&mut square);
        for (value, weight) in square.iter_mut().zip(&self.weights) {
            let length = value.norm();
            *value = if length > 1e-6 {
                *value * (*weight / length)
            } else {
                Complex::default()
            };
        }
        square
    }

    /// The spectrum of a picture that lies in the upper left corner of a square of this size, as it is.
    pub(crate) fn spectrum(&self, grid: &Grid) -> Phases {
        let size = self.size;
        let mut square = vec![Complex::default(); size * size];
        for (row, line) in grid.values.chunks_exact(grid.width).enumerate() {
            for (column, value) in line.iter().enumerate() {
                square[row * size + column].re = *value;
            }
        }
        self.forward.process(&mut square);
        transpose(&mut square, size);
        self.forward.process(&mut square);
        square
    }

    /// How well the second picture, under `turns[0]` in the real and `turns[1]` in the imaginary part,
    /// fits the first at each shift: 1 where all phases agree. Turns are about the corner, cyclic.
    pub(crate) fn correlations(&self, a: &Phases, b: &Phases, turns: [D4; 2]) -> Phases {
        let size = self.size;
        let [one, two] = turns.map(|turn| Turned::new(turn, size));
        let mut product = vec![Complex::default(); size * size];
        for column in 0..size {
            for row in 0..size {
                let at = column * size + row;
                let of = |turned: &Turned| a[at] * b[turned.at(row, column)].conj();
                let (first, second) = (of(&one), of(&two));
                // `first + i second`
                product[at] = Complex::new(first.re - second.im, first.im + second.re);
            }
        }
        self.inverse.process(&mut product);
        transpose(&mut product, size);
        self.inverse.process(&mut product);
        product
    }
}

/// Where a turned picture's frequencies are in the spectrum of the picture.
struct Turned {
    /// Place that a row of frequencies adds, and a column.
    rows: Vec<usize>,
    columns: Vec<usize>,
}

impl Turned {
    fn new(turn: D4, size: usize) -> Self {
        let signs = Signs::of(turn);
        // Spectra lie column by column: a row is a step of 1, a column one of `size`.
        let place = |source_is_row: bool, flipped: bool, at: usize| {
            let at = if flipped { (size - at) % size } else { at };
            at * if source_is_row { 1 } else { size }
        };
        let along = |source_is_row: bool, flipped: bool| {
            (0..size)
                .map(|at| place(source_is_row, flipped, at))
                .collect()
        };
        Self {
            rows: along(!turn.swaps_sides(), signs.rows),
            columns: along(turn.swaps_sides(), signs.columns),
        }
    }

    fn at(&self, row: usize, column: usize) -> usize {
        self.rows[row] + self.columns[column]
    }
}

/// Which axes of a turned picture run against the picture's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signs {
    /// Going down a row.
    pub rows: bool,
    /// Going right a column.
    pub columns: bool,
}

impl Signs {
    pub(crate) const fn of(turn: D4) -> Self {
        // Told by where three corners of a square of 2 px come from.
        let (origin, down, right) = (
            turn.source(0, 0, 2, 2),
            turn.source(1, 0, 2, 2),
            turn.source(0, 1, 2, 2),
        );
        Self {
            rows: down.0 + down.1 < origin.0 + origin.1,
            columns: right.0 + right.1 < origin.0 + origin.1,
        }
    }
}

fn transpose(values: &mut [Complex<f32>], size: usize) {
    for row in 0..size {
        for column in row + 1..size {
            values.swap(row * size + column, column * size + row);
        }
    }
}

/// Cycles in the side of the square, either way.
fn frequency(at: usize, size: usize) -> f32 {
    at.min(size - at) as f32
}

fn weight(row: f32, column: f32, size: usize) -> f32 {
    let cycles = row.hypot(column);
    let finest = FINEST * size as f32 / 2.0;
    let low = 1.0 - (-(cycles / COARSEST).powi(2)).exp();
    low * (-(cycles / finest).powi(2)).exp()
}

/// What each pixel of a side counts: less at its ends.
fn fade(side: usize) -> Vec<f32> {
    let reach = (side as f32 * FADE).max(1.0);
    (0..side)
        .map(|at| {
            let inside = (at.min(side - 1 - at) as f32 + 0.5) / reach;
            if inside < 1.0 {
                (inside * std::f32::consts::FRAC_PI_2).sin().powi(2)
            } else {
                1.0
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(size: usize) -> Grid {
        let mut state = 7_u32;
        let values = (0..size * size).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 65_536.0
        });
        Grid {
            width: size,
            height: size,
            values: values.collect(),
        }
    }

    #[test]
    fn a_turned_copy_fits_under_its_turn_alone() {
        let fourier = Fourier::new(32);
        let grid = noise(32);
        let own = fourier.phases(&grid);
        for turn in D4::ALL {
            let a = fourier.phases(&grid.turned(turn));
            let best = |turns: [D4; 2]| {
                let found = fourier.correlations(&a, &own, turns);
                let most = |of: fn(&Complex<f32>) -> f32| found.iter().map(of).fold(0.0, f32::max);
                [most(|value| value.re), most(|value| value.im)]
            };
            for pair in D4::ALL.chunks_exact(2) {
                for (other, peak) in pair.iter().zip(best([pair[0], pair[1]])) {
                    assert_eq!(peak > 0.8, *other == turn, "{turn:?} {other:?} {peak}");
                }
            }
        }
    }
}

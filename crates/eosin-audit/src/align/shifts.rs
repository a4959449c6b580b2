//! Guesses of a shift by the correlation of detail, as it is: of overlaps that show little, whose phases
//! are lost among those of everything else.

use eosin_core::D4;

use super::correlation::Transform;
use super::fourier::{Fourier, Phases, Signs};
use super::hypotheses::{Guess, Views};
use crate::plane::{Grid, longest_to};

/// The longer side at which patches are compared; squares are twice as large, so that nothing wraps.
const SIDE: usize = 64;
/// Share of the smaller patch that must overlap.
const LEAST_OVERLAP: f64 = 0.06;
/// Share of its mean square that an overlap must have to show anything.
const LEAST_ENERGY: f64 = 0.02;

/// Finds shifts.
pub(super) struct Shifts {
    fourier: Fourier,
}

/// A shift and how much speaks for it.
#[derive(Clone, Copy)]
struct Shift {
    x: isize,
    y: isize,
    strength: f32,
}

impl Shifts {
    pub(super) fn new() -> Self {
        Self {
            fourier: Fourier::new(2 * SIDE),
        }
    }

    /// The best shift under each symmetry, as if a pixel of one were a pixel of the other.
    pub(super) fn guesses(&self, a: &Views<'_>, b: &Views<'_>) -> Vec<Guess> {
        let longest = |views: &Views<'_>| views.plane.longest() as f64 * views.plane.px;
        let per_px = SIDE as f64 / longest(a).max(longest(b));
        let picture = |views: &Views<'_>| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "at most the side of the square"
            )]
            let side = ((longest(views) * per_px).round() as usize).clamp(8, SIDE);
            views.grid.resized(longest_to(&views.grid, side)).detail()
        };
        let (one, other) = (picture(a), picture(b));
        let spectra = [self.fourier.spectrum(&one), self.fourier.spectrum(&other)];
        let scale = |grid: &Grid, views: &Views<'_>| {
            grid.width.max(grid.height) as f64 / views.plane.longest() as f64
        };
        let (scale_a, scale_b) = (scale(&one, a), scale(&other, b));
        let energy = Energy::of(&one);
        let mut found = Vec::new();
        for pair in D4::ALL.chunks_exact(2) {
            let both = self
                .fourier
                .correlations(&spectra[0], &spectra[1], [pair[0], pair[1]]);
            for (at, symmetry) in pair.iter().enumerate() {
                let turned = other.turned(*symmetry);
                let products = Products {
                    values: &both,
                    imaginary: at == 1,
                    size: self.fourier.size,
                    signs: Signs::of(*symmetry),
                };
                if let Some(shift) = best(&energy, &Energy::of(&turned), &products) {
                    found.push(Guess {
                        symmetry: *symmetry,
                        transform: Transform {
                            scale: scale_b / scale_a,
                            x: shift.x as f64 / scale_a,
                            y: shift.y as f64 / scale_a,
                        },
                        peak: shift.strength,
                        agreement: -1.0,
                    });
                }
            }
        }
        found
    }
}

/// Sums of products at each cyclic shift.
struct Products<'a> {
    values: &'a Phases,
    imaginary: bool,
    size: usize,
    signs: Signs,
}

impl Products<'_> {
    /// Where the turned picture, with these sides, lies at a shift.
    fn at(&self, x: isize, y: isize, turned: &Energy) -> f32 {
        let place = |shift: isize, flipped: bool, side: usize| {
            let back = if flipped { side - 1 } else { 0 };
            (shift + back.cast_signed())
                .rem_euclid(self.size.cast_signed())
                .cast_unsigned()
        };
        let row = place(y, self.signs.rows, turned.height);
        let column = place(x, self.signs.columns, turned.width);
        let value = self.values[row * self.size + column];
        let sum = if self.imaginary { value.im } else { value.re };
        sum / (self.size * self.size) as f32
    }
}

/// Sums of squares over rectangles.
struct Energy {
    width: usize,
    height: usize,
    /// Over all that is above and to the left.
    sums: Vec<f64>,
}

impl Energy {
    fn of(grid: &Grid) -> Self {
        let (width, height) = (grid.width, grid.height);
        let mut sums = vec![0.0_f64; (width + 1) * (height + 1)];
        for row in 0..height {
            let mut line = 0.0;
            for column in 0..width {
                line += f64::from(grid.values[row * width + column]).powi(2);
                sums[(row + 1) * (width + 1) + column + 1] =
                    sums[row * (width + 1) + column + 1] + line;
            }
        }
        Self {
            width,
            height,
            sums,
        }
    }

    fn within(&self, left: usize, top: usize, width: usize, height: usize) -> f64 {
        let at = |row: usize, column: usize| self.sums[row * (self.width + 1) + column];
        at(top + height, left + width) - at(top, left + width) - at(top + height, left)
            + at(top, left)
    }

    fn mean(&self) -> f64 {
        self.within(0, 0, self.width, self.height) / (self.width * self.height) as f64
    }
}

/// Where a line of `of_b` pixels, shifted, lies on one of `of_a`: from, on both, and how many.
fn overlap(shift: isize, of_a: usize, of_b: usize) -> (usize, usize, usize) {
    let from_a = shift.max(0).cast_unsigned();
    let from_b = (-shift).max(0).cast_unsigned();
    (from_a, from_b, (of_a - from_a).min(of_b - from_b))
}

/// The shift that most speaks for.
fn best(a: &Energy, b: &Energy, products: &Products<'_>) -> Option<Shift> {
    let least_area = LEAST_OVERLAP * (a.width * a.height).min(b.width * b.height) as f64;
    let (least_a, least_b) = (LEAST_ENERGY * a.mean(), LEAST_ENERGY * b.mean());
    let mut best: Option<Shift> = None;
    for y in 1 - b.height.cast_signed()..a.height.cast_signed() {
        let (top_a, top_b, height) = overlap(y, a.height, b.height);
        for x in 1 - b.width.cast_signed()..a.width.cast_signed() {
            let product = products.at(x, y, b);
            let (left_a, left_b, width) = overlap(x, a.width, b.width);
            let area = (width * height) as f64;
            if product <= 0.0 || area < least_area {
                continue;
            }
            let of_a = a.within(left_a, top_a, width, height);
            let of_b = b.within(left_b, top_b, width, height);
            if of_a < least_a * area || of_b < least_b * area {
                continue;
            }
            let correlation = (f64::from(product) / (of_a * of_b).sqrt()).min(0.99);
            #[expect(clippy::cast_possible_truncation, reason = "a small number")]
            let strength = (correlation.atanh() * area.sqrt()) as f32;
            if best.is_none_or(|best| best.strength < strength) {
                best = Some(Shift { x, y, strength });
            }
        }
    }
    best
}

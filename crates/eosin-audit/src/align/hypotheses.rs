//! Guesses of symmetry, scale and shift, by phase correlation.

use eosin_core::D4;

use super::correlation::{Placement, Transform};
use super::fourier::{Fourier, Phases, Signs};
use super::shifts::Shifts;
use crate::plane::{Grid, Plane, Sides, longest_to};

/// Side of the squares in which scales are tried.
const SMALL: usize = 32;
/// The longer side of a picture at each scale there.
const LEVELS: [usize; 5] = [32, 30, 28, 27, 25];
/// Side of the squares in which patches are compared as they are, for small and for large planes.
const LARGE: [usize; 2] = [64, 128];
/// Guesses that are kept of each search.
const KEPT: usize = 3;
/// The longer side at which a guess is looked at first.
pub(crate) const COARSE_PX: usize = 48;

/// A plane as it is compared.
pub(crate) struct Views<'a> {
    pub plane: &'a Plane,
    /// As it is.
    pub grid: Grid,
    /// With a longer side of [`COARSE_PX`] px.
    pub coarse: Grid,
}

impl<'a> Views<'a> {
    pub(crate) fn new(plane: &'a Plane) -> Self {
        let grid = plane.grid();
        Self {
            plane,
            coarse: grid.resized(longest_to(&grid, COARSE_PX)),
            grid,
        }
    }
}

/// A guess: the second picture under `symmetry`, in planes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guess {
    pub symmetry: D4,
    /// From the turned plane of the second to that of the first.
    pub transform: Transform,
    /// Phase correlation: 1 where all phases agree.
    pub peak: f32,
    /// Correlation of the coarse pictures there.
    pub agreement: f64,
}

impl Guess {
    /// The same between the coarse pictures, the second turned.
    fn on_coarse(&self, a: &Views<'_>, b: &Views<'_>) -> Transform {
        let (of_a, of_b) = (
            COARSE_PX as f64 / a.plane.longest() as f64,
            COARSE_PX as f64 / b.plane.longest() as f64,
        );
        Transform {
            scale: self.transform.scale * of_a / of_b,
            x: self.transform.x * of_a,
            y: self.transform.y * of_a,
        }
    }
}

/// Which scales are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scales {
    /// As if a pixel of one were a pixel of the other.
    Own,
    /// That, also by detail that few phases tell of, and as if one were the other up to a quarter larger.
    Any,
}

/// Lays patches on each other.
pub(crate) struct Aligner {
    shifts: Shifts,
    small: Fourier,
    large: [Fourier; 2],
}

/// Two spectra, and how their pictures were made.
struct Compared<'a> {
    fourier: &'a Fourier,
    a: &'a Phases,
    b: &'a Phases,
    /// Sides of both pictures there.
    sides: [Sides; 2],
    /// Pixels there that a pixel of the plane is.
    scales: [f64; 2],
}

impl Aligner {
    pub(crate) fn new() -> Self {
        Self {
            shifts: Shifts::new(),
            small: Fourier::new(SMALL),
            large: LARGE.map(Fourier::new),
        }
    }

    /// Guesses, the best of each search first.
    pub(crate) fn guesses(&self, a: &Views<'_>, b: &Views<'_>, scales: Scales) -> Vec<Guess> {
        let mut found = self.at_own_scale(a, b);
        if scales == Scales::Any {
            found.extend(self.at_any_scale(a, b));
            found.extend(best(self.shifts.guesses(a, b), a, b));
        }
        found
    }

    /// As if a pixel of one were a pixel of the other.
    fn at_own_scale(&self, a: &Views<'_>, b: &Views<'_>) -> Vec<Guess> {
        let longest = |views: &Views<'_>| views.plane.longest() as f64 * views.plane.px;
        let (px_a, px_b) = (longest(a), longest(b));
        let most = a.plane.longest().max(b.plane.longest());
        let fourier = &self.large[usize::from(most > 96)];
        let per_px = fourier.size as f64 / px_a.max(px_b);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most the side of the square"
        )]
        let side = |px: f64| ((px * per_px).round() as usize).clamp(8, fourier.size);
        let picture = |views: &Views<'_>, px: f64| {
            let grid = &views.grid;
            grid.resized(longest_to(grid, side(px)))
        };
        let (one, other) = (picture(a, px_a), picture(b, px_b));
        let (phases_a, phases_b) = (fourier.phases(&one), fourier.phases(&other));
        let scale = |grid: &Grid, views: &Views<'_>| {
            grid.width.max(grid.height) as f64 / views.plane.longest() as f64
        };
        let compared = Compared {
            fourier,
            a: &phases_a,
            b: &phases_b,
            sides: [sides(&one), sides(&other)],
            scales: [scale(&one, a), scale(&other, b)],
        };
        best(compared.guesses(), a, b)
    }

    /// As if both showed about the same, one a little larger than the other.
    fn at_any_scale(&self, a: &Views<'_>, b: &Views<'_>) -> Vec<Guess> {
        let levels = |views: &Views<'_>| {
            LEVELS.map(|level| {
                let sides = longest_to(&views.grid, level);
                self.small.phases(&views.grid.resized(sides))
            })
        };
        let (small_a, small_b) = (levels(a), levels(b));
        let pairs = (0..LEVELS.len()).map(|level| [0, level]);
        let pairs = pairs.chain((1..LEVELS.len()).map(|level| [level, 0]));
        let guesses = pairs.flat_map(|[of_a, of_b]| {
            let at = |views: &Views<'_>, level: usize| {
                let sides = longest_to(&views.grid, LEVELS[level]);
                let scale = LEVELS[level] as f64 / views.plane.longest() as f64;
                (sides, scale)
            };
            let ((sides_a, scale_a), (sides_b, scale_b)) = (at(a, of_a), at(b, of_b));
            let compared = Compared {
                fourier: &self.small,
                a: &small_a[of_a],
                b: &small_b[of_b],
                sides: [sides_a, sides_b],
                scales: [scale_a, scale_b],
            };
            compared.guesses()
        });
        best(guesses.collect(), a, b)
    }
}

const fn sides(grid: &Grid) -> Sides {
    Sides {
        width: grid.width,
        height: grid.height,
    }
}

impl Compared<'_> {
    /// The best shift of each symmetry, in each of the ways in which a cyclic shift can be meant.
    fn guesses(&self) -> Vec<Guess> {
        let mut found = Vec::new();
        for pair in D4::ALL.chunks_exact(2) {
            let turns = [pair[0], pair[1]];
            let both = self.fourier.correlations(self.a, self.b, turns);
            let parts: [fn(&rustfft::num_complex::Complex<f32>) -> f32; 2] =
                [|value| value.re, |value| value.im];
            for (turn, part) in turns.into_iter().zip(parts) {
                let mut best = (0, f32::NEG_INFINITY);
                for (at, value) in both.iter().enumerate() {
                    let value = part(value);
                    if value > best.1 {
                        best = (at, value);
                    }
                }
                self.meant(turn, best.0, best.1, &mut found);
            }
        }
        found
    }

    /// Every way in which a cyclic shift can be meant.
    fn meant(&self, symmetry: D4, at: usize, peak: f32, found: &mut Vec<Guess>) {
        let size = self.fourier.size;
        let [a, b] = self.sides;
        let turned = if symmetry.swaps_sides() {
            Sides {
                width: b.height,
                height: b.width,
            }
        } else {
            b
        };
        let signs = Signs::of(symmetry);
        let shifts = |at: usize, flipped: bool, of_a: usize, of_b: usize| {
            let back = if flipped { of_b - 1 } else { 0 };
            let first = at as f64 - back as f64;
            let cycle = size as f64;
            [first, first - cycle, first + cycle]
                .into_iter()
                .filter(move |shift| *shift < of_a as f64 && shift + of_b as f64 > 0.0)
        };
        let [scale_a, scale_b] = self.scales;
        for y in shifts(at / size, signs.rows, a.height, turned.height) {
            for x in shifts(at % size, signs.columns, a.width, turned.width) {
                found.push(Guess {
                    symmetry,
                    transform: Transform {
                        scale: scale_b / scale_a,
                        x: x / scale_a,
                        y: y / scale_a,
                    },
                    peak,
                    agreement: -1.0,
                });
            }
        }
    }
}

/// The guesses with the highest peaks, each cyclic shift as it agrees best.
fn best(mut guesses: Vec<Guess>, a: &Views<'_>, b: &Views<'_>) -> Vec<Guess> {
    guesses.sort_by(|one, other| other.peak.total_cmp(&one.peak));
    let mut kept: Vec<Guess> = Vec::new();
    let mut at = 0;
    while at < guesses.len() && kept.len() < KEPT {
        let same = |other: &&Guess| other.peak.to_bits() == guesses[at].peak.to_bits();
        let count = guesses[at..].iter().take_while(same).count();
        let meant = guesses[at..at + count].iter().map(|guess| {
            let turned = b.coarse.turned(guess.symmetry);
            let placed = Placement::new(&a.coarse, &turned, guess.on_coarse(a, b));
            Guess {
                agreement: placed.correlation().unwrap_or(-1.0),
                ..*guess
            }
        });
        kept.extend(meant.max_by(|one, other| one.agreement.total_cmp(&other.agreement)));
        at += count;
    }
    kept
}

//! Laying one patch on another: under which symmetry, scale and shift they agree, and how well.

mod correlation;
mod fourier;
mod hypotheses;
mod refine;
mod shifts;

use eosin_core::D4;

pub(crate) use self::correlation::Transform;
pub(crate) use self::fourier::Signs;
use self::hypotheses::Guess;
pub(crate) use self::hypotheses::{Aligner, COARSE_PX, Scales, Views};
use self::refine::{EXACT, PROMISED, ROUGH, climbed, refined};
use crate::layouts::Alike;
use crate::plane::{Grid, Plane};

/// Guesses that are followed.
const FOLLOWED: usize = 4;
/// Correlation of haematoxylin below which a guess is not looked at more closely.
const PROMISING: f64 = 0.25;
/// Sides of the neighbourhood within which fine detail is alike anyway, as a share of the longer side:
/// so many independent values has an overlap.
const GRAIN: f64 = 1.0 / 24.0;
/// The same in pixels, at the least: small patches have few independent values, and chance fits them.
const GRAIN_PX: f64 = 4.0;

/// How one patch lies on another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    /// What turns the second patch as the first is.
    pub symmetry: D4,
    /// Pixels of the first patch that a pixel of the second is.
    pub scale: f64,
    /// Where the upper left corner of the second patch, turned, lies in the first: right and down, in
    /// pixels of the first.
    pub offset_px: [f64; 2],
    /// Share of the first patch that the second covers.
    pub covered_a: f64,
    /// Share of the second patch that lies on the first.
    pub covered_b: f64,
    /// Correlation of haematoxylin where they overlap.
    pub correlation: f64,
    /// The same of what is finer than the local mean.
    pub detail_correlation: f64,
    /// By how many standard deviations that is more than nothing, for its overlap.
    pub strength: f64,
}

impl Alignment {
    /// Whether neither patch shows anything that the other does not.
    pub fn is_whole(&self) -> bool {
        self.covered_a.min(self.covered_b) >= 0.97
    }
}

impl Aligner {
    /// The best way to lay the second patch on the first; `None` where no guess is worth a closer look.
    pub(crate) fn align(&self, a: &Views<'_>, b: &Views<'_>, scales: Scales) -> Option<Alignment> {
        let mut guesses = self.guesses(a, b, scales);
        guesses.retain(|guess| guess.agreement > PROMISING);
        guesses.sort_by(|one, other| other.agreement.total_cmp(&one.agreement));
        let followed = guesses.iter().take(FOLLOWED);
        let found = followed.filter_map(|guess| refined(a, b, guess, &EXACT));
        found.max_by(|one, other| one.strength.total_cmp(&other.strength))
    }
}

/// How well a patch fits as a part of another.
pub(crate) struct Fit {
    /// Correlation of small pictures.
    pub correlation: f64,
    /// From the turned part, whose sides are 1, to the whole, whose sides are 1.
    pub transform: Transform,
}

/// Lays a patch on another as a part, from where their layouts are alike.
pub(crate) fn fit(whole: &Grid, part: &Grid, alike: &Alike) -> Fit {
    let turned = part.turned(alike.symmetry);
    let (side, own) = (whole.width as f64, turned.width as f64);
    let from = Transform {
        scale: alike.transform.scale * side / own,
        x: alike.transform.x * side,
        y: alike.transform.y * whole.height as f64,
    };
    let found = climbed(whole, &turned, from, &ROUGH);
    let Transform { scale, x, y } = found.transform;
    let shares = Transform {
        scale: scale * own / side,
        x: x / side,
        y: y / whole.height as f64,
    };
    Fit {
        correlation: found.correlation,
        transform: shares,
    }
}

/// A way of laying on that [`fit`] has found, as exactly as the planes allow.
pub(crate) fn exact(whole: &Views<'_>, part: &Views<'_>, alike: &Alike) -> Option<Alignment> {
    let sides = if alike.symmetry.swaps_sides() {
        part.grid.height
    } else {
        part.grid.width
    };
    let (side, own) = (whole.grid.width as f64, sides as f64);
    let Transform { scale, x, y } = alike.transform;
    let guess = Guess {
        symmetry: alike.symmetry,
        transform: Transform {
            scale: scale * side / own,
            x: x * side,
            y: y * whole.grid.height as f64,
        },
        peak: 0.0,
        agreement: 0.0,
    };
    refined(whole, part, &guess, &PROMISED)
}

/// What is known of an overlap, in the units of an [`Alignment`].
fn strength(detail_correlation: f64, overlap: f64, plane: &Plane) -> f64 {
    let grain = (plane.longest() as f64 * GRAIN).max(GRAIN_PX);
    let independent = overlap / (grain * grain);
    detail_correlation.clamp(-0.999, 0.999).atanh() * (independent - 3.0).max(0.0).sqrt()
}

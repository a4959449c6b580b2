//! A guess made exact.

use super::correlation::{Placement, Transform};
use super::hypotheses::{Guess, Views};
use super::{Alignment, strength};
use crate::plane::Grid;

/// Steps of a search, from coarse to fine.
pub(super) const EXACT: [Step; 4] = [
    Step::new(0.02, 1.0 / 48.0, 2, -1.0),
    Step::new(0.01, 1.0 / 96.0, 2, -1.0),
    Step::new(0.005, 1.0 / 192.0, 1, -1.0),
    Step::new(0.0025, 1.0 / 384.0, 1, -1.0),
];
/// The same where only what is told in the end counts: the rest is given up.
pub(super) const PROMISED: [Step; 4] = [
    Step::new(0.02, 1.0 / 48.0, 2, 0.4),
    Step::new(0.01, 1.0 / 96.0, 2, 0.5),
    Step::new(0.005, 1.0 / 192.0, 1, 0.5),
    Step::new(0.0025, 1.0 / 384.0, 1, 0.5),
];
/// The same from a guess that is further off, on coarse pictures; most are given up soon.
pub(super) const ROUGH: [Step; 3] = [
    Step::new(0.04, 1.0 / 24.0, 3, 0.3),
    Step::new(0.02, 1.0 / 48.0, 2, 0.45),
    Step::new(0.01, 1.0 / 96.0, 2, 0.55),
];
/// Moves at each step, at most.
const MOVES: usize = 6;
/// Scales that differ from 1 by less than this are 1, unless that agrees less by more than [`WORSE`].
const NEARLY_SAME: f64 = 0.04;
/// What of a correlation a scale that is fitted gains where there is none.
const WORSE: f64 = 0.01;

/// How far a search goes at a time.
pub(super) struct Step {
    scale: f64,
    /// As a share of the side.
    shift: f64,
    /// Every so many pixels are looked at.
    every: usize,
    /// Correlation below which it is given up.
    least: f64,
}

impl Step {
    const fn new(scale: f64, shift: f64, every: usize, least: f64) -> Self {
        Self {
            scale,
            shift,
            every,
            least,
        }
    }
}

/// Where a climb ends.
pub(super) struct Climbed {
    pub transform: Transform,
    /// The correlation there.
    pub correlation: f64,
}

/// Climbs from a guess to where two pictures agree best; the second is turned already.
pub(super) fn climbed(a: &Grid, turned: &Grid, from: Transform, steps: &[Step]) -> Climbed {
    climbed_by(a, turned, from, steps, moves)
}

/// What is tried from a place: with the step, the side of the first picture and the middle of the second.
type Moves<const COUNT: usize> = fn(Transform, &Step, f64, [f64; 2]) -> [Transform; COUNT];

fn climbed_by<const COUNT: usize>(
    a: &Grid,
    turned: &Grid,
    from: Transform,
    steps: &[Step],
    moves: Moves<COUNT>,
) -> Climbed {
    let side = a.width.max(a.height) as f64;
    let value = |transform: Transform, every: usize| {
        let placed = Placement::new(a, turned, transform);
        placed.correlation_at(every).unwrap_or(-1.0)
    };
    let centre = [turned.width as f64 / 2.0, turned.height as f64 / 2.0];
    let (mut best, mut most) = (from, -1.0);
    for step in steps {
        most = value(best, step.every);
        for _ in 0..MOVES {
            let better = moves(best, step, side, centre)
                .into_iter()
                .map(|moved| (value(moved, step.every), moved))
                .max_by(|one, other| one.0.total_cmp(&other.0));
            match better {
                Some((found, moved)) if found > most + 1e-6 => (most, best) = (found, moved),
                _ => break,
            }
        }
        if most < step.least {
            break;
        }
    }
    Climbed {
        transform: best,
        correlation: most,
    }
}

/// One step each way; the scale changes about the middle of what is laid on.
fn moves(at: Transform, step: &Step, side: f64, centre: [f64; 2]) -> [Transform; 6] {
    let scaled = |factor: f64| {
        let scale = at.scale * factor;
        Transform {
            scale,
            x: at.x + (at.scale - scale) * centre[0],
            y: at.y + (at.scale - scale) * centre[1],
        }
    };
    let [right, left, down, up] = moves_of_shift(at, step, side, centre);
    [
        scaled(1.0 + step.scale),
        scaled(1.0 / (1.0 + step.scale)),
        right,
        left,
        down,
        up,
    ]
}

/// One step right, left, down and up.
fn moves_of_shift(at: Transform, step: &Step, side: f64, _centre: [f64; 2]) -> [Transform; 4] {
    let shift = step.shift * side;
    [(shift, 0.0), (-shift, 0.0), (0.0, shift), (0.0, -shift)].map(|(x, y)| Transform {
        scale: at.scale,
        x: at.x + x,
        y: at.y + y,
    })
}

/// The same without a scale where a pixel of one may as well be a pixel of the other: what a fitted scale
/// gains by chance it pays with an offset that is wrong.
fn without_needless_scale(
    a: &Views<'_>,
    b: &Views<'_>,
    turned: &Grid,
    climbed: &Climbed,
) -> Transform {
    let found = climbed.transform;
    let own = b.plane.px / a.plane.px;
    if (found.scale / own - 1.0).abs() > NEARLY_SAME {
        return found;
    }
    let [x, y] = [turned.width, turned.height].map(|side| (found.scale - own) * side as f64 / 2.0);
    let from = Transform {
        scale: own,
        x: found.x + x,
        y: found.y + y,
    };
    let shifted = climbed_by(&a.grid, turned, from, &EXACT, moves_of_shift);
    if shifted.correlation >= climbed.correlation - WORSE {
        shifted.transform
    } else {
        found
    }
}

/// The guess as exactly as the planes allow; `None` where they do not overlap there,
/// or agree less there than `steps` ask for.
pub(super) fn refined(
    a: &Views<'_>,
    b: &Views<'_>,
    guess: &Guess,
    steps: &[Step],
) -> Option<Alignment> {
    let turned = b.grid.turned(guess.symmetry);
    let climbed = climbed(&a.grid, &turned, guess.transform, steps);
    if steps.iter().any(|step| climbed.correlation < step.least) {
        return None;
    }
    let found = without_needless_scale(a, b, &turned, &climbed);
    let placed = Placement::new(&a.grid, &turned, found);
    let correlation = placed.correlation()?;
    let (of_a, of_b) = (a.grid.detail(), b.grid.detail().turned(guess.symmetry));
    let detail_correlation = Placement::new(&of_a, &of_b, found).correlation()?;
    let overlap = placed.overlap().area();
    let area = |views: &Views<'_>| (views.grid.width * views.grid.height) as f64;
    Some(Alignment {
        symmetry: guess.symmetry,
        scale: found.scale * a.plane.px / b.plane.px,
        offset_px: [found.x * a.plane.px, found.y * a.plane.px],
        covered_a: overlap / area(a),
        covered_b: overlap / (area(b) * found.scale * found.scale),
        correlation,
        detail_correlation,
        strength: strength(detail_correlation, overlap, a.plane),
    })
}

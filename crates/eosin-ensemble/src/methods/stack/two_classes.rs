//! Logistic loss of two classes, in loops that compilers turn into vectors: most of the time of a
//! search would go into it.

use super::logistic::Here;
use super::rows::FoldRows;

/// Rows that are read together.
const TOGETHER: usize = 64;
/// Sums that run side by side.
const LANES: usize = 8;

/// Adds the sums over a fold: of losses, slopes, and the lower half of the curvature, at weights of
/// the members and, last, the second class's intercept.
pub(super) fn add(fold: &FoldRows, at: &[f64], here: &mut Here) {
    let (width, members) = (at.len(), at.len() - 1);
    for first in (0..fold.targets.len()).step_by(TOGETHER) {
        let targets = &fold.targets[first..fold.targets.len().min(first + TOGETHER)];
        let count = targets.len();
        let column = |member: usize| &fold.margins[member][first..first + count];
        let mut rows = Rows::new(at[members]);
        for (member, weight) in at[..members].iter().enumerate() {
            for (margin, value) in rows.margins.iter_mut().zip(column(member)) {
                *margin += weight * value;
            }
        }
        here.value += rows.turn(targets);
        for member in 0..members {
            let mut bent = [0.0; TOGETHER];
            for ((bent, bend), value) in bent.iter_mut().zip(&rows.bends).zip(column(member)) {
                *bent = bend * value;
            }
            here.slopes[member] += dot(&rows.misses[..count], column(member));
            let curvature = &mut here.curvature[member * width..];
            for (other, sum) in curvature.iter_mut().enumerate().take(member + 1) {
                *sum += dot(&bent[..count], column(other));
            }
            here.curvature[members * width + member] += bent[..count].iter().sum::<f64>();
        }
        here.slopes[members] += rows.misses[..count].iter().sum::<f64>();
        here.curvature[members * (width + 1)] += rows.bends[..count].iter().sum::<f64>();
    }
}

/// Some rows; those beyond the last are never read.
struct Rows {
    margins: [f64; TOGETHER],
    /// Derivatives of the loss.
    misses: [f64; TOGETHER],
    /// Second derivatives.
    bends: [f64; TOGETHER],
}

impl Rows {
    const fn new(margin: f64) -> Self {
        Self {
            margins: [margin; TOGETHER],
            misses: [0.0; TOGETHER],
            bends: [0.0; TOGETHER],
        }
    }

    /// Derivatives from margins, and the sum of the losses.
    fn turn(&mut self, targets: &[usize]) -> f64 {
        // A product of 64 numbers in 1 to 2 has one logarithm.
        let (mut product, mut sum) = (1.0, 0.0);
        for (at, target) in targets.iter().enumerate() {
            let z = self.margins[at];
            let small = (-z.abs()).exp();
            let sure = 1.0 / (1.0 + small);
            let unsure = small * sure;
            let is_right = (z >= 0.0) == (*target == 1);
            product *= 1.0 + small;
            sum += if is_right { 0.0 } else { z.abs() };
            let miss = if is_right { unsure } else { sure };
            self.misses[at] = if *target == 1 { -miss } else { miss };
            self.bends[at] = unsure * sure;
        }
        sum + product.ln()
    }
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (ones, others) = (one.chunks_exact(LANES), other.chunks_exact(LANES));
    let rest = ones.remainder().iter().zip(others.remainder());
    let rest: f64 = rest.map(|(one, other)| one * other).sum();
    for (one, other) in ones.zip(others) {
        for ((lane, one), other) in lanes.iter_mut().zip(one).zip(other) {
            *lane += one * other;
        }
    }
    rest + lanes.iter().sum::<f64>()
}

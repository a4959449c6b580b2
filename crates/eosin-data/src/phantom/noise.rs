//! Random numbers and smooth random fields.

use eosin_core::Rng;
use rand::RngExt as _;

/// A draw from 0..1.
pub(super) fn uniform(rng: &mut Rng) -> f32 {
    rng.random::<f32>()
}

/// A draw from `low..high`.
pub(super) fn between(rng: &mut Rng, low: f32, high: f32) -> f32 {
    low + (high - low) * uniform(rng)
}

/// A draw from the standard normal distribution (Box and Muller 1958).
pub(super) fn normal(rng: &mut Rng) -> f32 {
    let radius = (-2.0 * (1.0 - uniform(rng)).ln()).sqrt();
    radius * (std::f32::consts::TAU * uniform(rng)).cos()
}

/// 0 below `low`, 1 above `high`, smooth between; `low` may be the larger.
pub(super) fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Value noise: random numbers on a lattice, smoothly interpolated; about -1..1.
pub(super) struct Field {
    values: Vec<f32>,
    columns: usize,
    per_px: f32,
}

impl Field {
    /// A field over `size_px` squared whose features are about `period_px` wide.
    pub(super) fn new(rng: &mut Rng, size_px: usize, period_px: f32) -> Self {
        let per_px = 1.0 / period_px.max(1.0);
        let columns = index(size_px as f32 * per_px) + 3;
        let values = (0..columns * columns)
            .map(|_| between(rng, -1.0, 1.0))
            .collect();
        Self {
            values,
            columns,
            per_px,
        }
    }

    /// The value at a point; points outside take the nearest inside.
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        let last = (self.columns - 2) as f32 + 0.999;
        let (x, y) = (
            (x * self.per_px).clamp(0.0, last),
            (y * self.per_px).clamp(0.0, last),
        );
        let (column, row) = (index(x), index(y));
        let tx = smoothstep(0.0, 1.0, x - column as f32);
        let ty = smoothstep(0.0, 1.0, y - row as f32);
        let corner = |r: usize, c: usize| self.values[r * self.columns + c];
        let top = corner(row, column) * (1.0 - tx) + corner(row, column + 1) * tx;
        let bottom = corner(row + 1, column) * (1.0 - tx) + corner(row + 1, column + 1) * tx;
        top * (1.0 - ty) + bottom * ty
    }
}

/// The whole part of a number that is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "callers pass image coordinates, which are small; negative ones become 0"
)]
pub(super) fn index(x: f32) -> usize {
    x.max(0.0) as usize
}

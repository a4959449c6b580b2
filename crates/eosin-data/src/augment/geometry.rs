//! Crops, rotations, shears and shifts as one resampling.

use super::pixels::{reflect, rounded};
use crate::decode::RgbPatch;

/// A map from positions in the output to positions in the input, both in pixels from the centre:
/// `x' = a x + b y + c`, `y' = d x + e y + f`, as `[[a, b, c], [d, e, f]]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine(pub [[f32; 3]; 2]);

impl Affine {
    /// Every position is its own.
    pub const IDENTITY: Self = Self([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);

    /// Turns the picture counter-clockwise by `degrees`.
    pub fn rotation(degrees: f32) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Self([[cos, -sin, 0.0], [sin, cos, 0.0]])
    }

    /// Moves the picture by `right` and `down` pixels.
    pub const fn shift(right: f32, down: f32) -> Self {
        Self([[1.0, 0.0, -right], [0.0, 1.0, -down]])
    }

    /// Shows the part of the input that is `width` x `height` times as large as the whole, with its
    /// centre at `right` and `down` pixels from the input's.
    pub const fn crop([width, height]: [f32; 2], [right, down]: [f32; 2]) -> Self {
        Self([[width, 0.0, right], [0.0, height, down]])
    }

    /// Slants the picture: `x' = x + across y`, `y' = y + along x`.
    pub const fn shear(across: f32, along: f32) -> Self {
        Self([[1.0, across, 0.0], [along, 1.0, 0.0]])
    }

    /// The picture of `self` first, `next` applied to what comes out.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        let (outer, inner) = (self.0, next.0);
        Self(outer.map(|row| {
            std::array::from_fn(|column| {
                let own = if column == 2 { row[2] } else { 0.0 };
                row[0].mul_add(inner[0][column], row[1] * inner[1][column]) + own
            })
        }))
    }

    /// The patch under this map, of the same size: bilinear, mirrored beyond the edges, because a
    /// black corner is something that no slide has and that a network would learn from.
    pub fn apply(&self, patch: &RgbPatch) -> RgbPatch {
        if *self == Self::IDENTITY {
            return patch.clone();
        }
        let (width, height) = (patch.width_px, patch.height_px);
        let middle = |len: usize| (len as f32 - 1.0) / 2.0;
        let (mx, my) = (middle(width), middle(height));
        let mut pixels = Vec::with_capacity(patch.pixels.len());
        for row in 0..height {
            let y = row as f32 - my;
            for column in 0..width {
                let x = column as f32 - mx;
                let [from_x, from_y] = self
                    .0
                    .map(|[across, down, offset]| across.mul_add(x, down.mul_add(y, offset)));
                pixels.extend(bilinear(patch, from_x + mx, from_y + my));
            }
        }
        RgbPatch { pixels, ..*patch }
    }
}

/// The colour at a position between pixels.
fn bilinear(patch: &RgbPatch, x: f32, y: f32) -> [u8; 3] {
    let (left, right, across) = neighbours(x, patch.width_px);
    let (top, bottom, down) = neighbours(y, patch.height_px);
    let at = |row: usize, column: usize, channel: usize| {
        f32::from(patch.pixels[(row * patch.width_px + column) * 3 + channel])
    };
    std::array::from_fn(|channel| {
        let blend = |row: usize| {
            let (left, right) = (at(row, left, channel), at(row, right, channel));
            across.mul_add(right - left, left)
        };
        let (top, bottom) = (blend(top), blend(bottom));
        rounded(down.mul_add(bottom - top, top))
    })
}

/// The pixels on both sides of a position, and how far it is towards the second.
#[expect(
    clippy::cast_possible_truncation,
    reason = "positions are near an image"
)]
fn neighbours(at: f32, len: usize) -> (usize, usize, f32) {
    // What rounding left of a whole number is no part of a pixel.
    let at = if (at - at.round()).abs() < 1e-3 {
        at.round()
    } else {
        at
    };
    let first = at.floor();
    let index = first as isize;
    (reflect(index, len), reflect(index + 1, len), at - first)
}

#[cfg(test)]
mod tests {
    use eosin_core::D4;

    use super::*;

    fn patch(width_px: usize, height_px: usize) -> RgbPatch {
        let byte = |at: usize| u8::try_from(at * 37 % 251).unwrap();
        RgbPatch {
            width_px,
            height_px,
            pixels: (0..width_px * height_px * 3).map(byte).collect(),
        }
    }

    #[test]
    fn a_rotation_by_a_quarter_turn_is_rot90() {
        for side in [1, 2, 7, 8] {
            let patch = patch(side, side);
            let turned = Affine::rotation(90.0).apply(&patch);
            assert_eq!(turned.pixels, D4::ROT90.apply(&patch.pixels, side, side, 3));
        }
    }

    #[test]
    fn a_shift_by_whole_pixels_moves_them_and_mirrors_the_edge() {
        let patch = patch(5, 4);
        let moved = Affine::shift(2.0, -1.0).apply(&patch);
        let pixel = |patch: &RgbPatch, row: usize, column: usize| {
            patch.pixels[(row * 5 + column) * 3..][..3].to_vec()
        };
        assert_eq!(pixel(&moved, 0, 2), pixel(&patch, 1, 0));
        assert_eq!(pixel(&moved, 2, 4), pixel(&patch, 3, 2));
        assert_eq!(pixel(&moved, 0, 0), pixel(&patch, 1, 2));
        assert_eq!(pixel(&moved, 3, 2), pixel(&patch, 2, 0));
    }

    #[test]
    fn maps_compose_as_pictures_do() {
        let patch = patch(9, 9);
        let (one, two) = (Affine::shift(1.0, 2.0), Affine::rotation(90.0));
        let both = two.apply(&one.apply(&patch)).pixels;
        let at = |row: usize, column: usize| (row * 9 + column) * 3;
        let together = one.then(two).apply(&patch).pixels;
        // Only the mirrored edge differs.
        assert_eq!(both[at(4, 4)..at(4, 7)], together[at(4, 4)..at(4, 7)]);
        let half = Affine::crop([0.5, 0.5], [0.0, 0.0]).apply(&patch);
        assert_eq!(
            half.pixels[at(4, 4)..at(4, 5)],
            patch.pixels[at(4, 4)..at(4, 5)]
        );
        assert_eq!(
            half.pixels[at(0, 0)..at(0, 1)],
            patch.pixels[at(2, 2)..at(2, 3)]
        );
    }
}

//! The dihedral group of the square: the eight images that hflip, vflip and rot90 can make.

use serde::{Deserialize, Serialize};

/// One of the eight symmetries of the square.
///
/// Bit 2 (`4`) says that the image is first mirrored left to right; bits 0 and 1 then count
/// quarter turns counter-clockwise (as `numpy.rot90`). The number is the index of the symmetry in
/// a cached orbit, `0` being the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct D4(u8);

impl D4 {
    /// Leaves the image as it is.
    pub const IDENTITY: Self = Self(0);
    /// Mirrors left to right.
    pub const HFLIP: Self = Self(4);
    /// Mirrors top to bottom.
    pub const VFLIP: Self = Self(6);
    /// A quarter turn counter-clockwise.
    pub const ROT90: Self = Self(1);
    /// A half turn.
    pub const ROT180: Self = Self(2);
    /// A quarter turn clockwise.
    pub const ROT270: Self = Self(3);
    /// Number of symmetries.
    pub const COUNT: usize = 8;
    /// All eight, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self(0),
        Self(1),
        Self(2),
        Self(3),
        Self(4),
        Self(5),
        Self(6),
        Self(7),
    ];

    /// All eight, in the order of their numbers.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        Self::ALL.into_iter()
    }

    /// The symmetry with this number.
    ///
    /// # Panics
    /// When `index` is 8 or more.
    pub const fn from_index(index: usize) -> Self {
        assert!(index < 8, "a D4 symmetry has a number from 0 to 7");
        #[expect(clippy::cast_possible_truncation, reason = "asserted to be under 8")]
        Self(index as u8)
    }

    /// The number of the symmetry, from 0 to 7.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Whether the image is first mirrored left to right.
    pub const fn is_mirrored(self) -> bool {
        self.0 & 4 != 0
    }

    /// Quarter turns counter-clockwise, 0 to 3, that follow.
    pub const fn quarter_turns(self) -> u8 {
        self.0 & 3
    }

    /// The symmetry that applies `self` first and `next` afterwards.
    #[must_use]
    pub const fn then(self, next: Self) -> Self {
        // A mirror turns later counter-clockwise quarter turns of `self` into clockwise ones.
        let turns = if next.is_mirrored() {
            4 - self.quarter_turns()
        } else {
            self.quarter_turns()
        };
        Self(((self.0 ^ next.0) & 4) | ((turns + next.quarter_turns()) & 3))
    }

    /// The symmetry that undoes this one.
    #[must_use]
    pub const fn inverse(self) -> Self {
        if self.is_mirrored() {
            self
        } else {
            Self((4 - self.0) & 3)
        }
    }

    /// Whether width and height are exchanged.
    pub const fn swaps_sides(self) -> bool {
        self.0 & 1 == 1
    }

    /// What it is called, as in `hflip+rot90`: first the mirror, then counter-clockwise turns.
    pub fn name(self) -> String {
        let mirrored = if self.is_mirrored() { "hflip" } else { "" };
        match (mirrored, 90 * u16::from(self.quarter_turns())) {
            ("", 0) => "identity".to_owned(),
            ("", degrees) => format!("rot{degrees}"),
            (mirrored, 0) => mirrored.to_owned(),
            (mirrored, degrees) => format!("{mirrored}+rot{degrees}"),
        }
    }

    /// Where the output pixel (`row`, `column`) comes from in an input of `height` x `width`.
    pub const fn source(
        self,
        row: usize,
        column: usize,
        height: usize,
        width: usize,
    ) -> (usize, usize) {
        let (r, c) = match self.quarter_turns() {
            0 => (row, column),
            1 => (column, width - 1 - row),
            2 => (height - 1 - row, width - 1 - column),
            _ => (height - 1 - column, row),
        };
        if self.is_mirrored() {
            (r, width - 1 - c)
        } else {
            (r, c)
        }
    }

    /// Applies the symmetry to an interleaved image (`height` x `width` x `channels`, row-major)
    /// and returns the pixels in the same layout; the sides are exchanged when
    /// [`swaps_sides`](Self::swaps_sides) says so.
    ///
    /// # Panics
    /// When `pixels` has not `height * width * channels` elements.
    pub fn apply<T: Copy>(
        self,
        pixels: &[T],
        height: usize,
        width: usize,
        channels: usize,
    ) -> Vec<T> {
        assert_eq!(
            pixels.len(),
            height * width * channels,
            "pixels must be height*width*channels"
        );
        if self == Self::IDENTITY {
            return pixels.to_vec();
        }
        let (out_height, out_width) = if self.swaps_sides() {
            (width, height)
        } else {
            (height, width)
        };
        let mut out = Vec::with_capacity(pixels.len());
        for row in 0..out_height {
            for column in 0..out_width {
                let (r, c) = self.source(row, column, height, width);
                let at = (r * width + c) * channels;
                out.extend_from_slice(&pixels[at..at + channels]);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(height: usize, width: usize) -> Vec<usize> {
        (0..height * width).collect()
    }

    #[test]
    fn symmetries_are_named_in_their_order() {
        let words = D4::ALL.map(D4::name).join(" ");
        assert_eq!(
            words,
            "identity rot90 rot180 rot270 hflip hflip+rot90 hflip+rot180 hflip+rot270"
        );
    }

    #[test]
    fn named_symmetries_move_the_corners_as_numpy_does() {
        // numpy: a = [[0, 1, 2], [3, 4, 5]]
        let image = numbered(2, 3);
        assert_eq!(D4::HFLIP.apply(&image, 2, 3, 1), [2, 1, 0, 5, 4, 3]);
        assert_eq!(D4::VFLIP.apply(&image, 2, 3, 1), [3, 4, 5, 0, 1, 2]);
        assert_eq!(D4::ROT90.apply(&image, 2, 3, 1), [2, 5, 1, 4, 0, 3]);
    }

    #[test]
    fn composition_is_what_applying_twice_does() {
        let image = numbered(3, 5);
        for first in D4::all() {
            let once = first.apply(&image, 3, 5, 1);
            let (h, w) = if first.swaps_sides() { (5, 3) } else { (3, 5) };
            for next in D4::all() {
                let twice = next.apply(&once, h, w, 1);
                assert_eq!(
                    twice,
                    first.then(next).apply(&image, 3, 5, 1),
                    "{first:?} {next:?}"
                );
            }
        }
    }

    #[test]
    fn every_symmetry_is_undone_by_its_inverse_and_all_eight_differ() {
        let image = numbered(4, 4);
        let mut orbit: Vec<_> = D4::all().map(|g| g.apply(&image, 4, 4, 1)).collect();
        for g in D4::all() {
            assert_eq!(g.then(g.inverse()), D4::IDENTITY);
        }
        orbit.sort();
        orbit.dedup();
        assert_eq!(orbit.len(), D4::COUNT);
    }
}

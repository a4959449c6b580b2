//! Patches that are laid out alike, whatever their colours: candidates for copies.
//!
//! A patch is 48 numbers: the low frequencies (cosine transform) of its haematoxylin, each by its
//! spread over the set. A mirror changes the sign of some of them and a quarter turn exchanges rows
//! with columns, so that the products of four parts, by even and odd frequencies, say how alike two
//! patches are under all eight symmetries at once. To find crops, every patch is compared with windows
//! of every other.

mod score;
mod windows;

use eosin_core::D4;
use rayon::prelude::*;

pub(crate) use self::score::Limits;
use self::score::{Gallery, Query, score_block};
use self::windows::{WINDOWS, spread, transforms};
use crate::align::{Signs, Transform};
use crate::plane::Grid;

/// Low frequencies along a side.
pub(crate) const FREQUENCIES: usize = 7;
/// Numbers of a layout, the mean among them, which counts nothing.
pub(crate) const NUMBERS: usize = FREQUENCIES * FREQUENCIES;
/// Queries that are scored together.
const TOGETHER: usize = 64;

/// The layout of a window of a patch: `FREQUENCIES` rows of as many numbers.
pub(crate) type Layout = [f32; NUMBERS];

/// A patch that may be a crop of another, and how it would lie there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alike {
    /// The patch that has the window.
    pub whole: usize,
    /// The one that looks like it.
    pub part: usize,
    /// What turns the part as the whole is.
    pub symmetry: D4,
    /// From the turned part, whose sides are 1, to the whole, whose sides are 1.
    pub transform: Transform,
}

/// For each patch the others that it is most like, as a part of them, within `limits`. `grids` are
/// small pictures of the patches.
pub(crate) fn alike(grids: &[Grid], limits: Limits) -> Vec<Alike> {
    let spread = spread(grids);
    let galleries: Vec<Gallery> = WINDOWS
        .iter()
        .map(|window| Gallery::new(transforms(grids, window, &spread)))
        .collect();
    let whole = transforms(grids, &WINDOWS[0], &spread);
    let all: Vec<usize> = (0..grids.len()).collect();
    let blocks: Vec<Vec<Alike>> = all
        .par_chunks(TOGETHER)
        .map(|block| {
            let queries: Vec<Query> = block.iter().map(|at| Query::new(&whole[*at])).collect();
            let best = score_block(&galleries, &queries, block, limits);
            let of_query = |(query, found): (&usize, Vec<usize>)| {
                found
                    .into_iter()
                    .map(|other| fitting(&galleries, other, *query, &whole[*query]))
                    .collect::<Vec<_>>()
            };
            block.iter().zip(best).flat_map(of_query).collect()
        })
        .collect();
    blocks.into_iter().flatten().collect()
}

/// The window and the symmetry by which a patch is most like a part of another.
fn fitting(galleries: &[Gallery], whole: usize, part: usize, layout: &Layout) -> Alike {
    let mut best = (0, D4::IDENTITY, f32::NEG_INFINITY);
    for symmetry in D4::ALL {
        let turned = turned(layout, symmetry);
        for (window, gallery) in galleries.iter().enumerate() {
            let cosine = gallery.cosine(whole, &turned);
            if cosine > best.2 {
                best = (window, symmetry, cosine);
            }
        }
    }
    let (window, symmetry, _) = best;
    Alike {
        whole,
        part,
        symmetry,
        transform: WINDOWS[window].transform(),
    }
}

/// The layout of a turned patch.
fn turned(layout: &Layout, symmetry: D4) -> Layout {
    let signs = Signs::of(symmetry);
    std::array::from_fn(|at| {
        let (row, column) = (at / FREQUENCIES, at % FREQUENCIES);
        let value = if symmetry.swaps_sides() {
            layout[column * FREQUENCIES + row]
        } else {
            layout[at]
        };
        let flips = signs.rows && row % 2 == 1;
        if flips == (signs.columns && column % 2 == 1) {
            value
        } else {
            -value
        }
    })
}

#[cfg(test)]
mod tests {
    use super::windows::Window;
    use super::*;
    use crate::plane::Sides;

    fn noise(seed: u32) -> Grid {
        let mut state = seed;
        let values = (0..12 * 12).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 65_536.0
        });
        let grid = Grid {
            width: 12,
            height: 12,
            values: values.collect(),
        };
        grid.resized(Sides {
            width: 48,
            height: 48,
        })
    }

    #[test]
    fn a_turned_crop_is_most_like_its_patch_under_its_symmetry() {
        let mut grids: Vec<Grid> = (1..40).map(noise).collect();
        for symmetry in D4::ALL {
            let window = Window {
                side: 0.82,
                left: 0.09,
                top: 0.18,
            };
            let crop = window.cut(&grids[5]).turned(symmetry.inverse());
            let crop = crop.resized(Sides {
                width: 48,
                height: 48,
            });
            grids.push(crop);
            let found = alike(
                &grids,
                Limits {
                    count: 1,
                    least: 0.0,
                },
            );
            let of_crop = found.iter().find(|alike| alike.part == 39).unwrap();
            assert_eq!((of_crop.whole, of_crop.symmetry), (5, symmetry));
            grids.pop();
        }
    }
}

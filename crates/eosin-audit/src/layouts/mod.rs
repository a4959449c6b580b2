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
pub(crate) use self::windows::{CROPS, Looking, SHIFTS};
use self::windows::{spread, transforms};
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

/// For each patch the others that it, or one of its parts, is most like a place of, within `limits`. `grids` are small
/// pictures of the patches.
pub(crate) fn alike(grids: &[Grid], looking: &Looking, limits: Limits) -> Vec<Alike> {
    let spread = spread(grids);
    let galleries: Vec<Gallery> = looking
        .places
        .iter()
        .map(|window| Gallery::new(transforms(grids, window, &spread)))
        .collect();
    let all: Vec<usize> = (0..grids.len()).collect();
    let mut found = Vec::new();
    for part in looking.parts {
        let layouts = transforms(grids, part, &spread);
        let blocks: Vec<Vec<Alike>> = all
            .par_chunks(TOGETHER)
            .map(|block| {
                let queries: Vec<Query> =
                    block.iter().map(|at| Query::new(&layouts[*at])).collect();
                let best = score_block(&galleries, &queries, block, limits);
                let of_query = |(query, found): (&usize, Vec<usize>)| {
                    let alike = |other| {
                        let fits = fitting(&galleries, other, &layouts[*query]);
                        Alike {
                            whole: other,
                            part: *query,
                            symmetry: fits.symmetry,
                            transform: looking.places[fits.place].transform(part, fits.symmetry),
                        }
                    };
                    found.into_iter().map(alike).collect::<Vec<_>>()
                };
                block.iter().zip(best).flat_map(of_query).collect()
            })
            .collect();
        found.extend(blocks.into_iter().flatten());
    }
    found
}

/// Where a layout fits best.
struct Fits {
    place: usize,
    symmetry: D4,
}

/// The place and the symmetry by which a layout is most like a part of another patch.
fn fitting(galleries: &[Gallery], whole: usize, layout: &Layout) -> Fits {
    let (mut best, mut most) = (
        Fits {
            place: 0,
            symmetry: D4::IDENTITY,
        },
        f32::NEG_INFINITY,
    );
    for symmetry in D4::ALL {
        let turned = turned(layout, symmetry);
        for (place, gallery) in galleries.iter().enumerate() {
            let cosine = gallery.cosine(whole, &turned);
            if cosine > most {
                (best, most) = (Fits { place, symmetry }, cosine);
            }
        }
    }
    best
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
                &CROPS,
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

    #[test]
    fn a_turned_patch_that_is_shifted_is_laid_where_it_was_cut() {
        let mut grids: Vec<Grid> = (1..40).map(noise).collect();
        let slide = noise(77).resized(Sides {
            width: 60,
            height: 60,
        });
        let cut = |left: f64, top: f64| {
            let window = Window {
                side: 0.8,
                left,
                top,
            };
            window.cut(&slide)
        };
        grids.push(cut(0.0, 0.0));
        for symmetry in D4::ALL {
            // To the right and down by a quarter of the side of a cut.
            grids.push(cut(0.2, 0.2).turned(symmetry.inverse()));
            let limits = Limits {
                count: 1,
                least: 0.0,
            };
            let found = alike(&grids, &SHIFTS, limits);
            let laid = found.iter().find(|alike| {
                let Transform { scale, x, y } = alike.transform;
                (alike.whole, alike.part, alike.symmetry) == (39, 40, symmetry)
                    && (scale - 1.0).abs() < 1e-9
                    && (x - 0.25).abs() < 0.06
                    && (y - 0.25).abs() < 0.06
            });
            assert!(laid.is_some(), "{symmetry:?}");
            grids.pop();
        }
    }
}

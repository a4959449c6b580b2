//! The search: candidates, what they come to, and which are told.

use super::found::{Effort, FoundPair, PairKind, PairSearch, PairsFound, Pulse};
use super::judged::judged;
use super::ways::{Candidate, Ways};
use crate::align::Scales;
use crate::chance::Chance;
use crate::layouts::{CROPS, Limits, SHIFTS};
use crate::neighbours::{Directions, Neighbour};

/// Sets up to this size are compared pair by pair.
const ALL_PAIRS: usize = 160;
/// Sets up to this size are compared with their neighbours at any scale.
const ANY_SCALE: usize = 1000;
/// Patches that each is taken to be a part of. Of 500 copies that were recoloured, cropped, turned,
/// resized and written anew 97 % have their original among the first three, and 98 % a cosine of 0.65.
const WHOLES: Limits = Limits {
    count: 3,
    least: 0.6,
};
/// Patches that each of its corners is taken to be seen in.
const CORNERS: Limits = Limits {
    count: 2,
    least: 0.6,
};
/// Sets up to this size are also searched for patches that are shifted by more than a crop leaves: four corners in
/// twenty-five places are ten times the work of whole patches in ten.
const SHIFTED: usize = 4000;
/// The same in a quick search.
const QUICK_WHOLES: Limits = Limits {
    count: 2,
    least: 0.65,
};
/// Neighbours by embedding.
const NEIGHBOURS: usize = 10;
/// Pairs of neighbours that are laid on each other, at most, and one more for every ten patches.
const MOST_NEIGHBOURS: usize = 2000;
/// The same in a quick search.
const QUICK_NEIGHBOURS: usize = 1000;

/// Finds pairs: those of the same bytes are given; others are candidates by the layout of their
/// haematoxylin ([`alike`](crate::layouts::alike)) or by their embeddings, and are told when haematoxylin, and its detail
/// by itself, correlate where one lies on the other under some symmetry, scale and shift.
///
/// # Errors
/// Those of `pulse`.
///
/// # Panics
/// When the lists are not of the same patches.
pub fn find_pairs<E>(search: PairSearch<'_>, pulse: &mut Pulse<'_, E>) -> Result<PairsFound, E> {
    let PairSearch {
        planes, first_same, ..
    } = search;
    assert_eq!(planes.len(), first_same.len(), "one plane a patch");
    let first: Vec<usize> = (0..planes.len())
        .filter(|at| first_same[*at] == *at)
        .collect();
    let (told, bare): (Vec<usize>, Vec<usize>) =
        first.into_iter().partition(|at| planes[*at].has_detail());
    let mut ways = Ways::new(planes);
    let by_pair = search.effort == Effort::Thorough && told.len() <= ALL_PAIRS;
    if by_pair {
        ways.compare(&all_pairs(&told), Scales::Any, pulse)?;
    } else {
        let plan = Plan::of(search.effort, told.len());
        ways.parts(&told, &CROPS, plan.wholes, pulse)?;
        if plan.looks_for_shifts {
            ways.parts(&told, &SHIFTS, CORNERS, pulse)?;
        }
        if let Some(directions) = search.directions {
            let near = neighbours(directions, &told, plan.neighbours);
            ways.compare(&near, plan.scales, pulse)?;
        }
    }
    let strong = ways.strong();
    let chance = match strong.as_slice() {
        [] => Chance::USUAL,
        _ if by_pair => ways.chance_of_all(),
        _ => ways.chance_of_some(&told),
    };
    let mut pairs = judged(strong, told.len(), chance);
    pairs.extend(same_bytes(first_same));
    pairs.sort_by_key(|pair| (pair.a.min(pair.b), pair.a.max(pair.b)));
    Ok(PairsFound {
        pairs,
        bare,
        compared: ways.compared,
        chance,
    })
}

fn all_pairs(told: &[usize]) -> Vec<Candidate> {
    let each = told.iter().enumerate();
    each.flat_map(|(at, a)| told[at + 1..].iter().map(|b| Candidate { a: *a, b: *b }))
        .collect()
}

/// Each patch whose bytes were there before, with the first that has them.
fn same_bytes(first_same: &[usize]) -> impl Iterator<Item = FoundPair> {
    let same = first_same.iter().enumerate();
    same.filter(|(at, first)| at != *first)
        .map(|(b, a)| FoundPair {
            a: *a,
            b,
            kind: PairKind::Copy,
            alignment: None,
            confidence: 1.0,
        })
}

/// Which candidates are compared, and how.
struct Plan {
    /// Of those by layout.
    wholes: Limits,
    /// Pairs of neighbours by embedding, at most.
    neighbours: usize,
    /// Scales at which these are compared.
    scales: Scales,
    /// Whether corners are looked for, too.
    looks_for_shifts: bool,
}

impl Plan {
    /// For so many patches.
    const fn of(effort: Effort, patches: usize) -> Self {
        match effort {
            Effort::Quick => Self {
                wholes: QUICK_WHOLES,
                neighbours: QUICK_NEIGHBOURS,
                scales: Scales::Own,
                looks_for_shifts: false,
            },
            Effort::Thorough => Self {
                wholes: WHOLES,
                neighbours: MOST_NEIGHBOURS + patches / 10,
                scales: if patches <= ANY_SCALE {
                    Scales::Any
                } else {
                    Scales::Own
                },
                looks_for_shifts: patches <= SHIFTED,
            },
        }
    }
}

/// At most `most` pairs of mutual neighbours, those that stand out most first: nearer to each other than to others.
fn neighbours(directions: &Directions, told: &[usize], most: usize) -> Vec<Candidate> {
    let nearest = directions.nearest(NEIGHBOURS + 1);
    let usual = |at: usize| nearest[at].last().map_or(0.0, |far| far.cosine);
    let mutual = |a: usize, near: &Neighbour| {
        nearest[near.patch].iter().any(|other| other.patch == a) && a < near.patch
    };
    let mut is_told = vec![false; directions.len()];
    for at in told {
        is_told[*at] = true;
    }
    let mut pairs = Vec::new();
    for a in told {
        for near in &nearest[*a] {
            if is_told[near.patch] && mutual(*a, near) {
                let out = near.cosine - f32::midpoint(usual(*a), usual(near.patch));
                pairs.push((
                    out,
                    Candidate {
                        a: *a,
                        b: near.patch,
                    },
                ));
            }
        }
    }
    pairs.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    pairs.into_iter().take(most).map(|(_, pair)| pair).collect()
}

#[cfg(test)]
mod tests {
    use eosin_core::D4;
    use eosin_data::RgbPatch;

    use super::*;
    use crate::plane::Plane;

    /// Tissue of its own: blobs where a generator with this seed puts them.
    fn tissue(seed: u32, side: usize) -> RgbPatch {
        let mut state = seed.wrapping_mul(2_654_435_761).max(1);
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0
        };
        let blobs: Vec<[f32; 3]> = (0..side * side / 60)
            .map(|_| {
                [
                    next() * side as f32,
                    next() * side as f32,
                    1.5 + 2.5 * next(),
                ]
            })
            .collect();
        let mut patch = RgbPatch::filled(side, side, [230, 190, 215]);
        for (at, pixel) in patch.pixels.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let (row, column) = ((at / side) as f32, (at % side) as f32);
            let inside = |[x, y, r]: &[f32; 3]| (x - column).hypot(y - row) < *r;
            if blobs.iter().any(inside) {
                *pixel = [100, 70, 150];
            }
        }
        patch
    }

    fn found(patches: &[RgbPatch]) -> Vec<FoundPair> {
        found_with(patches, Effort::Thorough)
    }

    fn found_with(patches: &[RgbPatch], effort: Effort) -> Vec<FoundPair> {
        let planes: Vec<Plane> = patches.iter().map(Plane::of).collect();
        let first_same: Vec<usize> = (0..planes.len()).collect();
        let search = PairSearch {
            planes: &planes,
            directions: None,
            first_same: &first_same,
            effort,
        };
        let mut go_on = |_| Ok::<(), std::convert::Infallible>(());
        let Ok(found) = find_pairs(search, &mut go_on);
        found.pairs
    }

    fn cut(patch: &RgbPatch, [left, top]: [usize; 2], side: usize) -> RgbPatch {
        let rows = (top..top + side).map(|row| {
            let from = (row * patch.width_px + left) * 3;
            &patch.pixels[from..from + side * 3]
        });
        RgbPatch {
            width_px: side,
            height_px: side,
            pixels: rows.flatten().copied().collect(),
        }
    }

    #[test]
    fn patches_that_have_nothing_to_do_with_each_other_are_no_pairs_at_any_size() {
        for side in [32, 48, 96] {
            let patches: Vec<RgbPatch> = (0..16).map(|seed| tissue(seed + 1, side)).collect();
            assert_eq!(found(&patches), [], "{side} px");
        }
    }

    #[test]
    fn overlapping_crops_come_with_their_offset_under_every_symmetry() {
        let slide = tissue(99, 160);
        for symmetry in D4::ALL {
            let mut patches: Vec<RgbPatch> = (0..10).map(|seed| tissue(seed + 1, 96)).collect();
            patches.push(cut(&slide, [0, 0], 96));
            let mut other = cut(&slide, [40, 24], 96);
            let pixels = other.pixels.as_chunks::<3>().0;
            other.pixels = symmetry.inverse().apply(pixels, 96, 96, 1).concat();
            patches.push(other);
            let pairs = found(&patches);
            assert_eq!(pairs.len(), 1, "{symmetry:?}: {pairs:?}");
            let laid = pairs[0].alignment.expect("pixels were compared");
            assert_eq!(
                (pairs[0].kind, laid.symmetry),
                (PairKind::Overlap, symmetry)
            );
            let [x, y] = laid.offset_px;
            assert!((x - 40.0).abs() < 1.0 && (y - 24.0).abs() < 1.0, "{laid:?}");
        }
    }

    #[test]
    fn many_patches_are_compared_by_layout_and_a_crop_among_them_is_found() {
        let mut patches: Vec<RgbPatch> = (0..200).map(|seed| tissue(seed + 1, 48)).collect();
        let turned = D4::ROT90.apply(patches[7].pixels.as_chunks::<3>().0, 48, 48, 1);
        patches.push(RgbPatch {
            width_px: 48,
            height_px: 48,
            pixels: turned.concat(),
        });
        let pairs = found(&patches);
        assert_eq!(pairs.len(), 1, "{pairs:?}");
        assert_eq!(
            [pairs[0].a.min(pairs[0].b), pairs[0].a.max(pairs[0].b)],
            [7, 200]
        );
        assert_eq!(pairs[0].kind, PairKind::NearCopy);
    }

    #[test]
    fn a_quick_search_finds_turned_copies_in_small_sets_and_in_large_ones() {
        for count in [12, 200] {
            let mut patches: Vec<RgbPatch> = (0..count).map(|seed| tissue(seed + 1, 48)).collect();
            let turned = D4::ROT270.apply(patches[5].pixels.as_chunks::<3>().0, 48, 48, 1);
            patches.push(RgbPatch {
                width_px: 48,
                height_px: 48,
                pixels: turned.concat(),
            });
            let last = patches.len() - 1;
            let pairs = found_with(&patches, Effort::Quick);
            assert_eq!(pairs.len(), 1, "{count}: {pairs:?}");
            let places = [pairs[0].a, pairs[0].b];
            assert!(places.contains(&5) && places.contains(&last), "{places:?}");
        }
    }
}

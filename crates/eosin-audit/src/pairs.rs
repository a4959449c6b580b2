//! Pairs of patches that show the same tissue.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use crate::align::{Aligner, Alignment, COARSE_PX, Scales, Views, exact, fit};
use crate::chance::Chance;
use crate::layouts::{Alike, Limits, alike};
use crate::neighbours::{Directions, Neighbour};
use crate::plane::{Grid, Plane, longest_to};

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
/// Correlation of small pictures below which a part is not laid on exactly.
const FITS: f64 = 0.55;
/// Neighbours by embedding.
const NEIGHBOURS: usize = 10;
/// Pairs of neighbours that are laid on each other, at most, and one more for every ten patches.
const MOST_NEIGHBOURS: usize = 2000;
/// Pairs at random that show what chance does.
const RANDOM_PAIRS: usize = 400;
/// Pairs that are compared between two pulses.
const BETWEEN_PULSES: usize = 2048;

/// Least strength of a pair that is told.
const LEAST_STRENGTH: f64 = 12.0;
/// Least correlation of haematoxylin.
const LEAST_CORRELATION: f64 = 0.55;
/// Least correlation of its detail.
const LEAST_DETAIL: f64 = 0.6;
/// Least confidence.
const LEAST_CONFIDENCE: f64 = 0.95;

/// What a pair of patches is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairKind {
    /// The same bytes, or the same pixels under a symmetry.
    Copy,
    /// The same picture, written, coloured or sized anew.
    NearCopy,
    /// Each shows a part of the other.
    Overlap,
}

impl PairKind {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::NearCopy => "near-copy",
            Self::Overlap => "overlap",
        }
    }
}

/// What pairs are looked for in.
#[derive(Clone, Copy)]
pub struct PairSearch<'a> {
    /// The patches.
    pub planes: &'a [Plane],
    /// Their embeddings, where there are some.
    pub directions: Option<&'a Directions>,
    /// For each the first patch with the same bytes: itself, or one before it.
    pub first_same: &'a [usize],
}

/// Two patches that show the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundPair {
    /// The first patch, whose pixels an offset is in.
    pub a: usize,
    /// The second.
    pub b: usize,
    /// What they are.
    pub kind: PairKind,
    /// How the second lies on the first; `None` where their bytes are the same.
    pub alignment: Option<Alignment>,
    /// One less the share, among all pairs found that are at least as strong, of those that chance is
    /// expected to make; 1 where bytes are the same.
    pub confidence: f64,
}

/// What a search came to.
#[derive(Clone, Debug)]
pub struct PairsFound {
    /// The pairs, by their patches. Patches with the same bytes are paired with the first of them only,
    /// and of these only the first is paired with others.
    pub pairs: Vec<FoundPair>,
    /// Patches without anything to compare, such as empty glass: only their bytes were.
    pub bare: Vec<usize>,
    /// Pairs that were laid on each other.
    pub compared: usize,
    /// How strong chance is here.
    pub chance: Chance,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Pairs done.
    pub done: usize,
    /// Pairs in all, as far as is known.
    pub total: usize,
}

/// Hears how far the search is, and ends it with an error.
pub type Pulse<'a, E> = dyn FnMut(Compared) -> Result<(), E> + 'a;

/// Two patches to be laid on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    a: usize,
    b: usize,
}

/// Finds pairs: those of the same bytes are given; others are candidates by the layout of their
/// haematoxylin ([`alike`]) or by their embeddings, and are told when haematoxylin, and its detail
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
    if told.len() <= ALL_PAIRS {
        let all = told.iter().enumerate();
        let all = all.flat_map(|(at, a)| told[at + 1..].iter().map(|b| Candidate { a: *a, b: *b }));
        ways.compare(&all.collect::<Vec<_>>(), Scales::Any, pulse)?;
    } else {
        ways.parts(&told, pulse)?;
        let scales = if told.len() <= ANY_SCALE {
            Scales::Any
        } else {
            Scales::Own
        };
        if let Some(directions) = search.directions {
            ways.compare(&neighbours(directions, &told), scales, pulse)?;
        }
    }
    let chance = ways.chance(&told);
    let mut pairs = judged(ways.best, told.len(), chance);
    let same = first_same.iter().enumerate();
    pairs.extend(
        same.filter(|(at, first)| at != *first)
            .map(|(b, a)| FoundPair {
                a: *a,
                b,
                kind: PairKind::Copy,
                alignment: None,
                confidence: 1.0,
            }),
    );
    pairs.sort_by_key(|pair| (pair.a.min(pair.b), pair.a.max(pair.b)));
    Ok(PairsFound {
        pairs,
        bare,
        compared: ways.compared,
        chance,
    })
}

/// The pairs that are told, with what chance has to say.
fn judged(best: BTreeMap<Candidate, Laid>, patches: usize, chance: Chance) -> Vec<FoundPair> {
    let is_told = |laid: &Laid| {
        let found = &laid.alignment;
        found.strength >= LEAST_STRENGTH
            && found.correlation >= LEAST_CORRELATION
            && found.detail_correlation >= LEAST_DETAIL
    };
    let mut told: Vec<Laid> = best.into_values().filter(is_told).collect();
    told.sort_by(|one, other| other.alignment.strength.total_cmp(&one.alignment.strength));
    // Candidates are the most alike of all pairs, so chance had all of them to try.
    let all = patches * patches.saturating_sub(1) / 2;
    let confident = told.iter().enumerate().map(|(before, laid)| {
        let alignment = laid.alignment;
        let expected = chance.expected(all, alignment.strength);
        FoundPair {
            a: laid.on,
            b: laid.what,
            kind: if alignment.is_whole() {
                PairKind::NearCopy
            } else {
                PairKind::Overlap
            },
            alignment: Some(alignment),
            confidence: 1.0 - (expected / (before + 1) as f64).min(1.0),
        }
    });
    confident
        .filter(|pair| pair.confidence >= LEAST_CONFIDENCE)
        .collect()
}

/// One patch laid on another.
#[derive(Clone, Copy, Debug)]
struct Laid {
    on: usize,
    what: usize,
    alignment: Alignment,
}

/// The best way of laying each pair on each other, so far.
struct Ways<'a> {
    planes: &'a [Plane],
    aligner: Aligner,
    best: BTreeMap<Candidate, Laid>,
    compared: usize,
}

impl<'a> Ways<'a> {
    fn new(planes: &'a [Plane]) -> Self {
        Self {
            planes,
            aligner: Aligner::new(),
            best: BTreeMap::new(),
            compared: 0,
        }
    }

    fn put(&mut self, on: usize, what: usize, alignment: Alignment) {
        let pair = Candidate {
            a: on.min(what),
            b: on.max(what),
        };
        let laid = Laid {
            on,
            what,
            alignment,
        };
        let best = self.best.entry(pair).or_insert(laid);
        if best.alignment.strength < alignment.strength {
            *best = laid;
        }
    }

    /// Patches that look like a part of another.
    fn parts<E>(&mut self, told: &[usize], pulse: &mut Pulse<'_, E>) -> Result<(), E> {
        let small = |at: &usize| -> Grid {
            let grid = self.planes[*at].grid();
            grid.resized(longest_to(&grid, COARSE_PX))
        };
        let grids: Vec<Grid> = told.par_iter().map(small).collect();
        pulse(Compared { done: 0, total: 0 })?;
        let candidates = alike(&grids, WHOLES);
        let total = candidates.len();
        for (chunk, some) in candidates.chunks(BETWEEN_PULSES).enumerate() {
            pulse(Compared {
                done: chunk * BETWEEN_PULSES,
                total,
            })?;
            let planes = self.planes;
            let lay = |alike: &Alike| {
                let found = fit(&grids[alike.whole], &grids[alike.part], alike);
                (found.correlation >= FITS).then_some(())?;
                let (whole, part) = (told[alike.whole], told[alike.part]);
                let (a, b) = (Views::new(&planes[whole]), Views::new(&planes[part]));
                let better = Alike {
                    transform: found.transform,
                    ..*alike
                };
                Some((whole, part, exact(&a, &b, &better)?))
            };
            let found: Vec<_> = some.par_iter().map(lay).collect();
            self.compared += some.len();
            for (whole, part, alignment) in found.into_iter().flatten() {
                self.put(whole, part, alignment);
            }
        }
        Ok(())
    }

    /// Candidates by themselves.
    fn compare<E>(
        &mut self,
        candidates: &[Candidate],
        scales: Scales,
        pulse: &mut Pulse<'_, E>,
    ) -> Result<(), E> {
        for (chunk, some) in candidates.chunks(BETWEEN_PULSES / 4).enumerate() {
            pulse(Compared {
                done: chunk * BETWEEN_PULSES / 4,
                total: candidates.len(),
            })?;
            let found = self.aligned(some, scales);
            self.compared += some.len();
            for (pair, alignment) in some.iter().zip(found) {
                if let Some(alignment) = alignment {
                    self.put(pair.a, pair.b, alignment);
                }
            }
        }
        Ok(())
    }

    fn aligned(&self, pairs: &[Candidate], scales: Scales) -> Vec<Option<Alignment>> {
        let align = |pair: &Candidate| {
            let (a, b) = (&self.planes[pair.a], &self.planes[pair.b]);
            self.aligner.align(&Views::new(a), &Views::new(b), scales)
        };
        pairs.par_iter().map(align).collect()
    }

    /// How strong matches of pairs are that nothing speaks for.
    fn chance(&self, told: &[usize]) -> Chance {
        let count = told.len();
        if count <= ALL_PAIRS {
            // All pairs were compared, and few of them can be real.
            let mut strengths: Vec<f64> = self
                .best
                .values()
                .map(|laid| laid.alignment.strength)
                .collect();
            strengths.resize(self.compared, 0.0);
            return Chance::of(strengths);
        }
        // The same pairs whenever the set is the same, from all over it.
        let mut pairs = Vec::new();
        let mut step = count / 2;
        while step > 0 && pairs.len() < RANDOM_PAIRS {
            let all = (0..count).step_by(count.div_ceil(RANDOM_PAIRS / 4));
            let at_step = all.map(|at| Candidate {
                a: told[at],
                b: told[(at + step) % count],
            });
            pairs.extend(at_step.filter(|pair| pair.a != pair.b && !self.is_known(*pair)));
            step = step * 2 / 3;
        }
        let found = self.aligned(&pairs, Scales::Own);
        Chance::of(
            found
                .iter()
                .map(|found| found.map_or(0.0, |found| found.strength))
                .collect(),
        )
    }

    fn is_known(&self, pair: Candidate) -> bool {
        let ordered = Candidate {
            a: pair.a.min(pair.b),
            b: pair.a.max(pair.b),
        };
        self.best.contains_key(&ordered)
    }
}

/// Pairs of mutual neighbours, those that stand out most first: nearer to each other than to others.
fn neighbours(directions: &Directions, told: &[usize]) -> Vec<Candidate> {
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
    let most = MOST_NEIGHBOURS + told.len() / 10;
    pairs.into_iter().take(most).map(|(_, pair)| pair).collect()
}

#[cfg(test)]
mod tests {
    use eosin_core::D4;
    use eosin_data::RgbPatch;

    use super::*;

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
        let planes: Vec<Plane> = patches.iter().map(Plane::of).collect();
        let first_same: Vec<usize> = (0..planes.len()).collect();
        let search = PairSearch {
            planes: &planes,
            directions: None,
            first_same: &first_same,
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
}

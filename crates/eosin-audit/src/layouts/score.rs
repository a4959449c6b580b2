//! The products of many layouts with many.

use eosin_kernels::{MIRROR_LANES, Mirrored, raise_under_mirrors};

use super::{FREQUENCIES, Layout, NUMBERS};

/// Patches of a gallery that are scored together: their numbers stay in the cache.
const COLUMNS: usize = 5 * MIRROR_LANES;
/// Numbers but the mean.
const COUNT: usize = NUMBERS - 1;

/// Places of the numbers in the order of their parts: even rows and even columns, even and odd, odd
/// and even, odd and odd.
const PLACES: [usize; COUNT] = places();
/// Where each part ends.
const ENDS: [usize; 4] = ends();

const fn part_of(at: usize) -> usize {
    at / FREQUENCIES % 2 * 2 + at % FREQUENCIES % 2
}

const fn places() -> [usize; COUNT] {
    let (mut places, mut next, mut part) = ([0; COUNT], 0, 0);
    while part < 4 {
        let mut at = 1;
        while at < NUMBERS {
            if part_of(at) == part {
                places[next] = at;
                next += 1;
            }
            at += 1;
        }
        part += 1;
    }
    places
}

const fn ends() -> [usize; 4] {
    let (mut ends, mut at) = ([0; 4], 1);
    while at < NUMBERS {
        let mut part = part_of(at);
        while part < 4 {
            ends[part] += 1;
            part += 1;
        }
        at += 1;
    }
    ends
}

/// One window of every patch.
pub(super) struct Gallery {
    layouts: Vec<Layout>,
    /// For each [`MIRROR_LANES`] patches a matrix `[numbers, lanes]`.
    blocks: Vec<f32>,
}

impl Gallery {
    pub(super) fn new(layouts: Vec<Layout>) -> Self {
        let mut blocks = Vec::with_capacity(layouts.len().next_multiple_of(COLUMNS) * COUNT);
        for block in layouts.chunks(MIRROR_LANES) {
            for place in PLACES {
                let lane = |lane: usize| block.get(lane).map_or(0.0, |layout| layout[place]);
                blocks.extend((0..MIRROR_LANES).map(lane));
            }
        }
        Self { layouts, blocks }
    }

    pub(super) fn cosine(&self, patch: usize, layout: &Layout) -> f32 {
        let products = self.layouts[patch].iter().zip(layout);
        products.map(|(a, b)| a * b).sum()
    }
}

/// A patch that is looked for, as it is and with rows and columns exchanged.
pub(super) struct Query {
    values: [f32; COUNT],
    exchanged: [f32; COUNT],
}

impl Query {
    pub(super) fn new(layout: &Layout) -> Self {
        Self {
            values: PLACES.map(|at| layout[at]),
            exchanged: PLACES.map(|at| layout[at % FREQUENCIES * FREQUENCIES + at / FREQUENCIES]),
        }
    }
}

/// The best `count` patches of each query, which are not the query itself, with cosines of `least` and
/// more.
pub(super) fn score_block(
    galleries: &[Gallery],
    queries: &[Query],
    own: &[usize],
    limits: Limits,
) -> Vec<Vec<usize>> {
    let patches = galleries[0].layouts.len();
    let mut tops: Vec<Top> = (0..queries.len()).map(|_| Top::new(limits)).collect();
    let mut best = [0.0_f32; COLUMNS];
    for first in (0..patches).step_by(COLUMNS) {
        let columns = COLUMNS.min(patches - first);
        let lanes = columns.next_multiple_of(MIRROR_LANES);
        for ((query, top), own) in queries.iter().zip(&mut tops).zip(own) {
            let mirrored = Mirrored {
                values: &query.values,
                exchanged: &query.exchanged,
                ends: ENDS,
            };
            best.fill(f32::NEG_INFINITY);
            for gallery in galleries {
                let block = &gallery.blocks[first * COUNT..][..lanes * COUNT];
                raise_under_mirrors(mirrored, block, &mut best[..lanes]);
            }
            for (column, score) in best[..columns].iter().enumerate() {
                if *score > top.least && first + column != *own {
                    top.put(*score, first + column);
                }
            }
        }
    }
    tops.into_iter()
        .map(|top| top.found.into_iter().map(|(_, patch)| patch).collect())
        .collect()
}

/// What is kept of a query's scores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// So many at most.
    pub count: usize,
    /// None below this cosine.
    pub least: f32,
}

/// The best so far, the best first.
struct Top {
    count: usize,
    least: f32,
    found: Vec<(f32, usize)>,
}

impl Top {
    fn new(limits: Limits) -> Self {
        Self {
            count: limits.count,
            least: limits.least,
            found: Vec::with_capacity(limits.count + 1),
        }
    }

    fn put(&mut self, score: f32, patch: usize) {
        let at = self.found.partition_point(|(other, _)| *other >= score);
        self.found.insert(at, (score, patch));
        self.found.truncate(self.count);
        if self.found.len() == self.count {
            self.least = self.found[self.count - 1].0;
        }
    }
}

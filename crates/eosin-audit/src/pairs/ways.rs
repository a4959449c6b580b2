//! Laying candidates on each other.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::found::{Compared, Pulse};
use crate::align::{Aligner, Alignment, COARSE_PX, Scales, Views, exact, fit};
use crate::chance::Chance;
use crate::layouts::{Alike, Limits, Looking, alike};
use crate::plane::{Grid, Plane, longest_to};

/// Correlation of small pictures below which a part is not laid on exactly.
const FITS: f64 = 0.55;
/// Pairs at random that show what chance does.
const RANDOM_PAIRS: usize = 400;
/// Pairs that are compared between two pulses.
const BETWEEN_PULSES: usize = 2048;

/// Two patches to be laid on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub a: usize,
    pub b: usize,
}

/// One patch laid on another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Laid {
    pub on: usize,
    pub what: usize,
    pub alignment: Alignment,
}

/// The best way of laying each pair on each other, so far.
pub(super) struct Ways<'a> {
    planes: &'a [Plane],
    aligner: Aligner,
    best: BTreeMap<Candidate, Laid>,
    pub compared: usize,
}

impl<'a> Ways<'a> {
    pub(super) fn new(planes: &'a [Plane]) -> Self {
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

    /// Patches that look like a part of another, or have a corner that does.
    pub(super) fn parts<E>(
        &mut self,
        told: &[usize],
        looking: &Looking,
        limits: Limits,
        pulse: &mut Pulse<'_, E>,
    ) -> Result<(), E> {
        let small = |at: &usize| -> Grid {
            let grid = self.planes[*at].grid();
            grid.resized(longest_to(&grid, COARSE_PX))
        };
        let grids: Vec<Grid> = told.par_iter().map(small).collect();
        pulse(Compared { done: 0, total: 0 })?;
        let candidates = alike(&grids, looking, limits);
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
    pub(super) fn compare<E>(
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

    /// The pairs for which much speaks.
    pub(super) fn strong(&self) -> Vec<Laid> {
        let laid = self.best.values().copied();
        laid.filter(Laid::is_strong).collect()
    }

    /// How strong chance is where all pairs of a set were compared, of which few can be real.
    pub(super) fn chance_of_all(&self) -> Chance {
        let laid = self.best.values();
        let mut strengths: Vec<f64> = laid.map(|laid| laid.alignment.strength).collect();
        strengths.resize(self.compared, 0.0);
        Chance::of(strengths)
    }

    /// How strong matches of pairs are that nothing speaks for.
    pub(super) fn chance_of_some(&self, told: &[usize]) -> Chance {
        let count = told.len();
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

//! Whether the worst slice is worse than the worst of as many slices drawn at random.

use eosin_core::{Rng, Seed, Stream};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::deviance::Tally;
use super::figures::SlicedRows;
use super::laid::Laid;
use super::pieces::{Deck, Hand};

/// A slice is too small to be told from others where, even if none of its rows were right, the chance of that
/// times the number of slices were above this.
const TOLD: f64 = 0.05;
/// Two sums of the same rows in another order differ by less.
const ROUNDING: f64 = 1e-9;

/// What slices are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlicedBy {
    /// What rows belong to, such as patients and slides: they may be groups themselves.
    Belonging,
    /// Classes, all of whose rows are expected to be right alike.
    Class,
    /// Anything else that is known of rows.
    Feature,
}

/// Slices drawn at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceTest {
    /// What draws follow from.
    pub seed: Seed,
    /// Which test of those under this seed: they share no draws.
    pub number: u64,
    /// How many draws.
    pub draws: u64,
}

/// The slice that falls furthest below what is to be expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorstSlice {
    /// Which.
    pub slice: usize,
    /// The share of its rows that is to be expected right.
    pub expected: f64,
    /// How often the worst of slices drawn at random falls as far below.
    pub p: f64,
}

/// Slices of one kind, held against slices drawn at random.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceComparison {
    /// Whether each slice is too small to be told from the others, whatever is decided of its rows.
    pub too_small: Vec<bool>,
    /// Whether rows of a group were dealt out together, or each by itself.
    pub of_groups: bool,
    /// The worst of those that are not too small; `None` where there are no two slices, all are too small, or
    /// none falls below what is to be expected.
    pub worst: Option<WorstSlice>,
}

impl SliceTest {
    /// Two thousand draws, less one: so that a p is a multiple of 1/2000.
    pub const fn new(seed: Seed, number: u64) -> Self {
        Self {
            seed,
            number,
            draws: 1999,
        }
    }

    /// Compares slices; `slice_of` says in which of `slices` slices each row is, if in any.
    ///
    /// The worst slice is the one with the largest deviance of its share of right rows from the expected
    /// one, `n (m ln(m / e) + (1 - m) ln((1 - m) / (1 - e)))`, among those below it. Rows are dealt out
    /// anew, each to the place of a row of its class, so that slices keep their sizes and classes; the worst
    /// slice of each deal is what the worst one seen is held to, so that having looked at many slices
    /// costs nothing (the largest of many under permutation: Westfall and Young, Resampling-Based Multiple
    /// Testing, 1993).
    ///
    /// Rows are expected to be right as often as those of their class, or where slices are classes as often as all.
    /// Rows of a group that are in one slice are right or wrong together, so they are dealt out together, to
    /// the places of others of mostly the same class. Where slices are what rows belong to and most hold one
    /// group only, as slices that are patients do, there is no other place to deal them to, and rows are
    /// dealt by themselves: then the question is whether groups differ by more than their rows do.
    ///
    /// # Panics
    /// When there is not an entry a row, or one is not below `slices`.
    pub fn compare(
        &self,
        rows: &SlicedRows<'_>,
        slice_of: &[Option<usize>],
        slices: usize,
        by: SlicedBy,
    ) -> SliceComparison {
        assert_eq!(rows.len(), slice_of.len(), "a slice for each row");
        let laid = Laid::new(rows, slice_of, by);
        let cut = laid.cut(slices);
        let deck = Deck::new(&cut.pieces, slices);
        let times = slices as f64;
        let chances = laid.chances_of_none(slices).into_iter().enumerate();
        let too_small = chances.map(|(slice, none)| {
            let few_ways = cut.of_groups && times / deck.ways(slice, 2.0 * times / TOLD) > TOLD;
            few_ways || times * none > TOLD
        });
        let too_small: Vec<bool> = too_small.collect();
        SliceComparison {
            worst: self.worst(&deck, &too_small),
            of_groups: cut.of_groups,
            too_small,
        }
    }

    fn worst(&self, deck: &Deck, too_small: &[bool]) -> Option<WorstSlice> {
        if too_small.len() < 2 {
            return None;
        }
        let shortfall = |(tally, too_small): (&Tally, &bool)| {
            if *too_small { 0.0 } else { tally.shortfall() }
        };
        let largest = |tallies: &[Tally]| {
            let each = tallies.iter().zip(too_small).map(shortfall);
            each.fold(0.0, f64::max)
        };
        let seen = largest(deck.seen());
        let mut each = deck.seen().iter().zip(too_small).map(shortfall);
        // Of equals the first.
        let slice = each.position(|of| of > 0.0 && of >= seen)?;
        let is_as_far = |hand: &mut Hand, draw: u64| {
            let mut rng: Rng = self.seed.stream(Stream::Slice, &[self.number, draw]);
            u64::from(largest(deck.deal(&mut rng, hand)) >= seen - ROUNDING)
        };
        let draws = (0..self.draws).into_par_iter();
        let as_far: u64 = draws.map_init(Hand::default, is_as_far).sum();
        let tally = deck.seen()[slice];
        Some(WorstSlice {
            slice,
            expected: tally.expected / tally.rows,
            p: (as_far + 1) as f64 / (self.draws + 1) as f64,
        })
    }
}

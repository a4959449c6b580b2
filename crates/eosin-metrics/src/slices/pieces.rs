//! Rows of slices, dealt out again at random.

use eosin_core::Rng;
use rand::RngExt as _;

use super::deviance::Tally;

/// Something that is dealt to slices as a whole: a row, or all rows of a group that are in one slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    pub slice: u32,
    /// Pieces are dealt out among those of one stratum.
    pub stratum: u32,
    pub tally: Tally,
}

/// The pieces of a stratum: each goes to the slice of another.
#[derive(Clone, Debug)]
struct Stratum {
    /// The slice of each.
    slices: Vec<u32>,
    dealt: Dealt,
}

/// What of the pieces is dealt out.
#[derive(Clone, Debug)]
enum Dealt {
    /// They are rows that differ in whether they are right alone, so the places of the fewer ones are
    /// drawn: all others are in the deck's base.
    Fewer {
        /// How many.
        count: usize,
        /// What each changes in the number of right rows.
        change: f64,
    },
    /// They are of several sizes: all.
    Whole(Vec<Tally>),
}

/// All pieces.
#[derive(Clone, Debug)]
pub(super) struct Deck {
    strata: Vec<Stratum>,
    /// Of each slice what is there whatever is dealt.
    base: Vec<Tally>,
    /// Of each slice, as it is.
    seen: Vec<Tally>,
}

/// What a thread deals with.
#[derive(Default)]
pub(super) struct Hand {
    order: Vec<u32>,
    tallies: Vec<Tally>,
}

impl Stratum {
    fn of(pieces: &[Piece], base: &mut [Tally]) -> Self {
        let is_row = |piece: &Piece| piece.tally.rows <= 1.0;
        let right = pieces.iter().filter(|piece| piece.tally.right > 0.0);
        let right = right.count();
        let dealt = if pieces.iter().all(is_row) {
            let wrong = pieces.len() - right;
            let fewer_are_wrong = wrong <= right;
            for piece in pieces {
                base[piece.slice as usize].add(Tally {
                    right: f64::from(u8::from(fewer_are_wrong)),
                    ..piece.tally
                });
            }
            Dealt::Fewer {
                count: wrong.min(right),
                change: if fewer_are_wrong { -1.0 } else { 1.0 },
            }
        } else {
            Dealt::Whole(pieces.iter().map(|piece| piece.tally).collect())
        };
        Self {
            slices: pieces.iter().map(|piece| piece.slice).collect(),
            dealt,
        }
    }
}

impl Deck {
    /// Takes the pieces of so many slices. Rows by themselves are to be expected right alike within a
    /// stratum.
    pub(super) fn new(pieces: &[Piece], slices: usize) -> Self {
        let strata = pieces.iter().map(|piece| piece.stratum as usize + 1).max();
        let mut found = vec![Vec::new(); strata.unwrap_or(0)];
        let mut seen = vec![Tally::default(); slices];
        for piece in pieces {
            found[piece.stratum as usize].push(*piece);
            seen[piece.slice as usize].add(piece.tally);
        }
        let mut base = vec![Tally::default(); slices];
        Self {
            strata: found
                .iter()
                .map(|pieces| Stratum::of(pieces, &mut base))
                .collect(),
            base,
            seen,
        }
    }

    /// Of each slice, as it is.
    pub(super) fn seen(&self) -> &[Tally] {
        &self.seen
    }

    /// In how many ways a slice's pieces can be chosen, no more than `most`.
    pub(super) fn ways(&self, slice: usize, most: f64) -> f64 {
        let of_stratum = |stratum: &Stratum| {
            let own = stratum.slices.iter().filter(|of| **of as usize == slice);
            let (own, all) = (own.count(), stratum.slices.len());
            let fewer = own.min(all - own);
            let mut ways = 1.0;
            for at in 0..fewer {
                ways *= (all - at) as f64 / (at + 1) as f64;
                if ways > most {
                    return most;
                }
            }
            ways
        };
        let all: f64 = self.strata.iter().map(of_stratum).product();
        all.min(most)
    }

    /// Deals each slice as many pieces of each stratum as it has.
    pub(super) fn deal<'a>(&self, rng: &mut Rng, hand: &'a mut Hand) -> &'a [Tally] {
        let Hand { order, tallies } = hand;
        tallies.clone_from(&self.base);
        for stratum in &self.strata {
            match &stratum.dealt {
                Dealt::Fewer { count, change } => {
                    order.clone_from(&stratum.slices);
                    draw(order, *count, rng);
                    for slice in &order[..*count] {
                        tallies[*slice as usize].right += change;
                    }
                }
                Dealt::Whole(pieces) => {
                    order.clone_from(&stratum.slices);
                    draw(order, pieces.len(), rng);
                    for (piece, slice) in pieces.iter().zip(&*order) {
                        tallies[*slice as usize].add(*piece);
                    }
                }
            }
        }
        tallies
    }
}

/// Brings `count` entries, drawn without repetition, to the front (Fisher and Yates).
fn draw(order: &mut [u32], count: usize, rng: &mut Rng) {
    for at in 0..count.min(order.len()) {
        let other = rng.random_range(at..order.len());
        order.swap(at, other);
    }
}

#[cfg(test)]
mod tests {
    use eosin_core::{Seed, Stream};

    use super::*;

    fn piece(slice: u32, stratum: u32, rows: f64, right: f64) -> Piece {
        let expected = rows * 0.8;
        let tally = Tally {
            rows,
            right,
            expected,
        };
        Piece {
            slice,
            stratum,
            tally,
        }
    }

    fn sums(tallies: &[Tally]) -> Tally {
        let mut sum = Tally::default();
        for tally in tallies {
            sum.add(*tally);
        }
        sum
    }

    #[test]
    fn nothing_is_lost_whatever_is_dealt_and_slices_of_rows_keep_their_size() {
        let rows: Vec<Piece> = (0..50)
            .map(|at: u32| {
                piece(
                    at % 3,
                    at % 2,
                    1.0,
                    f64::from(u8::from(!at.is_multiple_of(7))),
                )
            })
            .collect();
        let whole: Vec<Piece> = (0..20)
            .map(|at: u32| piece(at % 4, 0, f64::from(at % 5 + 1), f64::from(at % 5)))
            .collect();
        for (pieces, slices) in [(rows, 3), (whole, 4)] {
            let deck = Deck::new(&pieces, slices);
            let mut hand = Hand::default();
            let before = sums(deck.seen());
            for at in 0..20 {
                let mut rng = Seed(1).stream(Stream::Slice, &[at]);
                let dealt = deck.deal(&mut rng, &mut hand).to_vec();
                let after = sums(&dealt);
                assert!((after.right - before.right).abs() < 1e-9);
                assert!((after.rows - before.rows).abs() < 1e-9);
                assert!((after.expected - before.expected).abs() < 1e-9);
                if slices == 3 {
                    let sizes = dealt.iter().zip(deck.seen());
                    assert!(
                        sizes
                            .into_iter()
                            .all(|(a, b)| (a.rows - b.rows).abs() < 1e-9)
                    );
                }
            }
        }
    }

    #[test]
    fn ways_are_binomial_coefficients_over_strata() {
        let pieces: Vec<Piece> = (0..20)
            .map(|at| piece(u32::from(at >= 2), u32::from(at >= 10), 2.0, 1.0))
            .collect();
        let deck = Deck::new(&pieces, 2);
        // Two of ten.
        assert!((deck.ways(0, 1e9) - 45.0).abs() < 1e-9);
        assert!((deck.ways(0, 20.0) - 20.0).abs() < 1e-9);
    }
}

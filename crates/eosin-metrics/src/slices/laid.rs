//! Rows laid out by slice, with what is expected of them.

use std::collections::BTreeMap;

use super::deviance::Tally;
use super::figures::SlicedRows;
use super::pieces::Piece;
use super::test::SlicedBy;

/// Rows that are in a slice.
pub(super) struct Laid<'a> {
    rows: &'a SlicedRows<'a>,
    placed: Vec<Placed>,
    by: SlicedBy,
    /// The share of rows of each class that is right.
    shares: Vec<f64>,
    /// The chance of a row of each class to be wrong.
    chances_wrong: Vec<f64>,
}

/// A row in a slice.
#[derive(Clone, Copy)]
struct Placed {
    row: usize,
    slice: usize,
    class: usize,
}

/// Pieces, and what they are.
pub(super) struct Cut {
    pub pieces: Vec<Piece>,
    /// Whether they are groups, or rows by themselves.
    pub of_groups: bool,
}

impl<'a> Laid<'a> {
    pub(super) fn new(rows: &'a SlicedRows<'a>, slice_of: &[Option<usize>], by: SlicedBy) -> Self {
        let placed = |(row, slice): (usize, &Option<usize>)| {
            Some(Placed {
                row,
                slice: (*slice)?,
                class: rows.targets()[row],
            })
        };
        let placed: Vec<Placed> = slice_of.iter().enumerate().filter_map(placed).collect();
        let classes = rows.targets().iter().max().map_or(0, |most| most + 1);
        let counts = |class: usize| {
            let counts = |of: &&Placed| by == SlicedBy::Class || of.class == class;
            let of_class = placed.iter().filter(counts);
            let right = of_class.clone().filter(|of| rows.is_right(of.row)).count();
            [right as f64, of_class.count() as f64]
        };
        let counts: Vec<[f64; 2]> = (0..classes).map(counts).collect();
        let share = |[right, all]: &[f64; 2]| right / all.max(1.0);
        // By Laplace's rule: of a class that was never decided wrongly the next one still may be.
        let wrong = |[right, all]: &[f64; 2]| (all - right + 1.0) / (all + 2.0);
        Self {
            rows,
            shares: counts.iter().map(share).collect(),
            chances_wrong: counts.iter().map(wrong).collect(),
            placed,
            by,
        }
    }

    fn tally(&self, of: &Placed) -> Tally {
        Tally {
            rows: 1.0,
            right: f64::from(u8::from(self.rows.is_right(of.row))),
            expected: self.shares[of.class],
        }
    }

    /// The stratum that a piece of this class is in.
    fn stratum(&self, class: usize) -> u32 {
        match self.by {
            SlicedBy::Class => 0,
            SlicedBy::Belonging | SlicedBy::Feature => number(class),
        }
    }

    /// Groups in slices, where any are known; rows where slices are what they belong to and most hold one group.
    pub(super) fn cut(&self, slices: usize) -> Cut {
        let of_groups = self.groups();
        let hold_several = of_groups.len() >= 2 * slices || self.by != SlicedBy::Belonging;
        if !self.rows.groups().are_rows() && hold_several {
            return Cut {
                pieces: of_groups,
                of_groups: true,
            };
        }
        let piece = |of: &Placed| Piece {
            slice: number(of.slice),
            stratum: self.stratum(of.class),
            tally: self.tally(of),
        };
        Cut {
            pieces: self.placed.iter().map(piece).collect(),
            of_groups: false,
        }
    }

    fn groups(&self) -> Vec<Piece> {
        let mut found: BTreeMap<(u32, usize), (Tally, Vec<u64>)> = BTreeMap::new();
        for of in &self.placed {
            let group = self.rows.groups().of_rows()[of.row];
            let (tally, classes) = found.entry((group, of.slice)).or_default();
            classes.resize(self.shares.len(), 0);
            classes[of.class] += 1;
            tally.add(self.tally(of));
        }
        let piece = |((_, slice), (tally, classes)): ((u32, usize), (Tally, Vec<u64>))| {
            // Of equals the first.
            let most = classes.iter().copied().max().unwrap_or(0);
            let class = classes.iter().position(|count| *count == most);
            Piece {
                slice: number(slice),
                stratum: self.stratum(class.unwrap_or(0)),
                tally,
            }
        };
        found.into_iter().map(piece).collect()
    }

    /// The chance that no row of a slice is right, if rows were independent.
    pub(super) fn chances_of_none(&self, slices: usize) -> Vec<f64> {
        let mut chances = vec![1.0; slices];
        for of in &self.placed {
            chances[of.slice] *= self.chances_wrong[of.class];
        }
        chances
    }
}

fn number(slice: usize) -> u32 {
    u32::try_from(slice).unwrap_or(u32::MAX)
}

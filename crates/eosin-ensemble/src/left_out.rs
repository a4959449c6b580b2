//! Folds that are left out, and what is fitted without them.

use rayon::prelude::*;

use crate::methods::{Knots, rank};
use crate::pool::{Labels, Pool};

/// How deep patches are kept from what is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// What judges a fold was fitted without it.
    Outer,
    /// What chooses for a fold was fitted without it too, and judges without that.
    Inner,
}

/// One fold that is left out, or two.
pub(crate) struct LeftOut {
    /// Places of the folds in the pool.
    pub folds: Vec<usize>,
    /// All other patches.
    pub trained: Vec<usize>,
    /// What is known of them.
    pub labels: Labels,
    /// Patches of the folds.
    pub judged: Vec<usize>,
    /// Ranks of each member and class among the patches trained on, `[members][classes]`.
    pub knots: Vec<Vec<Knots>>,
    /// By them, ranks of the patches judged, `[judged, classes]` of each member.
    pub ranked: Vec<Vec<f32>>,
}

impl LeftOut {
    /// Every fold, and with [`Depth::Inner`] every two. Ranks are the same for all subsets of members,
    /// and so are found once, if anything wants them.
    pub fn all(pool: &Pool, depth: Depth, ranks: Ranks) -> Vec<Self> {
        let folds = pool.folds();
        let mut sets: Vec<Vec<usize>> = (0..folds).map(|fold| vec![fold]).collect();
        if depth == Depth::Inner {
            for one in 0..folds {
                sets.extend((one + 1..folds).map(|other| vec![one, other]));
            }
        }
        sets.into_par_iter()
            .map(|folds| Self::new(pool, folds, ranks))
            .collect()
    }

    fn new(pool: &Pool, folds: Vec<usize>, ranks: Ranks) -> Self {
        let trained = pool.without(&folds);
        let judged: Vec<usize> = folds
            .iter()
            .flat_map(|fold| pool.parts()[*fold].iter().copied())
            .collect();
        let (mut knots, mut ranked) = (Vec::new(), Vec::new());
        if ranks == Ranks::Wanted && !trained.is_empty() {
            let members: Vec<usize> = (0..pool.members().len()).collect();
            knots = rank::fit(&pool.said().pick(&members, &trained));
            let said = pool.said().pick(&members, &judged);
            let each = knots.iter().zip(&said.log_probs);
            ranked = each.map(|(knots, one)| rank::ranks(knots, one)).collect();
        }
        Self {
            labels: pool.labels().pick(&trained),
            folds,
            trained,
            judged,
            knots,
            ranked,
        }
    }
}

/// Whether ranks are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ranks {
    Wanted,
    Unwanted,
}

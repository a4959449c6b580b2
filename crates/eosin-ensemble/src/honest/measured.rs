//! Scores and influences of the candidates that matter, and of what the folds chose among them.

use std::collections::{BTreeMap, BTreeSet};

use eosin_core::Seed;
use eosin_metrics::Metric;
use rayon::prelude::*;

use crate::error::EnsembleError;
use crate::pool::Pool;
use crate::search::Trials;

use super::contest::sign;
use super::estimate::Estimate;
use super::influence::{Units, influence};
use super::report::Comparison;
use super::ruler::{score, weights};
use super::unstable::{Contest, Simulations, Stage};

/// What is known of the candidates that matter.
pub(super) struct Measured<'a> {
    pool: &'a Pool,
    metric: Metric,
    pub units: Units,
    weights: Vec<f64>,
    /// Of each place, logits of all patches.
    logits: BTreeMap<usize, Vec<f32>>,
    /// Of each place, its score.
    pub scores: BTreeMap<usize, Option<f64>>,
    influences: Vec<Vec<f32>>,
    /// Scores in the order of influences.
    values: Vec<f64>,
    seed: Seed,
}

/// A contest's choices on the folds that they were made without.
pub(super) struct Nested {
    pub score: Option<f64>,
    influence: Vec<f32>,
}

impl<'a> Measured<'a> {
    pub fn new<'b>(
        trials: &Trials<'a>,
        contests: impl Iterator<Item = &'b Contest>,
        seed: Seed,
    ) -> Result<Self, EnsembleError> {
        let (pool, metric) = (trials.bench.pool, trials.search.select);
        let places: BTreeSet<usize> = contests.flat_map(|one| trials.simulated(one)).collect();
        let units = Units::new(pool, metric);
        let places: Vec<usize> = places.into_iter().collect();
        let each = places.par_iter().map(|place| {
            let one = &trials.search.candidates[*place];
            let layers = trials.bench.layers(&one.members, &[one.method])?.remove(0);
            let influence = influence(pool, metric, &units, &layers.outer)?;
            let score = score(pool, metric, &layers.outer)?;
            Ok((layers.outer, influence, score))
        });
        let each: Result<Vec<_>, EnsembleError> = each.collect();
        let (mut logits, mut scores) = (BTreeMap::new(), BTreeMap::new());
        let (mut influences, mut values) = (Vec::new(), Vec::new());
        for (place, (outer, influence, score)) in places.into_iter().zip(each?) {
            logits.insert(place, outer);
            scores.insert(place, score);
            influences.push(influence);
            values.push(score.unwrap_or_default());
        }
        Ok(Self {
            weights: weights(pool, metric),
            pool,
            metric,
            units,
            logits,
            scores,
            influences,
            values,
            seed,
        })
    }

    pub fn stage(&self) -> Stage<'_> {
        Stage {
            units: &self.units,
            weights: &self.weights,
            sign: sign(self.metric),
            influences: &self.influences,
            scores: &self.values,
            seed: self.seed,
        }
    }

    /// The contest among those that are simulated, by their places among them.
    pub fn within(&self, contest: &Contest) -> Contest {
        let places: BTreeMap<usize, usize> = self.logits.keys().copied().zip(0..).collect();
        let all = contest.places.iter();
        Contest {
            places: all.filter_map(|at| places.get(at).copied()).collect(),
            chosen: contest.chosen.iter().map(|at| places[at]).collect(),
            finally: places[&contest.finally],
        }
    }

    pub fn run(&self, contest: &Contest) -> Result<Nested, EnsembleError> {
        let classes = self.pool.labels().classes;
        let mut logits = vec![0.0; self.pool.patches() * classes];
        for (part, chosen) in self.pool.parts().iter().zip(&contest.chosen) {
            for patch in part {
                let row = patch * classes..(patch + 1) * classes;
                logits[row.clone()].copy_from_slice(&self.logits[chosen][row]);
            }
        }
        Ok(Nested {
            score: score(self.pool, self.metric, &logits)?,
            influence: influence(self.pool, self.metric, &self.units, &logits)?,
        })
    }

    pub fn estimate(&self, nested: &Nested, growth: f64) -> Estimate {
        let squares = nested.influence.iter().map(|one| f64::from(*one).powi(2));
        let variance = growth * squares.sum::<f64>();
        Estimate::new(nested.score, variance, &self.units).within(self.metric)
    }

    /// The choice among `ensembles` against that among `singles`.
    pub fn compare(
        &self,
        simulations: &Simulations<'_>,
        ensembles: &Contest,
        singles: &Contest,
    ) -> Result<Comparison, EnsembleError> {
        let (ensemble, single) = (self.run(ensembles)?, self.run(singles)?);
        let (ensembles, singles) = (self.within(ensembles), self.within(singles));
        let pairs = ensemble.influence.iter().zip(&single.influence);
        let squares = pairs.map(|(one, other)| f64::from(one - other).powi(2));
        let growth = simulations.growth_of_difference(&ensembles, &singles);
        let variance = growth * squares.sum::<f64>();
        let both = ensemble.score.zip(single.score);
        let difference = both.map(|(ensemble, single)| ensemble - single);
        let difference = Estimate::new(difference, variance, &self.units);
        Ok(Comparison {
            ensemble: self.estimate(&ensemble, simulations.growth(&ensembles)),
            single: self.estimate(&single, simulations.growth(&singles)),
            can_be_told_apart: difference.excludes_zero(),
            difference,
        })
    }
}

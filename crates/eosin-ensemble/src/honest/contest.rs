//! Choices among candidates of some sizes.

use std::collections::BTreeSet;

use eosin_metrics::Metric;

use crate::error::EnsembleError;
use crate::search::{Trials, best};

use super::report::Choice;
use super::unstable::Contest;

/// Candidates of each contest whose choice is simulated at most: the others are too far behind.
const SIMULATED: usize = 48;

impl Trials<'_> {
    /// A choice among candidates of some sizes; `None` where there is none.
    pub(super) fn contest(
        &self,
        is_wanted: fn(usize) -> bool,
    ) -> Result<Option<Contest>, EnsembleError> {
        let metric = self.search.select;
        let candidates = self.search.candidates.iter().enumerate();
        let places: Vec<usize> = candidates
            .filter(|(_, one)| is_wanted(one.members.len()))
            .map(|(at, _)| at)
            .collect();
        let scores: Vec<Option<f64>> = self.search.candidates.iter().map(|one| one.score).collect();
        let Some(finally) = best(metric, &scores, places.iter().copied()) else {
            return Ok(None);
        };
        let without = |fold: usize| {
            let scores: Vec<Option<f64>> = self.without.iter().map(|of| of[fold]).collect();
            best(metric, &scores, places.iter().copied()).ok_or(EnsembleError::Undefined { metric })
        };
        let chosen: Result<Vec<usize>, EnsembleError> =
            (0..self.bench.pool.folds()).map(without).collect();
        Ok(Some(Contest {
            chosen: chosen?,
            finally,
            places,
        }))
    }

    pub(super) fn choices(&self, contest: &Contest) -> Vec<Choice> {
        let parts = self.bench.pool.parts().iter().zip(&contest.chosen);
        let choice = |(part, at): (&Vec<usize>, &usize)| Choice {
            fold: self.bench.pool.labels().folds[part[0]],
            members: self.search.candidates[*at].members.clone(),
            method: self.search.candidates[*at].method,
        };
        parts.map(choice).collect()
    }

    /// The best candidates of a contest, and all that were chosen.
    pub(super) fn simulated(&self, contest: &Contest) -> BTreeSet<usize> {
        let sign = sign(self.search.select);
        let score = |at: usize| self.search.candidates[at].score;
        let mut places: Vec<usize> = contest.places.clone();
        places.retain(|at| score(*at).is_some());
        // Stable: of equals the earlier stay.
        places.sort_by(|one, other| {
            let [one, other] = [one, other].map(|at| sign * score(*at).unwrap_or_default());
            other.total_cmp(&one)
        });
        places.truncate(SIMULATED);
        places
            .into_iter()
            .chain(contest.chosen.iter().copied())
            .collect()
    }
}

/// 1 where more is better, else -1.
pub(super) fn sign(metric: Metric) -> f64 {
    if metric.higher_is_better() { 1.0 } else { -1.0 }
}

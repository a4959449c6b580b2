//! The metric of every coalition of members.

use eosin_metrics::Metric;
use rayon::prelude::*;

use crate::error::EnsembleError;
use crate::harmony::MemberShare;
use crate::methods::geometric::mean_logits;
use crate::pool::Pool;
use crate::said::narrow;
use crate::score::Ruler;

/// Members at most: they have 4,096 coalitions.
pub(crate) const MOST_MEMBERS: usize = 12;

/// The metric of every coalition, of which bit `m` says whether member `m` is in.
pub(crate) struct Coalitions {
    members: usize,
    metric: Metric,
    scores: Vec<Option<f64>>,
}

impl Coalitions {
    pub fn new(pool: &Pool, subset: &[usize], metric: Metric) -> Result<Self, EnsembleError> {
        let ruler = Ruler {
            metric,
            labels: pool.labels(),
        };
        Self::of(subset.len(), metric, |coalition| {
            let inside = (0..subset.len()).filter(|at| coalition >> at & 1 == 1);
            let members: Vec<usize> = inside.map(|at| subset[at]).collect();
            if members.is_empty() {
                return Ok(ruler.score(&shares(pool))?);
            }
            Ok(ruler.score(&mean_logits(pool.said(), &members))?)
        })
    }

    /// Of any score of a coalition.
    pub fn of(
        members: usize,
        metric: Metric,
        score: impl Fn(usize) -> Result<Option<f64>, EnsembleError> + Sync + Send,
    ) -> Result<Self, EnsembleError> {
        if members > MOST_MEMBERS {
            return Err(EnsembleError::TooManyMembers {
                members,
                most: MOST_MEMBERS,
            });
        }
        let all = (0..1_usize << members).into_par_iter().map(score);
        let scores: Result<Vec<Option<f64>>, EnsembleError> = all.collect();
        Ok(Self {
            members,
            metric,
            scores: scores?,
        })
    }

    /// What each member brings; `places` are theirs in the pool.
    pub fn shares(&self, places: &[usize]) -> Vec<MemberShare> {
        let shapley = self.shapley();
        let share = |(at, member): (usize, &usize)| MemberShare {
            member: *member,
            score: self.alone(at),
            leave_one_out: self.leave_one_out(at),
            shapley: shapley.as_ref().map(|shapley| shapley[at]),
        };
        places.iter().enumerate().map(share).collect()
    }

    pub fn empty(&self) -> Option<f64> {
        self.scores[0]
    }

    pub fn alone(&self, member: usize) -> Option<f64> {
        self.scores[1 << member]
    }

    pub fn all(&self) -> Option<f64> {
        self.scores[self.scores.len() - 1]
    }

    pub fn leave_one_out(&self, member: usize) -> Option<f64> {
        let all = self.scores.len() - 1;
        self.gain(all & !(1 << member), all)
    }

    fn gain(&self, from: usize, to: usize) -> Option<f64> {
        let by = self.scores[to]? - self.scores[from]?;
        Some(if self.metric.higher_is_better() {
            by
        } else {
            -by
        })
    }

    /// `sum_S |S|! (M - |S| - 1)! / M! (v(S + m) - v(S))` over all `S` without `m`; `None` where the
    /// metric of a coalition is undefined.
    pub fn shapley(&self) -> Option<Vec<f64>> {
        let weights: Vec<f64> = (0..self.members)
            .map(|size| 1.0 / (self.members as f64 * choose(self.members - 1, size)))
            .collect();
        let of_member = |member: usize| {
            let bit = 1 << member;
            let without = (0..self.scores.len()).filter(|coalition| coalition & bit == 0);
            let gains = without.map(|coalition| {
                let weight = weights[coalition.count_ones() as usize];
                Some(weight * self.gain(coalition, coalition | bit)?)
            });
            gains.sum()
        };
        (0..self.members).map(of_member).collect()
    }
}

/// Ways to choose `some` of `all`.
fn choose(all: usize, some: usize) -> f64 {
    (0..some).fold(1.0, |ways, at| ways * (all - at) as f64 / (at + 1) as f64)
}

/// The same for every patch: logits of the shares of the classes.
fn shares(pool: &Pool) -> Vec<f32> {
    let labels = pool.labels();
    let mut counts = vec![0.0_f64; labels.classes];
    for target in &labels.targets {
        counts[*target] += 1.0;
    }
    let least = f64::from(crate::said::LEAST_LOG_PROB);
    let logit = |count: &f64| narrow((count / pool.patches() as f64).ln().max(least));
    let row: Vec<f32> = counts.iter().map(logit).collect();
    row.repeat(pool.patches())
}

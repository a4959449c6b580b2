//! How runs get along as an ensemble, and which of them make the best one.

use std::time::Instant;

use anyhow::{Result, bail};
use eosin_core::Seed;
use eosin_core::config::EnsembleMethod;
use eosin_data::RgbPatch;
use eosin_ensemble::{
    Candidate, Cost, Estimate, Harmony, Honest, Method, Pool, SearchOptions, harmony, honest,
    out_of_fold, search,
};
use eosin_metrics::Metric;
use eosin_train::{MemberRun, Predictor, UseFolds, is_soup};
use serde::{Deserialize, Serialize};

use crate::create::weight_store;
use crate::weights_used::weights_used;

/// Sizes of the subsets whose best is also tried as one head on all embeddings.
const JOINED: [usize; 2] = [2, 3];
/// Patches that a member's time is measured on.
const TIMED: usize = 8;

/// The contents of `ensemble.json`: how runs get along, and what a search for the best ensemble of
/// them found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnsembleFindings {
    /// What the runs are called, by their places in what follows.
    pub names: Vec<String>,
    /// What each costs.
    pub costs: Vec<Cost>,
    /// How they get along.
    pub harmony: Harmony,
    /// The search; `None` where members and method were given.
    pub search: Option<Honest>,
    /// Places of the members that make the ensemble.
    pub members: Vec<usize>,
    /// How they are combined.
    pub method: EnsembleMethod,
}

/// What an ensemble may cost.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchLimits {
    /// Members at most.
    pub max_members: usize,
    /// Bytes of all weights together at most.
    pub max_bytes: Option<u64>,
    /// Milliseconds a patch at most.
    pub max_ms: Option<f64>,
}

impl Default for SearchLimits {
    /// Five members of 300 MB together, as the 2020 datathon had it.
    fn default() -> Self {
        Self {
            max_members: 5,
            max_bytes: Some(300_000_000),
            max_ms: None,
        }
    }
}

impl EnsembleFindings {
    /// Of members that are all taken, by a method that was given.
    pub(crate) fn of_all(
        members: &[MemberRun],
        pool: &Pool,
        method: EnsembleMethod,
        select: Metric,
    ) -> Result<Self> {
        let all: Vec<usize> = (0..members.len()).collect();
        if method != EnsembleMethod::Concat && !is_soup(method) {
            // What cannot be fitted is known before anything is written.
            out_of_fold(pool, &all, method.as_str().parse()?, select)?;
        }
        Ok(Self {
            names: names(members),
            costs: costs(members)?,
            harmony: harmony(pool, &all, select)?,
            search: None,
            members: all,
            method,
        })
    }

    /// Of the best that a search finds: two members or more, where there are as many within the
    /// limits. `join` solves one head on the embeddings of some members, and gives what it says out of
    /// fold.
    pub(crate) fn searched(
        members: &[MemberRun],
        mut pool: Pool,
        limits: &SearchLimits,
        select: Metric,
        seed: Seed,
        join: &mut dyn FnMut(&[usize]) -> Result<Vec<f32>>,
    ) -> Result<Self> {
        if pool.folds() < 2 {
            bail!(
                "the runs were judged on one validation part: a choice among their combinations would be \
                 judged on what it was chosen by; name '--method soft' or another, or cross-validate"
            );
        }
        let costs = costs(members)?;
        // What is fitted on other folds, of which one more is kept from the choice.
        let fits = pool.folds() > 2;
        let methods = Method::COMBINING.into_iter();
        let options = SearchOptions {
            methods: methods
                .filter(|method| fits || !method.is_fitted())
                .collect(),
            max_size: limits.max_members,
            max_bytes: limits.max_bytes,
            max_ms: limits.max_ms,
            select,
        };
        // A head on joined embeddings takes longer than all else together: it is solved where the rest
        // promises most.
        let first = search(&pool, &costs, &options)?;
        for size in JOINED {
            let joinable = |subset: &[usize]| {
                let able = |at: &usize| members[*at].unjoinable().is_none();
                subset.len() == size && subset.iter().all(able)
            };
            let wanted = first.candidates.iter().filter(|one| joinable(&one.members));
            let best = wanted.reduce(|best, one| {
                if select.is_better(one.score, best.score) {
                    one
                } else {
                    best
                }
            });
            if let Some(best) = best {
                pool = pool.with_joined(best.members.clone(), join(&best.members)?)?;
            }
        }
        let search = honest(&pool, &costs, &options, seed)?;
        let found = &search.search;
        let best = &found.candidates[found.best_ensemble.unwrap_or(found.best)];
        let all: Vec<usize> = (0..members.len()).collect();
        Ok(Self {
            names: names(members),
            harmony: harmony(&pool, &all, select)?,
            members: best.members.clone(),
            method: best.method.as_str().parse()?,
            costs,
            search: Some(search),
        })
    }

    /// The candidates of the search, the best first.
    pub fn ranking(&self) -> Vec<&Candidate> {
        let Some(search) = &self.search else {
            return Vec::new();
        };
        let metric = search.search.select;
        let mut all: Vec<&Candidate> = search.search.candidates.iter().collect();
        // The search's own order stands among equals.
        all.sort_by(|a, b| {
            if metric.is_better(a.score, b.score) {
                std::cmp::Ordering::Less
            } else if metric.is_better(b.score, a.score) {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Equal
            }
        });
        all
    }

    /// Whether a candidate is the ensemble.
    pub fn is_chosen(&self, candidate: &Candidate) -> bool {
        candidate.members == self.members && candidate.method.as_str() == self.method.as_str()
    }

    /// Names of members, joined.
    pub fn shown(&self, members: &[usize]) -> String {
        let names = members.iter().map(|member| self.names[*member].as_str());
        names.collect::<Vec<_>>().join(" + ")
    }

    /// What the search came to, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let Some(search) = &self.search else {
            return vec![format!(
                "{} by {}, as it was asked for.",
                self.shown(&self.members),
                self.method
            )];
        };
        let metric = search.search.select.title();
        let count = search.search.candidates.len();
        let mut all = vec![format!(
            "{} by {}: the best of {count} combinations of {} runs by out-of-fold {metric}.",
            self.shown(&self.members),
            self.method,
            self.names.len()
        )];
        all.push(format!(
            "The best of many is best partly by luck: its own {metric} is {}; the search repeated \
             without each fold and judged on that fold reaches {}{}.",
            value(search.naive),
            estimate(&search.nested),
            // Folds may choose ensembles whose probabilities have no common scale.
            match search.search.select {
                Metric::Auroc => " (here and below of pairs of patches within a fold)",
                _ => "",
            }
        ));
        match &search.comparison {
            Some(found) if found.can_be_told_apart => all.push(format!(
                "The best ensemble ({}) is {} than the best single run ({}): the difference is {}.",
                estimate(&found.ensemble),
                if better(found.difference.score, search.search.select) {
                    "better"
                } else {
                    "worse"
                },
                estimate(&found.single),
                estimate(&found.difference)
            )),
            Some(found) => all.push(format!(
                "The best ensemble ({}) cannot be told from the best single run ({}): the difference \
                 is {}. The single run is smaller and faster.",
                estimate(&found.ensemble),
                estimate(&found.single),
                estimate(&found.difference)
            )),
            None => {}
        }
        if let Some(single) = search.search.best_single {
            let single = &search.search.candidates[single];
            all.push(format!(
                "The best single run is {} (out-of-fold {metric} {}, all folds pooled).",
                self.shown(&single.members),
                value(single.score)
            ));
        }
        all
    }
}

fn better(difference: Option<f64>, metric: Metric) -> bool {
    difference.is_some_and(|by| (by > 0.0) == metric.higher_is_better())
}

fn value(value: Option<f64>) -> String {
    value.map_or_else(|| "undefined".to_owned(), |value| format!("{value:.4}"))
}

fn estimate(estimate: &Estimate) -> String {
    match (estimate.score, estimate.ci_low, estimate.ci_high) {
        (Some(score), Some(low), Some(high)) => format!("{score:.4} [{low:.4}, {high:.4}]"),
        (score, ..) => value(score),
    }
}

fn names(members: &[MemberRun]) -> Vec<String> {
    members.iter().map(|member| member.name.clone()).collect()
}

fn costs(members: &[MemberRun]) -> Result<Vec<Cost>> {
    members.iter().map(cost).collect()
}

/// What a run costs where it is used: the network that it started from and what its folds have
/// trained (once, where their mean is one network), and the time that a patch takes, measured.
fn cost(member: &MemberRun) -> Result<Cost> {
    let (record, folder) = (&member.record, &member.folder);
    let used = weights_used(folder, &member.name)?;
    let bytes = used.iter().map(|one| one.bytes).sum();
    if record.network().is_none() {
        return Ok(Cost { bytes, ms: 0.0 });
    }
    let store = weight_store(folder)?;
    let predictor = Predictor::load(folder, &store, UseFolds::Average)?;
    let side = record.size_px();
    let patch = RgbPatch {
        width_px: side,
        height_px: side,
        // A network takes as long for any.
        pixels: vec![127; side * side * 3],
    };
    let patches = vec![patch; TIMED];
    predictor.predict_pixels(&patches)?;
    let begun = Instant::now();
    predictor.predict_pixels(&patches)?;
    Ok(Cost {
        bytes,
        ms: 1e3 * begun.elapsed().as_secs_f64() / TIMED as f64,
    })
}

//! The search over subsets and methods.

use eosin_metrics::Metric;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::EnsembleError;
use crate::layers::Bench;
use crate::left_out::Depth;
use crate::limits::{limits, subsets, total};
use crate::method::Method;
use crate::pareto::mark;
use crate::pool::{Labels, Pool, check_length};
use crate::said::rows_of;
use crate::score::Ruler;

/// What a member costs where it is used.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Size of its weights.
    pub bytes: u64,
    /// Milliseconds a patch.
    pub ms: f64,
}

/// What is searched.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchOptions {
    /// Methods of ensembles of two members or more, [`Method::Concat`] not among them: it is tried
    /// where the pool was told what it says.
    pub methods: Vec<Method>,
    /// Members at most.
    pub max_size: usize,
    /// Bytes of all members together at most.
    pub max_bytes: Option<u64>,
    /// Milliseconds a patch of all members together at most.
    pub max_ms: Option<f64>,
    /// The metric that selects.
    pub select: Metric,
}

impl Default for SearchOptions {
    /// Every method, five members of 300 MB together, by AUROC.
    fn default() -> Self {
        Self {
            methods: Method::COMBINING.to_vec(),
            max_size: 5,
            max_bytes: Some(300_000_000),
            max_ms: None,
            select: Metric::Auroc,
        }
    }
}

/// Some members and how they are combined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Places of the members in the pool, rising.
    pub members: Vec<usize>,
    /// How they are combined; of a single member, which has nothing to combine, [`Method::Soft`].
    pub method: Method,
    /// The metric of all patches together, each by what was fitted without its fold; `None` where it
    /// is undefined. Of the best candidate it is optimistic: see [`honest`](crate::honest()).
    pub score: Option<f64>,
    /// Bytes of all members.
    pub bytes: u64,
    /// Milliseconds a patch of all members.
    pub ms: f64,
    /// Whether no other candidate is as good in score, bytes and milliseconds, and better in one.
    pub pareto: bool,
}

/// Every candidate within the limits, in the order of ties: smaller ones first, then those with
/// earlier members, then by the order of methods that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// The metric that selects.
    pub select: Metric,
    /// Single members, then ensembles.
    pub candidates: Vec<Candidate>,
    /// Place of the best candidate.
    pub best: usize,
    /// Place of the best single member; `None` where none is within the limits or defined.
    pub best_single: Option<usize>,
    /// Place of the best candidate of two members or more.
    pub best_ensemble: Option<usize>,
}

impl Search {
    /// The best candidate.
    pub fn best(&self) -> &Candidate {
        &self.candidates[self.best]
    }
}

/// A candidate and what its score is where a fold is left out altogether.
pub(crate) struct Trial {
    pub candidate: Candidate,
    /// Of each fold, the metric of the patches outside it, by what was fitted without it; empty at
    /// [`Depth::Outer`].
    pub without: Vec<Option<f64>>,
}

/// Tries every subset and method within the limits. The same result whatever the number of threads.
///
/// # Errors
/// When there is not a cost a member, nothing is within the limits, a fitted method has fewer than two
/// folds or a class is missing outside a fold, or the metric is undefined for every candidate.
pub fn search(
    pool: &Pool,
    costs: &[Cost],
    options: &SearchOptions,
) -> Result<Search, EnsembleError> {
    Ok(Trials::new(pool, costs, options, Depth::Outer)?.search)
}

/// A search with what it is repeated from.
pub(crate) struct Trials<'a> {
    pub bench: Bench<'a>,
    pub search: Search,
    /// Of each candidate, as [`Trial`] has it.
    pub without: Vec<Vec<Option<f64>>>,
}

impl<'a> Trials<'a> {
    pub fn new(
        pool: &'a Pool,
        costs: &[Cost],
        options: &SearchOptions,
        depth: Depth,
    ) -> Result<Self, EnsembleError> {
        check_length("costs", costs.len(), pool.members().len())?;
        let subsets = subsets(costs, options);
        if subsets.is_empty() {
            return Err(EnsembleError::NothingWithinLimits {
                limits: limits(options),
            });
        }
        let any = subsets.iter().any(|subset| subset.len() > 1);
        let methods = if any { &options.methods[..] } else { &[] };
        let bench = Bench::new(pool, options.select, methods, depth)?;
        let outside = outside(pool, depth);
        let tried = subsets.par_iter().map(|subset| {
            let mut methods = if subset.len() == 1 {
                vec![Method::Soft]
            } else {
                options.methods.clone()
            };
            methods.extend(pool.joined(subset).map(|_| Method::Concat));
            try_subset(&bench, &outside, subset, &methods)
        });
        let tried: Result<Vec<Vec<Trial>>, EnsembleError> = tried.collect();
        let (mut candidates, without): (Vec<_>, Vec<_>) = tried?
            .into_iter()
            .flatten()
            .map(|trial| (trial.candidate, trial.without))
            .unzip();
        for one in &mut candidates {
            let cost = total(costs, &one.members);
            (one.bytes, one.ms) = (cost.bytes, cost.ms);
        }
        mark(&mut candidates, options.select);
        Ok(Self {
            bench,
            search: Search::of(options.select, candidates)?,
            without,
        })
    }
}

impl Search {
    fn of(select: Metric, candidates: Vec<Candidate>) -> Result<Self, EnsembleError> {
        let scores: Vec<Option<f64>> = candidates.iter().map(|one| one.score).collect();
        let best_of = |is_wanted: fn(usize) -> bool| {
            let wanted = |at: &usize| is_wanted(candidates[*at].members.len());
            best(select, &scores, (0..scores.len()).filter(wanted))
        };
        let best = best_of(|_| true).ok_or(EnsembleError::Undefined { metric: select })?;
        Ok(Self {
            select,
            best,
            best_single: best_of(|size| size == 1),
            best_ensemble: best_of(|size| size > 1),
            candidates,
        })
    }
}

/// The first of the best of some places; `None` where none is defined.
pub(crate) fn best(
    metric: Metric,
    scores: &[Option<f64>],
    places: impl Iterator<Item = usize>,
) -> Option<usize> {
    let mut best: Option<usize> = None;
    for at in places {
        if metric.is_better(scores[at], best.and_then(|best| scores[best])) {
            best = Some(at);
        }
    }
    best
}

/// Patches outside a fold, and what is known of them.
struct Outside {
    patches: Vec<usize>,
    labels: Labels,
}

fn outside(pool: &Pool, depth: Depth) -> Vec<Outside> {
    let folds = match depth {
        Depth::Outer => 0,
        Depth::Inner => pool.folds(),
    };
    let of_fold = |fold| {
        let patches = pool.without(&[fold]);
        Outside {
            labels: pool.labels().pick(&patches),
            patches,
        }
    };
    (0..folds).map(of_fold).collect()
}

fn try_subset(
    bench: &Bench<'_>,
    outside: &[Outside],
    subset: &[usize],
    methods: &[Method],
) -> Result<Vec<Trial>, EnsembleError> {
    let (metric, classes) = (bench.metric, bench.pool.labels().classes);
    let layers = bench.layers(subset, methods)?;
    let trial = |(layers, method): (crate::layers::Layers, &Method)| {
        let ruler = Ruler {
            metric,
            labels: bench.pool.labels(),
        };
        let score = ruler.score(&layers.outer)?;
        let mut without = Vec::with_capacity(outside.len());
        for (fold, Outside { patches, labels }) in outside.iter().enumerate() {
            let rows = rows_of(layers.without(fold), classes, patches);
            without.push(Ruler { metric, labels }.score(&rows)?);
        }
        let candidate = Candidate {
            members: subset.to_vec(),
            method: *method,
            score,
            bytes: 0,
            ms: 0.0,
            pareto: false,
        };
        Ok(Trial { candidate, without })
    };
    layers.into_iter().zip(methods).map(trial).collect()
}

//! The search repeated without each fold.

use eosin_core::Seed;
use serde::{Deserialize, Serialize};

use crate::error::EnsembleError;
use crate::left_out::Depth;
use crate::method::Method;
use crate::pool::Pool;
use crate::search::{Cost, Search, SearchOptions, Trials};

use super::estimate::Estimate;
use super::measured::Measured;
use super::unstable::Simulations;

/// What a search chose, and what its choice is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Honest {
    /// The search of all patches.
    pub search: Search,
    /// The best candidate's own score, measured as `nested` is: it was chosen by it.
    pub naive: Option<f64>,
    /// The score of the search repeated without each fold, on that fold. Its interval is meant to hold
    /// the true score of the search's choice.
    pub nested: Estimate,
    /// By how much `naive` is better than `nested`: what the choice owes to luck.
    pub optimism: Option<f64>,
    /// What was chosen without each fold.
    pub choices: Vec<Choice>,
    /// The best ensemble against the best single member; `None` where there is not one of each.
    pub comparison: Option<Comparison>,
    /// What varies independently: groups, or blocks of them where the metric needs a jackknife.
    pub units: usize,
}

/// What was chosen without a fold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The number of the fold in [`Labels::folds`](crate::Labels::folds).
    pub fold: usize,
    /// Places of the members in the pool.
    pub members: Vec<usize>,
    /// How they are combined.
    pub method: Method,
}

/// The choice among ensembles against that among single members, both repeated without each fold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Of two members or more.
    pub ensemble: Estimate,
    /// Of one.
    pub single: Estimate,
    /// `ensemble - single`, on the same patches.
    pub difference: Estimate,
    /// Whether the interval of the difference excludes zero.
    pub can_be_told_apart: bool,
}

/// Searches as [`search`](crate::search()) does, and scores the search itself: it is repeated without
/// each fold, and what it chooses then judges that fold. `seed` is that of the simulations behind the
/// intervals. The same result whatever the number of threads.
///
/// # Errors
/// As [`search`](crate::search()); and when there are fewer than two folds, three where a method is
/// fitted, or the metric is undefined for every candidate outside a fold.
pub fn honest(
    pool: &Pool,
    costs: &[Cost],
    options: &SearchOptions,
    seed: Seed,
) -> Result<Honest, EnsembleError> {
    let trials = Trials::new(pool, costs, options, Depth::Inner)?;
    let metric = options.select;
    let overall = trials.contest(|_| true)?;
    let ensembles = trials.contest(|size| size > 1)?;
    let singles = trials.contest(|size| size == 1)?;
    let overall = overall.ok_or(EnsembleError::Undefined { metric })?;
    let contests = [Some(&overall), ensembles.as_ref(), singles.as_ref()];
    let measured = Measured::new(&trials, contests.into_iter().flatten(), seed)?;
    let nested = measured.run(&overall)?;
    let naive = measured.scores[&overall.finally];
    let simulations = Simulations::new(measured.stage());
    let growth = simulations.growth(&measured.within(&overall));
    let comparison = match (&ensembles, &singles) {
        (Some(ensembles), Some(singles)) => {
            Some(measured.compare(&simulations, ensembles, singles)?)
        }
        _ => None,
    };
    let optimism = naive.zip(nested.score).map(|(naive, nested)| {
        let by = naive - nested;
        if metric.higher_is_better() { by } else { -by }
    });
    Ok(Honest {
        naive,
        nested: measured.estimate(&nested, growth),
        optimism,
        choices: trials.choices(&overall),
        comparison,
        units: measured.units.count(),
        search: trials.search,
    })
}

//! Tree-structured Parzen estimators (Bergstra 2011, Watanabe 2023) with the defaults of Optuna 5.
//!
//! Trials that ended are parted into a few good ones and the rest. Two mixtures are laid over them, a
//! kernel a trial, and of [`CANDIDATES`] values drawn from that of the good ones the one is suggested
//! whose density there is largest beside the other's. Keys that are always active are drawn together
//! (multivariate), conditional ones each by itself. Trials that still run count among the rest
//! (constant liar), so that several processes do not try the same. The first [`STARTUP`] are drawn
//! at random.

mod kernels;
mod mixture;
mod parts;

pub use kernels::{Kernels, Normals};
pub use mixture::Mixture;
pub use parts::{Parts, good_count, weights};

use rand::RngExt as _;

use crate::history::{History, SeenTrial};
use crate::random;
use crate::space::{Parameter, Space};
use crate::value::Assignment;

/// Trials that must have ended before any is drawn from the estimators.
pub const STARTUP: usize = 10;
/// Values drawn of which one is suggested.
pub const CANDIDATES: usize = 24;

/// The values of the next trial.
pub fn suggest(space: &Space, history: &History, rng: &mut eosin_core::Rng) -> Assignment {
    let ended = history.trials.iter().filter(|trial| trial.value.is_some());
    if ended.count() < STARTUP {
        return random::suggest(space, rng);
    }
    let parts = Parts::of(history);
    let always = |parameter: &&Parameter| parameter.when.is_empty();
    let together: Vec<&Parameter> = space.parameters().iter().filter(always).collect();
    let mut assignment = suggest_of(&together, &parts, rng);
    for parameter in space.parameters() {
        if !parameter.when.is_empty() && parameter.is_active(&assignment) {
            assignment.extend(suggest_of(&[parameter], &parts, rng));
        }
    }
    assignment
}

/// Values of some parameters, drawn together.
fn suggest_of(
    parameters: &[&Parameter],
    parts: &Parts<'_>,
    rng: &mut eosin_core::Rng,
) -> Assignment {
    let only = |parameter: &&Parameter| parameter.domain.only();
    let mut assignment: Assignment = parameters
        .iter()
        .filter_map(|parameter| Some((parameter.key.clone(), only(parameter)?)))
        .collect();
    let open: Vec<&Parameter> = parameters
        .iter()
        .copied()
        .filter(|parameter| only(parameter).is_none())
        .collect();
    if open.is_empty() {
        return assignment;
    }
    let good = Mixture::over(&open, &places(&open, &parts.good));
    let rest = Mixture::over(&open, &places(&open, &parts.rest));
    let candidates: Vec<Vec<f64>> = (0..CANDIDATES)
        .map(|_| good.draw(&mut || rng.random()))
        .collect();
    let best = best_candidate(&good, &rest, &candidates);
    for (parameter, place) in open.iter().zip(&candidates[best]) {
        assignment.insert(parameter.key.clone(), parameter.domain.value(*place));
    }
    assignment
}

/// Index of the first candidate with the largest ratio of densities.
pub fn best_candidate(good: &Mixture, rest: &Mixture, candidates: &[Vec<f64>]) -> usize {
    let gain = |place: &Vec<f64>| good.log_density(place) - rest.log_density(place);
    let mut best = 0;
    let mut most = f64::NEG_INFINITY;
    for (index, candidate) in candidates.iter().enumerate() {
        let gain = gain(candidate);
        if gain > most {
            (best, most) = (index, gain);
        }
    }
    best
}

/// The places of the trials that have values of all parameters: `[trials, parameters]`.
pub fn places(parameters: &[&Parameter], trials: &[&SeenTrial]) -> Vec<Vec<f64>> {
    let of_trial = |trial: &&SeenTrial| {
        parameters
            .iter()
            .map(|parameter| {
                parameter
                    .domain
                    .place(trial.assignment.get(&parameter.key)?)
            })
            .collect()
    };
    trials.iter().filter_map(of_trial).collect()
}

//! Which keys mattered: PED-ANOVA (Watanabe 2023, 2304.10255, with conditional keys as in
//! 2601.20800), with the defaults of Optuna 5.
//!
//! Of every key the density of its values among the best tenth of the trials is held against that
//! among all, on a grid; the farther they are apart (Pearson's divergence), the more the key had to do
//! with being among the best.

use crate::domain::{Domain, Scale};
use crate::history::{History, SeenTrial};
use crate::normal::log_sum;
use crate::space::{Parameter, Space};
use crate::tpe::Kernels;
use crate::whole::index;

/// The share of trials that are held to be good.
const GOOD: f64 = 0.1;
/// Places of a grid at most.
const STEPS: usize = 50;
/// Trials that must have a key's value before anything is said of it.
const LEAST: usize = 2;

/// What a key had to do with being among the best.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// The key.
    pub key: String,
    /// Its share: those of all keys add up to 1, or all are 0.
    pub share: f64,
}

/// The shares of all keys, the largest first; all 0 where fewer than two trials ended.
pub fn importances(space: &Space, history: &History) -> Vec<Importance> {
    let mut ended: Vec<(&SeenTrial, f64)> = history
        .trials
        .iter()
        .filter_map(|trial| Some((trial, history.goal.loss(trial.value?))))
        .filter(|(_, loss)| loss.is_finite())
        .collect();
    ended.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    let raw = |parameter: &Parameter| match ended.len() {
        0 | 1 => 0.0,
        _ => raw_importance(parameter, &ended),
    };
    let raw: Vec<f64> = space.parameters().iter().map(raw).collect();
    let total: f64 = raw.iter().sum();
    let keys = space.parameters().iter().zip(raw);
    let mut shares: Vec<Importance> = keys
        .map(|(parameter, raw)| Importance {
            key: parameter.key.clone(),
            share: if total > 0.0 { raw / total } else { 0.0 },
        })
        .collect();
    shares.sort_by(|one, other| other.share.total_cmp(&one.share));
    shares
}

/// Before it is made a share; `ended` are sorted by their losses.
fn raw_importance(parameter: &Parameter, ended: &[(&SeenTrial, f64)]) -> f64 {
    if parameter.domain.only().is_some() {
        return 0.0;
    }
    let cut = ended[index((GOOD * ended.len() as f64).ceil()).max(1) - 1].1;
    let good = ended.iter().filter(|(_, loss)| *loss <= cut).count();
    let places = |trials: &[(&SeenTrial, f64)]| -> Vec<f64> {
        let value = |(trial, _): &(&SeenTrial, f64)| trial.assignment.get(&parameter.key).cloned();
        let place = |value| parameter.domain.place(&value);
        trials.iter().filter_map(value).filter_map(place).collect()
    };
    let (of_good, of_all) = (places(&ended[..good]), places(ended));
    if of_all.len() < LEAST || of_good.is_empty() {
        return 0.0;
    }
    let share_of_good = of_good.len() as f64 / good as f64;
    let share_of_all = of_all.len() as f64 / ended.len() as f64;
    let quantile = good as f64 / ended.len() as f64;
    let divergence = divergence(&parameter.domain, &of_good, &of_all);
    share_of_good.powi(2) / share_of_all * divergence * quantile.powi(2)
}

/// Pearson's divergence of two densities on the grid of a domain.
fn divergence(domain: &Domain, good: &[f64], all: &[f64]) -> f64 {
    let (good, all) = (densities(domain, good), densities(domain, all));
    good.iter()
        .zip(&all)
        .map(|(good, all)| all * (good / all - 1.0).powi(2))
        .sum()
}

/// The density of values at each place of the grid.
fn densities(domain: &Domain, places: &[f64]) -> Vec<f64> {
    let counts = match domain {
        Domain::Choice { values } => count(values.len(), places.iter().map(|at| index(*at))),
        _ => on_grid(domain, places),
    };
    let seen: Vec<usize> = (0..counts.len()).filter(|at| counts[*at] > 0).collect();
    let mut weights: Vec<f64> = seen.iter().map(|at| counts[*at] as f64).collect();
    let at: Vec<f64> = seen.iter().map(|at| *at as f64).collect();
    let kernels = match domain {
        Domain::Choice { .. } => Kernels::over(domain, &at),
        _ => scott(&at, &weights, counts.len()),
    };
    weights.push(1.0);
    let total: f64 = weights.iter().sum();
    let density = |place: usize| {
        let logs = kernels
            .log_densities(place as f64)
            .into_iter()
            .zip(&weights);
        let sum = logs.fold(f64::NEG_INFINITY, |sum, (log, weight)| {
            log_sum(sum, log + (weight / total).ln())
        });
        sum.exp() + 1e-12
    };
    (0..counts.len()).map(density).collect()
}

fn count(len: usize, places: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut counts = vec![0; len];
    for place in places {
        counts[place.min(len - 1)] += 1;
    }
    counts
}

/// How many numbers are nearest to each place of a grid of at most [`STEPS`]; of two equally near
/// places the lower.
fn on_grid(domain: &Domain, places: &[f64]) -> Vec<usize> {
    let (low, high, steps) = match domain {
        Domain::Integer {
            low,
            high,
            scale: Scale::Log,
            ..
        } => {
            let doublings = index(((high - low + 1) as f64).log2().ceil()) + 1;
            (*low as f64, *high as f64, doublings.min(STEPS))
        }
        Domain::Integer {
            low, high, step, ..
        } => {
            let all = usize::try_from((high - low) / step + 1).unwrap_or(usize::MAX);
            (*low as f64, *high as f64, all.min(STEPS))
        }
        Domain::Float { low, high, .. } => (*low, *high, STEPS),
        Domain::Choice { values } => (0.0, values.len() as f64 - 1.0, values.len()),
    };
    let scale = domain.scale();
    let (low, high) = (scale.of(low), scale.of(high));
    let step = (high - low) / (steps - 1) as f64;
    let place = |at: &f64| index(((scale.of(*at) - low) / step - 0.5).ceil());
    count(steps, places.iter().map(place))
}

/// Kernels of one width, by Scott's rule (1992), at the places `at` of a grid of `len`.
fn scott(at: &[f64], weights: &[f64], len: usize) -> Kernels {
    let total: f64 = weights.iter().sum();
    let weighted = |of: &dyn Fn(f64) -> f64| -> f64 {
        at.iter()
            .zip(weights)
            .map(|(at, weight)| of(*at) * weight)
            .sum()
    };
    let mean = weighted(&|at| at) / total;
    let deviation = (weighted(&|at| (at - mean).powi(2)) / (total - 1.0).max(1.0)).sqrt();
    let cumulated: Vec<f64> = weights
        .iter()
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect();
    let (quarter, three) = ((total / 4.0).floor(), (total * 3.0 / 4.0).floor());
    let first = cumulated.partition_point(|sum| *sum < quarter);
    let third = cumulated.partition_point(|sum| *sum <= three);
    let range = at[third.min(at.len() - 1)] - at[first];
    let width = 1.059 * (range / 1.34).min(deviation) * total.powf(-0.2);
    let last = len - 1;
    let mut means = at.to_vec();
    means.push(last as f64 / 2.0);
    let mut sigmas = vec![width.max(0.5 / 1.64); at.len()];
    sigmas.push(len as f64);
    Kernels::Normals(crate::tpe::Normals::of_steps(means, sigmas, last))
}

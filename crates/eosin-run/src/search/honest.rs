//! What the winner is worth beyond having been chosen.

use eosin_ensemble::t_95;
use eosin_metrics::{FoldSummary, summarise};
use eosin_search::Goal;
use serde::Serialize;

/// The winner's score by the folds that did not choose it.
///
/// The best of many is best partly by luck. So for each fold the best trial is chosen by the mean of
/// the other folds, and judged on this one. What adapts to results while it searches still saw all
/// folds: where that matters, hold patches out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HonestScore {
    /// Mean over folds of the trial that is best by it: what the search would boast of.
    pub chosen: f64,
    /// Mean over folds of what was chosen without each.
    pub honest: f64,
    /// Its interval: 95 %, Student's, over folds.
    pub ci_low: f64,
    /// Likewise.
    pub ci_high: f64,
    /// Folds.
    pub folds: usize,
    /// Trials that were chosen from.
    pub trials: usize,
}

/// Of trials that have a value in every fold; `None` under two trials or three folds.
pub(super) fn honest(goal: Goal, trials: &[Vec<f64>]) -> Option<HonestScore> {
    let folds = trials.first()?.len();
    let degrees = t_95(folds.checked_sub(1)?)?;
    if trials.len() < 2 {
        return None;
    }
    let best_by = |mean: &dyn Fn(&Vec<f64>) -> f64| {
        let mut best = 0;
        for at in 1..trials.len() {
            if goal.is_better(mean(&trials[at]), mean(&trials[best])) {
                best = at;
            }
        }
        best
    };
    let total = |values: &Vec<f64>| values.iter().sum::<f64>();
    let judged: Vec<Option<f64>> = (0..folds)
        .map(|fold| {
            let chosen = best_by(&|values| total(values) - values[fold]);
            Some(trials[chosen][fold])
        })
        .collect();
    let FoldSummary { mean, sd, .. } = summarise(judged);
    let (mean, half) = (mean?, degrees * sd? / (folds as f64).sqrt());
    Some(HonestScore {
        chosen: total(&trials[best_by(&total)]) / folds as f64,
        honest: mean,
        ci_low: mean - half,
        ci_high: mean + half,
        folds,
        trials: trials.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use eosin_core::{Seed, Stream};
    use rand::RngExt as _;

    #[test]
    fn the_best_of_noise_is_worth_what_any_is() {
        let mut rng = Seed(1).stream(Stream::Bootstrap, &[]);
        let (mut boast, mut found, mut held) = (0.0, 0.0, 0);
        let studies = 200;
        for _ in 0..studies {
            let trials: Vec<Vec<f64>> = (0..50)
                .map(|_| (0..10).map(|_| rng.random::<f64>()).collect())
                .collect();
            let score = honest(Goal::Maximise, &trials).unwrap();
            boast += score.chosen / f64::from(studies);
            found += score.honest / f64::from(studies);
            held += i32::from((score.ci_low..=score.ci_high).contains(&0.5));
        }
        assert!(boast > 0.68, "{boast}");
        assert!((found - 0.5).abs() < 0.02, "{found}");
        assert!((180..=199).contains(&held), "{held} of {studies}");
    }

    #[test]
    fn a_trial_that_is_best_everywhere_keeps_its_score() {
        let trials = [vec![0.9, 0.8, 0.7], vec![0.5, 0.5, 0.5]];
        let score = honest(Goal::Maximise, &trials).unwrap();
        assert!((score.honest - 0.8).abs() < 1e-12 && (score.chosen - 0.8).abs() < 1e-12);
        assert_eq!(honest(Goal::Maximise, &trials[..1]), None);
    }
}

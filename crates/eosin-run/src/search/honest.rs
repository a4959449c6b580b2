//! What the winner is worth beyond having been chosen.

use eosin_core::{Seed, Stream};
use eosin_search::Goal;
use rand::RngExt as _;
use serde::Serialize;

/// Draws of folds.
const RESAMPLES: usize = 1000;

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
    /// Its interval: 95 %, of what is chosen by folds drawn at random and judged on the others.
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
    if trials.len() < 2 || folds < 3 {
        return None;
    }
    let all = vec![1.0; folds];
    let without = |fold: usize| {
        let mut others = all.clone();
        others[fold] = 0.0;
        others
    };
    let judged = (0..folds).map(|fold| trials[best(goal, trials, &without(fold))][fold]);
    let (ci_low, ci_high) = interval(goal, trials, folds)?;
    Some(HonestScore {
        chosen: trials[best(goal, trials, &all)].iter().sum::<f64>() / folds as f64,
        honest: judged.sum::<f64>() / folds as f64,
        ci_low,
        ci_high,
        folds,
        trials: trials.len(),
    })
}

/// Place of the trial that is best by its folds' values, each taken so often.
fn best(goal: Goal, trials: &[Vec<f64>], taken: &[f64]) -> usize {
    let sum = |trial: &Vec<f64>| -> f64 {
        let each = trial.iter().zip(taken);
        each.map(|(value, times)| value * times).sum()
    };
    let mut best = (0, sum(&trials[0]));
    for (at, trial) in trials.iter().enumerate().skip(1) {
        let sum = sum(trial);
        if goal.is_better(sum, best.1) {
            best = (at, sum);
        }
    }
    best.0
}

/// The 95 % interval: folds are drawn with replacement, the best trial by those drawn is judged on those
/// that were not, over and over (Tsamardinos, Greasidou & Borboudakis 2018, "Bootstrapping the
/// out-of-sample predictions for efficient and accurate cross-validation", over folds in place of
/// patches). What chooses and what judges share no fold, so the spread of choosing is in it; the usual
/// interval of a mean over folds holds the truth of a winner among equals in 70 % of searches only.
fn interval(goal: Goal, trials: &[Vec<f64>], folds: usize) -> Option<(f64, f64)> {
    let mut rng = Seed::default().stream(Stream::Bootstrap, &[]);
    let mut means = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        let mut taken = vec![0.0; folds];
        for _ in 0..folds {
            taken[rng.random_range(0..folds)] += 1.0;
        }
        let trial = &trials[best(goal, trials, &taken)];
        let left = trial.iter().zip(&taken).filter(|(_, times)| **times == 0.0);
        let left: Vec<f64> = left.map(|(value, _)| *value).collect();
        if !left.is_empty() {
            means.push(left.iter().sum::<f64>() / left.len() as f64);
        }
    }
    means.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (share * means.len().checked_sub(1)? as f64).round();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in a list"
        )]
        means.get(place as usize).copied()
    };
    Some((at(0.025)?, at(0.975)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shares of 100 searches whose interval holds the winner's true score, and the mean of what they
    /// boast of and of what they find above it; trials differ by `effect`, folds by `between`, and both
    /// together by one.
    fn searches(effect: f64, between: f64) -> [f64; 3] {
        let mut rng = Seed(1).stream(Stream::Bootstrap, &[]);
        // A sum of twelve is as good as normal here.
        let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        let (mut held, mut boast, mut found) = (0.0, 0.0, 0.0);
        let searches = 100;
        for _ in 0..searches {
            let truth: Vec<f64> = (0..30).map(|_| effect * normal()).collect();
            let folds: Vec<f64> = (0..10).map(|_| between * normal()).collect();
            let of = |truth: &f64| folds.iter().map(|fold| truth + fold + normal()).collect();
            let trials: Vec<Vec<f64>> = truth.iter().map(of).collect();
            let score = honest(Goal::Maximise, &trials).unwrap();
            let winner = truth[best(Goal::Maximise, &trials, &[1.0; 10])];
            let share = 1.0 / f64::from(searches);
            boast += share * (score.chosen - winner);
            found += share * (score.honest - winner);
            held += share * f64::from((score.ci_low..=score.ci_high).contains(&winner));
        }
        [held, boast, found]
    }

    #[test]
    fn the_best_of_equals_is_worth_what_any_is() {
        let [held, boast, found] = searches(0.0, 0.0);
        assert!(boast > 0.5, "{boast}");
        assert!(found.abs() < 0.1, "{found}");
        assert!(held > 0.95, "{held}");
    }

    #[test]
    fn intervals_hold_the_truth_of_winners_among_unequal_trials_too() {
        for (effect, between) in [(0.3, 1.0), (3.0, 3.0)] {
            let [held, _, found] = searches(effect, between);
            assert!(held > 0.9, "{effect} {held}");
            assert!(found.abs() < 0.3, "{effect} {found}");
        }
    }

    #[test]
    fn a_trial_that_is_best_everywhere_keeps_its_score() {
        let trials = [vec![0.9, 0.8, 0.7], vec![0.5, 0.5, 0.5]];
        let score = honest(Goal::Maximise, &trials).unwrap();
        assert!((score.honest - 0.8).abs() < 1e-12 && (score.chosen - 0.8).abs() < 1e-12);
        assert_eq!(honest(Goal::Maximise, &trials[..1]), None);
    }
}

//! What scores that came back from a test set say: of the models that were submitted, and of the rest.
//!
//! Model `i` has a true score `t_i` on patches like those it was judged on out of fold, and
//! `u_i = t_i + b + d_i` on patches like those of the test set, which may be easier or harder, by `b` for all
//! and by `d_i` for one. Two noisy looks at it:
//!
//! ```text
//! o_i = t_i + e_i    e ~ N(0, C)              out of fold, C by the cluster bootstrap
//! p_i = u_i + f_i    f ~ N(0, C groups / m)   returned, on a test set of m groups
//! t_i ~ N(mu, tau^2), d_i ~ N(0, delta^2), mu and b flat
//! ```
//!
//! `tau^2` is what the scores out of fold vary by more than their errors, whose own part has the variance
//! `c = (sum C_ii - sum C_ij / k) / (k - 1)`: `max(0, sum (o_i - mean)^2 / (k - 3) - c)`, `k - 3` and not
//! `k - 1` since it is the inverse that scores are drawn to their mean by (Morris, JASA 1983), at least 1. `delta^2`
//! is what `p_i - o_i` of the returned ones vary by more than both errors. All is normal, so what has not been
//! seen follows from what has by regression. Errors are those of all models together: two that decide
//! alike rise and fall alike, and their difference is known well.
//!
//! The best returned score is that of a model that is good and was lucky. `p_best - E[u_best | all
//! seen]` is by how much: the surprise that Smith & Winkler (The Optimizer's Curse, Management Science
//! 2006) expect of whatever is chosen for its estimate. It needs no account of how submissions were
//! chosen, since that depended only on what is seen here; choosing patch by patch by the scores that come
//! back is another matter (Blum & Hardt, The Ladder, ICML 2015), and is not what this measures. Luck that
//! all submissions share is no part of it: `b` being flat, it cannot be told from an easy test set, and
//! one submission alone has not been chosen for its score.
//!
//! The next submission is the one of the largest expected gain, `E max(0, p_i - p_best)` (expected
//! improvement: Mockus 1975; Jones, Schonlau & Welch, J. Global Optim. 1998), which is
//! `(m - p_best) F(z) + s f(z)`, `z = (m - p_best) / s`, for a forecast of mean `m` and deviation `s`.

use eosin_metrics::Z_95;
use serde::{Deserialize, Serialize};

use super::decisions::DecisionScores;
use super::seen::{Seen, Unseen};

/// A score that came back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Returned {
    /// Place of the model.
    pub place: usize,
    /// The score.
    pub score: f64,
}

/// What a model's submission would return.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prospect {
    /// The score that is expected, or that has come back.
    pub expected: f64,
    /// Its 95 % interval.
    pub ci_low: f64,
    /// Upper end.
    pub ci_high: f64,
    /// By how much it is expected to raise the best returned score; `None` where none has come back, or
    /// where it has been submitted.
    pub gain: Option<f64>,
}

/// How far the best returned score is above what its model is worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OverFit {
    /// Place of the model of the best score.
    pub best: usize,
    /// The score.
    pub returned: f64,
    /// What other patches like those of the test set would give it.
    pub expected: f64,
    /// `returned - expected`.
    pub excess: f64,
    /// Its 95 % interval.
    pub ci_low: f64,
    /// Upper end.
    pub ci_high: f64,
    /// What the best of as many submissions would have too much, were all worth the same: the expected
    /// largest of as many normal draws times the deviation of what is a submission's own luck.
    pub if_all_were_equal: f64,
}

/// What is to be expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// Of each model.
    pub prospects: Vec<Prospect>,
    /// `None` where no score has come back.
    pub over_fit: Option<OverFit>,
}

/// What scores out of fold and returned scores of the same models say. The test set has `test_groups`
/// groups like those that were judged out of fold; of a model that was returned twice the last counts.
pub fn forecast(scores: &DecisionScores, test_groups: usize, returned: &[Returned]) -> Forecast {
    let seen = Seen::new(scores, test_groups, returned);
    let best = seen
        .returned
        .iter()
        .copied()
        .reduce(|best, one| if one.score > best.score { one } else { best });
    let prospect = |place: usize| {
        if let Some(own) = seen.returned.iter().find(|own| own.place == place) {
            return Prospect {
                expected: own.score,
                ci_low: own.score,
                ci_high: own.score,
                gain: None,
            };
        }
        let guess = seen.guess(Unseen::Returned(place));
        Prospect {
            expected: guess.mean,
            ci_low: guess.mean - Z_95 * guess.deviation,
            ci_high: guess.mean + Z_95 * guess.deviation,
            gain: best.map(|best| guess.gain_over(best.score)),
        }
    };
    Forecast {
        prospects: (0..scores.scores.len()).map(prospect).collect(),
        over_fit: best.map(|best| seen.over_fit(best)),
    }
}

#[cfg(test)]
mod tests {
    use eosin_core::{Seed, Stream};
    use rand_distr::{Distribution as _, StandardNormal};

    use super::*;

    /// Errors of deviation `own` that are a model's own, and `common` that all share.
    fn covariance(models: usize, own: f64, common: f64) -> Vec<f64> {
        let cell = |at: usize| {
            let mine = if at / models == at % models {
                own * own
            } else {
                0.0
            };
            mine + common * common
        };
        (0..models * models).map(cell).collect()
    }

    fn scores(of: Vec<f64>, own: f64, common: f64) -> DecisionScores {
        DecisionScores {
            covariance: covariance(of.len(), own, common),
            scores: of,
            groups: 100,
        }
    }

    #[test]
    fn one_submission_is_not_over_fitted_and_all_equal_models_promise_the_same() {
        let scores = scores(vec![0.9, 0.9, 0.9], 0.01, 0.02);
        let returned = [Returned {
            place: 0,
            score: 0.95,
        }];
        let found = forecast(&scores, 100, &returned);
        let over = found.over_fit.unwrap();
        assert!(over.excess.abs() < 1e-3, "{over:?}");
        assert!(over.if_all_were_equal.abs() < 1e-12);
        let [one, other] = [1, 2].map(|at| found.prospects[at]);
        assert!((one.expected - 0.95).abs() < 0.01 && (one.expected - other.expected).abs() < 1e-9);
        assert!(one.gain.unwrap() > 0.0 && found.prospects[0].gain.is_none());
    }

    #[test]
    fn the_model_that_is_better_out_of_fold_promises_more() {
        let scores = scores(vec![0.90, 0.93, 0.85, 0.88], 0.003, 0.02);
        let before = forecast(&scores, 100, &[]);
        assert!(before.over_fit.is_none() && before.prospects[1].gain.is_none());
        let returned = [Returned {
            place: 0,
            score: 0.80,
        }];
        let found = forecast(&scores, 100, &returned);
        let gain = |at: usize| found.prospects[at].gain.unwrap();
        assert!(gain(1) > 0.02 && gain(1) > 10.0 * gain(3) && gain(3) > gain(2));
        // The test set is a tenth harder for all of them.
        assert!((found.prospects[1].expected - 0.829).abs() < 0.005);
    }

    #[test]
    fn a_model_that_decides_as_another_returns_what_that_returned() {
        let mut scores = scores(vec![0.9, 0.92, 0.92], 0.01, 0.01);
        // The last two are one.
        for (one, other) in [(1, 2), (2, 1)] {
            scores.covariance[one * 3 + other] = scores.covariance[4];
        }
        scores.covariance[2 * 3] = scores.covariance[3];
        scores.spread_nothing();
        let found = forecast(
            &scores,
            50,
            &[Returned {
                place: 1,
                score: 0.95,
            }],
        );
        let twin = found.prospects[2];
        assert!((twin.expected - 0.95).abs() < 1e-4, "{twin:?}");
        assert!(twin.gain.unwrap() < 1e-4, "{twin:?}");
    }

    impl DecisionScores {
        /// Scores all alike, so that true scores do not vary.
        fn spread_nothing(&mut self) {
            self.scores.fill(0.9);
        }
    }

    #[test]
    fn the_excess_of_the_best_is_estimated_without_bias_and_its_interval_holds_it() {
        for lost in [0.0, 0.012] {
            hold_contests(lost);
        }
    }

    /// 600 contests of eight models, which lose on the test set by a deviation of `lost` more or less than
    /// others: the estimate against what the best was really worth.
    fn hold_contests(lost: f64) {
        let (models, own, common, spread) = (8, 0.01, 0.015, 0.008);
        let (mut error, mut excess, mut held, contests) = (0.0, 0.0, 0, 600);
        for contest in 0..contests {
            let mut draws = Seed(5).stream(Stream::Bootstrap, &[contest]);
            let mut normal = || -> f64 { StandardNormal.sample(&mut draws) };
            let (shift, of_fold, of_test) = (0.05 * normal(), normal(), normal());
            let truth: Vec<f64> = (0..models).map(|_| 0.9 + spread * normal()).collect();
            let look = |truth: &f64, all: f64, mine: f64| truth + common * all + own * mine;
            let judged = truth.iter().map(|t| look(t, of_fold, normal())).collect();
            let worth: Vec<f64> = truth.iter().map(|t| t + shift + lost * normal()).collect();
            let returned: Vec<Returned> = worth
                .iter()
                .enumerate()
                .map(|(place, worth)| Returned {
                    place,
                    score: look(worth, of_test, normal()),
                })
                .collect();
            let found = forecast(&scores(judged, own, common), 100, &returned);
            let over = found.over_fit.unwrap();
            let real = over.returned - worth[over.best];
            error += over.excess - real;
            excess += real;
            held += usize::from((over.ci_low..=over.ci_high).contains(&real));
        }
        let [error, excess] = [error, excess].map(|sum| sum / contests as f64);
        // The best of eight is well above its worth, and the estimate knows by how much, to a fourth.
        assert!(
            excess > 0.006 && error.abs() < 0.0022,
            "{lost}: {excess} {error}"
        );
        let share = held as f64 / contests as f64;
        assert!((0.92..=0.975).contains(&share), "{lost}: {share}");
    }
}

//! What scores that came back from a test set say: of the models that were submitted, and of the rest.
//!
//! Model `i` has a true score `t_i` on patches like those it was judged on out of fold, and `t_i + b` on
//! patches like those of the test set, which may be easier or harder by `b`. Two noisy looks at it:
//!
//! ```text
//! o_i = t_i     + e_i    e ~ N(0, C)              out of fold, C by the cluster bootstrap
//! p_i = t_i + b + f_i    f ~ N(0, C groups / m)   returned, on a test set of m groups
//! t_i ~ N(mu, tau^2), mu and b flat
//! ```
//!
//! `tau^2` is what the scores out of fold vary by more than their errors, whose own part has the variance
//! `c = (sum C_ii - sum C_ij / k) / (k - 1)`: `max(0, sum (o_i - mean)^2 / (k - 3) - c)`, `k - 3` and not
//! `k - 1` since it is the inverse that scores are drawn to their mean by (Morris, JASA 1983), at least 1. All is normal, so what has not been
//! seen follows from what has by regression. Errors are those of all models together: two that decide
//! alike rise and fall alike, and their difference is known well.
//!
//! The best returned score is that of a model that is good and was lucky. `p_best - E[t_best + b | all
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
use super::normal::{below, density, largest_of};
use crate::solve::solve;

/// A deviation that leaves scores from 0 to 1 free.
const FLAT: f64 = 1.0;
/// A variance that changes nothing and keeps equations solvable where two models decide alike.
const LEAST: f64 = 1e-13;

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

/// Something that has not been seen.
#[derive(Clone, Copy)]
enum Unseen {
    /// The score that a model's submission would return.
    Returned(usize),
    /// What other patches like those of the test set would give it.
    True(usize),
}

/// What is believed of it.
struct Guess {
    mean: f64,
    deviation: f64,
}

impl Guess {
    fn gain_over(&self, best: f64) -> f64 {
        let above = self.mean - best;
        if self.deviation <= 0.0 {
            return above.max(0.0);
        }
        let z = above / self.deviation;
        (above * below(z) + self.deviation * density(z)).max(0.0)
    }
}

/// All that was seen, and how it varies together.
struct Seen<'a> {
    scores: &'a DecisionScores,
    /// Variance of true scores about their mean.
    spread: f64,
    /// What errors on the test set have, as a multiple of those out of fold.
    test: f64,
    returned: Vec<Returned>,
    mean: f64,
}

impl<'a> Seen<'a> {
    fn new(scores: &'a DecisionScores, test_groups: usize, returned: &[Returned]) -> Self {
        let mut last: Vec<Returned> = Vec::new();
        for one in returned {
            last.retain(|other| other.place != one.place);
            last.push(*one);
        }
        let k = scores.scores.len();
        let mean = scores.scores.iter().sum::<f64>() / k as f64;
        let squares: f64 = scores
            .scores
            .iter()
            .map(|score| (score - mean).powi(2))
            .sum();
        let noise = own_luck(&scores.covariance, k, &(0..k).collect::<Vec<_>>());
        let spread = if k > 1 {
            (squares / (k as f64 - 3.0).max(1.0) - noise).max(0.0)
        } else {
            0.0
        };
        Self {
            spread,
            test: scores.groups as f64 / test_groups.max(1) as f64,
            returned: last,
            mean,
            scores,
        }
    }

    /// Covariance of the true scores of two models, by the mean out of fold.
    fn of_true(&self, one: usize, other: usize) -> f64 {
        let own = if one == other { self.spread } else { 0.0 };
        own + FLAT * FLAT
    }

    fn of_errors(&self, one: usize, other: usize) -> f64 {
        let k = self.scores.scores.len();
        let own = if one == other { LEAST } else { 0.0 };
        self.scores.covariance[one * k + other] + own
    }

    fn of_test_errors(&self, one: usize, other: usize) -> f64 {
        self.of_errors(one, other) * self.test
    }

    /// Covariance of two scores on patches like those of the test set.
    fn of_shifted(&self, one: usize, other: usize) -> f64 {
        self.of_true(one, other) + FLAT * FLAT
    }

    /// What is believed of a thing: its regression on all that was seen.
    fn guess(&self, unseen: Unseen) -> Guess {
        let k = self.scores.scores.len();
        let n = k + self.returned.len();
        let mut matrix = vec![0.0; n * n];
        for one in 0..k {
            for other in 0..k {
                matrix[one * n + other] = self.of_true(one, other) + self.of_errors(one, other);
            }
        }
        for (at, one) in self.returned.iter().enumerate() {
            for other in 0..k {
                matrix[(k + at) * n + other] = self.of_true(one.place, other);
            }
            for (with, other) in self.returned.iter().enumerate() {
                matrix[(k + at) * n + k + with] = self.of_shifted(one.place, other.place)
                    + self.of_test_errors(one.place, other.place);
            }
        }
        let (place, luck) = match unseen {
            Unseen::Returned(place) => (place, 1.0),
            Unseen::True(place) => (place, 0.0),
        };
        let with_returned = self.returned.iter().map(|one| {
            self.of_shifted(place, one.place) + luck * self.of_test_errors(place, one.place)
        });
        let with: Vec<f64> = (0..k)
            .map(|other| self.of_true(place, other))
            .chain(with_returned)
            .collect();
        let variance = self.of_shifted(place, place) + luck * self.of_test_errors(place, place);
        let weights = solve(&mut matrix, with.clone());
        let seen = self.scores.scores.iter().copied();
        let seen = seen.chain(self.returned.iter().map(|one| one.score));
        let above = |(weight, value): (&f64, f64)| weight * (value - self.mean);
        let known: f64 = weights.iter().zip(&with).map(|(a, b)| a * b).sum();
        Guess {
            mean: self.mean + weights.iter().zip(seen).map(above).sum::<f64>(),
            deviation: (variance - known).max(0.0).sqrt(),
        }
    }

    fn over_fit(&self, best: Returned) -> OverFit {
        let worth = self.guess(Unseen::True(best.place));
        let places: Vec<usize> = self.returned.iter().map(|one| one.place).collect();
        let luck = self.test * own_luck(&self.scores.covariance, self.scores.scores.len(), &places);
        let excess = best.score - worth.mean;
        OverFit {
            best: best.place,
            returned: best.score,
            expected: worth.mean,
            excess,
            ci_low: excess - Z_95 * worth.deviation,
            ci_high: excess + Z_95 * worth.deviation,
            if_all_were_equal: largest_of(places.len()) * luck.sqrt(),
        }
    }
}

/// The mean variance of errors that some models do not share: `(sum C_ii - sum C_ij / n) / (n - 1)`; 0
/// of one.
fn own_luck(covariance: &[f64], width: usize, places: &[usize]) -> f64 {
    let n = places.len() as f64;
    if places.len() < 2 {
        return 0.0;
    }
    let at = |one: &usize, other: &usize| covariance[one * width + other];
    let own: f64 = places.iter().map(|place| at(place, place)).sum();
    let all = places
        .iter()
        .flat_map(|one| places.iter().map(move |other| at(one, other)));
    ((own - all.sum::<f64>() / n) / (n - 1.0)).max(0.0)
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

    /// 600 contests of eight models: the estimate against what the best was really worth.
    #[test]
    fn the_excess_of_the_best_is_estimated_without_bias_and_its_interval_holds_it() {
        let (models, own, common, spread) = (8, 0.01, 0.015, 0.008);
        let (mut error, mut excess, mut held, contests) = (0.0, 0.0, 0, 600);
        for contest in 0..contests {
            let mut draws = Seed(5).stream(Stream::Bootstrap, &[contest]);
            let mut normal = || -> f64 { StandardNormal.sample(&mut draws) };
            let (shift, of_fold, of_test) = (0.05 * normal(), normal(), normal());
            let truth: Vec<f64> = (0..models).map(|_| 0.9 + spread * normal()).collect();
            let look = |truth: &f64, all: f64, mine: f64| truth + common * all + own * mine;
            let judged = truth.iter().map(|t| look(t, of_fold, normal())).collect();
            let returned: Vec<Returned> = truth
                .iter()
                .enumerate()
                .map(|(place, truth)| Returned {
                    place,
                    score: shift + look(truth, of_test, normal()),
                })
                .collect();
            let found = forecast(&scores(judged, own, common), 100, &returned);
            let over = found.over_fit.unwrap();
            let real = over.returned - truth[over.best] - shift;
            error += over.excess - real;
            excess += real;
            held += usize::from((over.ci_low..=over.ci_high).contains(&real));
        }
        let [error, excess] = [error, excess].map(|sum| sum / contests as f64);
        // The best of eight is well above its worth, and the estimate knows by how much.
        assert!(excess > 0.006 && error.abs() < 0.0015, "{excess} {error}");
        let share = held as f64 / contests as f64;
        assert!((0.925..=0.975).contains(&share), "{share}");
    }
}

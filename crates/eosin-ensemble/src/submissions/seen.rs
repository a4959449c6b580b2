//! Regression of what has not been seen on what has; the model is that of [`forecast`](super::forecast).

use eosin_metrics::Z_95;

use super::decisions::DecisionScores;
use super::forecast::{OverFit, Returned};
use super::normal::{below, density, largest_of};
use crate::solve::solve;

/// A deviation that leaves scores from 0 to 1 free.
const FLAT: f64 = 1.0;
/// A variance that changes nothing and keeps equations solvable where two models decide alike.
const LEAST: f64 = 1e-13;

/// Something that has not been seen.
#[derive(Clone, Copy)]
pub(super) enum Unseen {
    /// The score that a model's submission would return.
    Returned(usize),
    /// What other patches like those of the test set would give it.
    True(usize),
}

/// What is believed of it.
pub(super) struct Guess {
    pub mean: f64,
    pub deviation: f64,
}

impl Guess {
    pub fn gain_over(&self, best: f64) -> f64 {
        let above = self.mean - best;
        if self.deviation <= 0.0 {
            return above.max(0.0);
        }
        let z = above / self.deviation;
        (above * below(z) + self.deviation * density(z)).max(0.0)
    }
}

/// All that was seen, and how it varies together.
pub(super) struct Seen<'a> {
    scores: &'a DecisionScores,
    /// Variance of true scores about their mean.
    spread: f64,
    /// Variance of what single models lose on the test set beyond all of them.
    shift: f64,
    /// What errors on the test set have, as a multiple of those out of fold.
    test: f64,
    /// Scores that came back, each model's last.
    pub returned: Vec<Returned>,
    mean: f64,
}

impl<'a> Seen<'a> {
    pub fn new(scores: &'a DecisionScores, test_groups: usize, returned: &[Returned]) -> Self {
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
        let test = scores.groups as f64 / test_groups.max(1) as f64;
        Self {
            spread,
            shift: shift(scores, test, &last),
            test,
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
        let own = if one == other { self.shift } else { 0.0 };
        self.of_true(one, other) + FLAT * FLAT + own
    }

    /// What is believed of a thing: its regression on all that was seen.
    pub fn guess(&self, unseen: Unseen) -> Guess {
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

    pub fn over_fit(&self, best: Returned) -> OverFit {
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

/// What `p_i - o_i` vary by more than errors on both sides; 0 of one. Divided by `n`, between what is
/// without bias and what errs least: what is cut off at 0 is too large on average.
fn shift(scores: &DecisionScores, test: f64, returned: &[Returned]) -> f64 {
    if returned.len() < 2 {
        return 0.0;
    }
    let n = returned.len() as f64;
    let lost = |one: &Returned| one.score - scores.scores[one.place];
    let mean = returned.iter().map(lost).sum::<f64>() / n;
    let squares: f64 = returned.iter().map(|one| (lost(one) - mean).powi(2)).sum();
    let places: Vec<usize> = returned.iter().map(|one| one.place).collect();
    let luck = own_luck(&scores.covariance, scores.scores.len(), &places);
    (squares / n - luck * (1.0 + test)).max(0.0)
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

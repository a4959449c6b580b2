//! How much more a nested score varies than that of a fixed ensemble.
//!
//! The scores of two folds are not independent given what was chosen: each fold takes part in the
//! choice that the other judges. Where candidates are nearly equal, a fold that happens to like one
//! makes the others choose it and the other way round, and the scores of all folds rise and fall
//! together: of five folds and two equal candidates that err independently the variance is half as large
//! again as that of either. (For two folds and two candidates it is `1 + 1 / pi` times as large, which
//! can be worked out; Luedtke & van der Laan, Ann. Stat. 2016, say why no interval that takes the choice
//! for given can be right there.)
//!
//! So the choice is repeated on simulated scores: candidates' true scores are set, what each unit adds
//! (see [`influence`](super::influence)) is multiplied by a standard normal number (multiplier
//! bootstrap, van der Vaart & Wellner 1996), the folds choose and judge, and what comes out is compared
//! with the true score of what all folds together choose. Candidates that cannot be told from the best
//! are simulated as its equals, since that is where choices are least stable (moment selection,
//! Andrews & Soares, Econometrica 2010).

use eosin_core::{Seed, Stream};
use rand_distr::{Distribution as _, StandardNormal};
use rayon::prelude::*;

use super::influence::Units;

/// Simulations.
const SIMULATIONS: u64 = 400;
/// Standard errors within which a candidate is simulated as an equal of the best.
const EQUAL: f64 = 2.0;

/// What is simulated.
pub(super) struct Stage<'a> {
    pub units: &'a Units,
    /// What each fold weighs in the score.
    pub weights: &'a [f64],
    /// 1 where more is better, else -1.
    pub sign: f64,
    /// Of each candidate, what each unit adds to its score.
    pub influences: &'a [Vec<f32>],
    /// Of each candidate, its score.
    pub scores: &'a [f64],
    pub seed: Seed,
}

/// Candidates among which a choice is made.
pub(super) struct Contest {
    /// Places of the candidates, in the order of ties.
    pub places: Vec<usize>,
    /// What each fold chose.
    pub chosen: Vec<usize>,
    /// What all folds together choose.
    pub finally: usize,
}

/// Errors of one simulation.
#[derive(Clone, Copy, Debug)]
struct Errors {
    /// Of the score of what the folds choose anew, from the true score of the final choice.
    anew: f64,
    /// Of the score of what they chose, from its own true score.
    fixed: f64,
}

/// Simulated scores, and what they are simulated of.
pub(super) struct Simulations<'a> {
    stage: Stage<'a>,
    all: Vec<Simulated>,
}

impl<'a> Simulations<'a> {
    pub fn new(stage: Stage<'a>) -> Self {
        let all = (0..SIMULATIONS)
            .into_par_iter()
            .map(|index| Simulated::new(&stage, index))
            .collect();
        Self { stage, all }
    }

    /// By what the variance of the contest's nested score grows, 1 or more.
    pub fn growth(&self, contest: &Contest) -> f64 {
        let truth = truth(&self.stage, contest);
        self.ratio(|scores| errors(&self.stage, contest, &truth, scores))
    }

    /// The same of the difference of two contests' scores.
    pub fn growth_of_difference(&self, one: &Contest, other: &Contest) -> f64 {
        let truths = [truth(&self.stage, one), truth(&self.stage, other)];
        self.ratio(|scores| {
            let of_one = errors(&self.stage, one, &truths[0], scores);
            let of_other = errors(&self.stage, other, &truths[1], scores);
            Errors {
                anew: of_one.anew - of_other.anew,
                fixed: of_one.fixed - of_other.fixed,
            }
        })
    }

    fn ratio(&self, errors: impl Fn(&Simulated) -> Errors) -> f64 {
        let (mut anew, mut fixed) = (0.0, 0.0);
        for errors in self.all.iter().map(errors) {
            anew += errors.anew.powi(2);
            fixed += errors.fixed.powi(2);
        }
        if fixed > 0.0 {
            (anew / fixed).max(1.0)
        } else {
            1.0
        }
    }
}

/// The true score of each place of a contest.
fn truth(stage: &Stage<'_>, contest: &Contest) -> Vec<f64> {
    let best = &stage.influences[contest.finally];
    let of_best = stage.scores[contest.finally];
    let of_place = |place: &usize| {
        let pairs = stage.influences[*place].iter().zip(best);
        let variance: f64 = pairs
            .map(|(one, other)| f64::from(one - other).powi(2))
            .sum();
        let score = stage.scores[*place];
        if (score - of_best).abs() <= EQUAL * variance.sqrt() {
            of_best
        } else {
            score
        }
    };
    contest.places.iter().map(of_place).collect()
}

/// What the units of each fold add to each candidate's score, `[candidates, folds]`.
struct Simulated(Vec<f64>);

impl Simulated {
    fn new(stage: &Stage<'_>, index: u64) -> Self {
        let folds = stage.weights.len();
        let mut draws = stage.seed.stream(Stream::Bootstrap, &[index]);
        let factors: Vec<f32> = (0..stage.units.count())
            .map(|_| StandardNormal.sample(&mut draws))
            .collect();
        let ranges = stage.units.ranges();
        let mut all = Vec::with_capacity(stage.influences.len() * folds);
        for influence in stage.influences {
            all.extend(ranges.iter().map(|range| {
                let units = influence[range.clone()].iter().zip(&factors[range.clone()]);
                let sum: f32 = units.map(|(influence, factor)| influence * factor).sum();
                f64::from(sum)
            }));
        }
        Self(all)
    }

    fn of(&self, candidate: usize, folds: usize) -> &[f64] {
        &self.0[candidate * folds..][..folds]
    }
}

fn errors(stage: &Stage<'_>, contest: &Contest, truth: &[f64], scores: &Simulated) -> Errors {
    let folds = stage.weights.len();
    // Leaving out no fold is what chooses finally.
    let mut best = vec![(0, f64::NEG_INFINITY); folds + 1];
    for (at, place) in contest.places.iter().enumerate() {
        let added = scores.of(*place, folds);
        let whole: f64 = added.iter().sum();
        for (fold, best) in best.iter_mut().enumerate() {
            let without = added.get(fold).copied().unwrap_or_default();
            let weight = 1.0 - stage.weights.get(fold).copied().unwrap_or_default();
            let score = stage.sign * (truth[at] + (whole - without) / weight.max(f64::EPSILON));
            if score > best.1 {
                *best = (at, score);
            }
        }
    }
    let mut errors = Errors {
        anew: -truth[best[folds].0],
        fixed: 0.0,
    };
    for (fold, weight) in stage.weights.iter().enumerate() {
        let at = best[fold].0;
        errors.anew += weight * truth[at] + scores.of(contest.places[at], folds)[fold];
        errors.fixed += scores.of(contest.chosen[fold], folds)[fold];
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two candidates of equal scores that err independently, one unit a fold and candidate.
    fn growth_of_equals(folds: usize) -> f64 {
        let units = Units {
            of_patch: Vec::new(),
            folds: (0..2 * folds).map(|unit| unit / 2).collect(),
            are_patches: true,
        };
        let share = 1.0 / folds as f32;
        let one = [share, 0.0].repeat(folds);
        let other = [0.0, share].repeat(folds);
        let stage = Stage {
            units: &units,
            weights: &vec![1.0 / folds as f64; folds],
            sign: 1.0,
            influences: &[one, other],
            scores: &[0.5, 0.5],
            seed: Seed(1),
        };
        let contest = Contest {
            places: vec![0, 1],
            chosen: vec![0; folds],
            finally: 0,
        };
        Simulations::new(stage).growth(&contest)
    }

    #[test]
    fn scores_of_two_folds_vary_as_it_can_be_worked_out() {
        let expected = 1.0 + std::f64::consts::FRAC_1_PI;
        let found = growth_of_equals(2);
        assert!((found - expected).abs() < 0.15, "{found} {expected}");
        // 1 + 2 (K - 1) / (2 pi sqrt(1 + 2 (K - 2))), K = 5.
        let expected = 1.0 + 4.0 / (std::f64::consts::PI * 7.0_f64.sqrt());
        let found = growth_of_equals(5);
        assert!((found - expected).abs() < 0.15, "{found} {expected}");
    }
}

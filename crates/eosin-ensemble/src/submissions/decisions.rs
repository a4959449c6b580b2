//! Scores of decisions on the same patches, and how they err together.

use eosin_core::{Seed, Stream};
use eosin_metrics::{Confusion, Metric};
use rand_distr::{Distribution as _, Uniform};
use rayon::prelude::*;

use crate::error::EnsembleError;
use crate::pool::check_length;

/// Resamples of the bootstrap.
const RESAMPLES: u64 = 1000;

/// What several models decided on the same patches, whose classes are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decisions {
    /// Class of each patch.
    pub targets: Vec<usize>,
    /// Group of each patch, from 0 on.
    pub groups: Vec<usize>,
    /// The number of classes.
    pub classes: usize,
    /// The class that binary metrics are about.
    pub positive: usize,
    /// Of each model, the class that it decided on for each patch.
    pub preds: Vec<Vec<usize>>,
}

/// What they score.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionScores {
    /// Of each model.
    pub scores: Vec<f64>,
    /// By how much these err, and together: `[models, models]`.
    pub covariance: Vec<f64>,
    /// Groups of the patches.
    pub groups: usize,
}

/// Whether decisions alone give a metric.
pub const fn is_of_decisions(metric: Metric) -> bool {
    !matches!(
        metric,
        Metric::Auroc | Metric::Auprc | Metric::LogLoss | Metric::Brier | Metric::Ece
    )
}

/// The scores of decisions, and the covariance of their errors: that of the same scores of groups drawn
/// with repetition, for all models the same (cluster bootstrap; Efron & Tibshirani 1993, Field & Welsh
/// 2007), drawn towards one variance and one covariance where groups are few.
///
/// # Errors
/// When there are no models or patches, lengths differ, or the metric is undefined (here, or in more
/// than half of the resamples) or not one of decisions.
pub fn decision_scores(
    decisions: &Decisions,
    metric: Metric,
    seed: Seed,
) -> Result<DecisionScores, EnsembleError> {
    let tables = Tables::new(decisions)?;
    let undefined = || EnsembleError::Undefined { metric };
    let all: Vec<u64> = vec![1; tables.groups];
    let scores = tables.scores(metric, &all)?.ok_or_else(undefined)?;
    let resample = |at: u64| {
        let mut draws = seed.stream(Stream::Bootstrap, &[at]);
        let Ok(group) = Uniform::new(0, tables.groups) else {
            return Ok(None);
        };
        let mut times = vec![0; tables.groups];
        for _ in 0..tables.groups {
            times[group.sample(&mut draws)] += 1;
        }
        tables.scores(metric, &times)
    };
    let resampled = (0..RESAMPLES).into_par_iter().map(resample);
    let resampled = resampled.collect::<Result<Vec<_>, EnsembleError>>()?;
    let defined: Vec<Vec<f64>> = resampled.into_iter().flatten().collect();
    if defined.len() * 2 < usize::try_from(RESAMPLES).unwrap_or(usize::MAX) {
        return Err(undefined());
    }
    let share = scores.len() as f64 / (scores.len() + tables.groups) as f64;
    Ok(DecisionScores {
        covariance: drawn_together(covariance(&defined, scores.len()), scores.len(), share),
        scores,
        groups: tables.groups,
    })
}

/// `(1 - share) C + share D`, where all models have the same variance and all pairs the same covariance
/// in `D`, those of `C` on average. Some groups tell little of how many models err together, and what is
/// made of few is singular (Ledoit & Wolf, J. Portfolio Management 2004, who draw to one correlation; the
/// share here is a plain one, models over models and groups, that vanishes with many groups).
fn drawn_together(mut covariance: Vec<f64>, width: usize, share: f64) -> Vec<f64> {
    let n = width as f64;
    let own = (0..width)
        .map(|at| covariance[at * (width + 1)])
        .sum::<f64>()
        / n;
    let pairs = (n * (n - 1.0)).max(1.0);
    let common = (covariance.iter().sum::<f64>() - n * own) / pairs;
    for (at, value) in covariance.iter_mut().enumerate() {
        let target = if at / width == at % width {
            own
        } else {
            common
        };
        *value += share * (target - *value);
    }
    covariance
}

/// Of rows of `width` values, `[width, width]`.
fn covariance(rows: &[Vec<f64>], width: usize) -> Vec<f64> {
    let count = rows.len() as f64;
    let mean = |at: usize| rows.iter().map(|row| row[at]).sum::<f64>() / count;
    let means: Vec<f64> = (0..width).map(mean).collect();
    let mut sums = vec![0.0; width * width];
    for row in rows {
        for one in 0..width {
            for other in 0..width {
                sums[one * width + other] += (row[one] - means[one]) * (row[other] - means[other]);
            }
        }
    }
    sums.into_iter().map(|sum| sum / (count - 1.0)).collect()
}

/// How often each group's patches of a class were taken for another, model by model.
struct Tables {
    /// `[models][groups, classes, classes]`.
    counts: Vec<Vec<u64>>,
    groups: usize,
    classes: usize,
    positive: usize,
}

impl Tables {
    fn new(decisions: &Decisions) -> Result<Self, EnsembleError> {
        let Decisions {
            targets,
            groups,
            classes,
            positive,
            preds,
        } = decisions;
        if preds.is_empty() {
            return Err(EnsembleError::NoMember);
        }
        if targets.is_empty() {
            return Err(EnsembleError::NoPatch);
        }
        check_length("groups", groups.len(), targets.len())?;
        let count = groups.iter().max().map_or(0, |last| last + 1);
        let table = |preds: &Vec<usize>| {
            check_length("decisions", preds.len(), targets.len())?;
            // Holds every class to those that there are.
            Confusion::new(targets, preds, *classes)?;
            let mut counts = vec![0; count * classes * classes];
            for ((target, pred), group) in targets.iter().zip(preds).zip(groups) {
                counts[(group * classes + target) * classes + pred] += 1;
            }
            Ok(counts)
        };
        Ok(Self {
            counts: preds
                .iter()
                .map(table)
                .collect::<Result<_, EnsembleError>>()?,
            groups: count,
            classes: *classes,
            positive: *positive,
        })
    }

    /// The score of each model where each group counts so many times; `None` where one is undefined.
    fn scores(&self, metric: Metric, times: &[u64]) -> Result<Option<Vec<f64>>, EnsembleError> {
        let cells = self.classes * self.classes;
        let score = |counts: &Vec<u64>| {
            let mut rows = vec![vec![0; self.classes]; self.classes];
            for (of_group, times) in counts.chunks_exact(cells).zip(times) {
                for (at, count) in of_group.iter().enumerate() {
                    rows[at / self.classes][at % self.classes] += times * count;
                }
            }
            let confusion = Confusion::from_rows(&rows)?;
            Ok(metric.of_confusion(&confusion, self.positive))
        };
        let scores = self.counts.iter().map(score);
        let scores = scores.collect::<Result<Vec<Option<f64>>, EnsembleError>>()?;
        Ok(scores.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two models on 400 patches of which they miss every tenth and every fourth.
    fn decisions(of_group: usize) -> Decisions {
        let targets: Vec<usize> = (0..400).map(|at| at % 2).collect();
        let missing = |every: usize| {
            let wrong = move |at: usize| (at / 2).is_multiple_of(every);
            targets
                .iter()
                .enumerate()
                .map(|(at, target)| if wrong(at) { 1 - target } else { *target })
                .collect()
        };
        Decisions {
            preds: vec![missing(10), missing(4)],
            groups: (0..400).map(|at| at / of_group).collect(),
            classes: 2,
            positive: 1,
            targets: targets.clone(),
        }
    }

    #[test]
    fn the_variance_of_a_share_is_that_of_its_formula() {
        let found = decision_scores(&decisions(1), Metric::Accuracy, Seed(3)).unwrap();
        assert_eq!(found.scores, [0.9, 0.75]);
        for (at, share) in [(0, 0.9 * 0.1 / 400.0), (3, 0.75 * 0.25 / 400.0)] {
            let ratio = found.covariance[at] / share;
            assert!((0.85..1.15).contains(&ratio), "{ratio}");
        }
        // Both are wrong on every twentieth patch: P(both) - P(one) P(other) = 1/20 - 1/40.
        let both = found.covariance[1] * 400.0;
        assert!((both - 0.025).abs() < 0.01, "{both}");
    }

    #[test]
    fn patches_of_one_group_count_as_fewer() {
        let [apart, together] = [1, 20].map(|of_group| {
            let found = decision_scores(&decisions(of_group), Metric::Khd, Seed(3)).unwrap();
            found.groups
        });
        assert_eq!((apart, together), (400, 20));
    }

    #[test]
    fn what_decisions_do_not_give_is_refused() {
        let error = decision_scores(&decisions(1), Metric::Auroc, Seed(3)).unwrap_err();
        assert!(error.to_string().contains("auroc"), "{error}");
        assert!(is_of_decisions(Metric::Khd) && !is_of_decisions(Metric::Brier));
        let none = Decisions {
            preds: Vec::new(),
            ..decisions(1)
        };
        assert!(decision_scores(&none, Metric::Khd, Seed(3)).is_err());
    }
}

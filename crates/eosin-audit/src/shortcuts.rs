//! What facts beside the tissue say of the class.

use std::ops::Range;

use eosin_heads::{
    Accuracy, EmbeddingRows, Group, HeadError, Penalties, Problem, Table, Targets, TrainingPart,
    solve,
};
use eosin_metrics::{Interval, Ranking};
use serde::{Deserialize, Serialize};

/// Numbers of each patch that a head is solved on.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What it is called.
    pub name: &'static str,
    /// `[patches, width]`
    pub values: Vec<f32>,
    /// Numbers of a patch.
    pub width: usize,
}

/// Rows that a head is solved on, and rows that it is judged on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeFold {
    /// Trained on.
    pub train: Vec<usize>,
    /// Judged.
    pub val: Vec<usize>,
}

/// How well a fact alone tells classes apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probed {
    /// AUROC out of fold: of two classes, or the mean over classes, each against the others.
    pub auroc: f64,
    /// `DeLong`'s interval, of several classes the mean of theirs, which is too wide rather than too
    /// narrow; rows count as independent.
    pub interval: Option<Interval>,
}

impl EmbeddingRows for Fact {
    fn patches(&self) -> usize {
        self.values.len() / self.width
    }

    fn views(&self) -> usize {
        1
    }

    fn width(&self) -> usize {
        self.width
    }

    fn fill(&self, range: Range<usize>, out: &mut [f32]) -> Result<(), HeadError> {
        out.copy_from_slice(&self.values[range.start * self.width..range.end * self.width]);
        Ok(())
    }
}

/// Solves a head (logistic regression) on the fact in each fold and judges it on the rest. `None` where
/// the fact is the same of all patches, or a training part or what is judged lacks a class.
///
/// # Errors
/// When a number is not finite, or `pulse` ends the work.
pub fn probe(
    fact: &Fact,
    targets: &[usize],
    classes: usize,
    folds: &[ProbeFold],
    pulse: &mut dyn FnMut() -> Result<(), HeadError>,
) -> Result<Option<Probed>, HeadError> {
    let targets_of = Targets {
        classes_of: targets,
        classes,
        label_smoothing: 0.0,
    };
    let parts: Vec<TrainingPart> = folds
        .iter()
        .map(|fold| TrainingPart::of(&fold.train, &targets_of))
        .collect();
    let lacks = |part: &TrainingPart| part.missing_class(&targets_of).is_some();
    if classes < 2 || parts.is_empty() || parts.iter().any(lacks) {
        return Ok(None);
    }
    let table = match Table::new(fact) {
        Err(HeadError::Constant { .. }) => return Ok(None),
        table => table?,
    };
    let rows = folds.iter().map(|fold| fold.train.len()).max().unwrap_or(0);
    let problem = Problem {
        table: &table,
        targets: targets_of,
        parts: &parts,
    };
    // Few numbers of many patches need little holding back.
    let c = Penalties::unchosen(rows) * 100.0;
    let models = parts.len();
    let optima = solve(
        &problem,
        &[Group { models, c }],
        None,
        Accuracy::INNER,
        pulse,
    )?;
    let mut judged: Vec<(usize, Vec<f64>)> = Vec::new();
    for (fold, optimum) in folds.iter().zip(&optima) {
        for row in &fold.val {
            let values = &fact.values[row * fact.width..][..fact.width];
            let of_class = |class: usize| {
                let weights = &optimum.head.weight[class * fact.width..][..fact.width];
                let products = weights.iter().zip(values);
                let sum: f64 = products.map(|(w, x)| f64::from(*w) * f64::from(*x)).sum();
                sum + f64::from(optimum.head.bias[class])
            };
            let logits: Vec<f64> = (0..classes).map(of_class).collect();
            judged.push((targets[*row], softmax(&logits)));
        }
    }
    Ok(auroc(&judged, classes))
}

fn softmax(logits: &[f64]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let all: Vec<f64> = logits.iter().map(|logit| (logit - most).exp()).collect();
    let sum: f64 = all.iter().sum();
    all.into_iter().map(|value| value / sum).collect()
}

/// Of rows with their classes and probabilities; `None` where a class is absent.
pub fn auroc(judged: &[(usize, Vec<f64>)], classes: usize) -> Option<Probed> {
    let of_class = |class: usize| {
        let positive: Vec<bool> = judged.iter().map(|(target, _)| *target == class).collect();
        let scores: Vec<f64> = judged.iter().map(|(_, probs)| probs[class]).collect();
        let ranking = Ranking::new(&positive, &scores).ok()?;
        Some((ranking.auroc()?, ranking.auroc_interval()))
    };
    // Of two classes both say the same.
    let asked = if classes == 2 { 1..2 } else { 0..classes };
    let all: Vec<(f64, Option<Interval>)> = asked.map(of_class).collect::<Option<_>>()?;
    let count = all.len() as f64;
    let intervals: Option<Vec<Interval>> = all.iter().map(|(_, interval)| *interval).collect();
    let mean = |of: fn(&Interval) -> f64, all: &[Interval]| all.iter().map(of).sum::<f64>() / count;
    Some(Probed {
        auroc: all.iter().map(|(auroc, _)| auroc).sum::<f64>() / count,
        interval: intervals.map(|all| Interval {
            ci_low: mean(|interval| interval.ci_low, &all),
            ci_high: mean(|interval| interval.ci_high, &all),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folds(rows: usize) -> Vec<ProbeFold> {
        let part =
            |fold: usize, own: bool| (0..rows).filter(|row| (row % 4 == fold) == own).collect();
        (0..4)
            .map(|fold| ProbeFold {
                train: part(fold, false),
                val: part(fold, true),
            })
            .collect()
    }

    fn probed(values: Vec<f32>, classes: usize) -> Option<Probed> {
        let targets: Vec<usize> = (0..values.len()).map(|row| row / 4 % classes).collect();
        let fact = Fact {
            name: "a fact",
            width: 1,
            values,
        };
        probe(&fact, &targets, classes, &folds(targets.len()), &mut || {
            Ok(())
        })
        .unwrap()
    }

    #[test]
    fn a_fact_that_follows_the_class_is_seen_and_one_that_does_not_is_not() {
        let noise = |row: usize| ((row * 7919) % 101) as f32 / 100.0;
        for classes in [2, 3] {
            let follows = |row: usize| ((row / 4 % classes) as f32) + noise(row);
            let seen = probed((0..240).map(follows).collect(), classes).unwrap();
            assert!(seen.auroc > 0.8, "{classes}: {seen:?}");
            let unseen = probed((0..240).map(noise).collect(), classes).unwrap();
            assert!((unseen.auroc - 0.5).abs() < 0.12, "{classes}: {unseen:?}");
        }
    }

    #[test]
    fn a_fact_that_never_changes_has_no_score() {
        assert_eq!(probed(vec![3.0; 40], 2), None);
    }
}

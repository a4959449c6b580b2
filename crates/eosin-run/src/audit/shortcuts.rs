//! What facts beside the tissue say of the class, against what a model reaches.

use anyhow::Result;
use eosin_audit::{Directions, Fact, ProbeFold, Probed, auroc, probe};
use eosin_train::Event;
use serde::Serialize;

use super::facts::facts;
use super::folds::KnownFolds;
use super::looked::Looked;
use super::run_predictions::RunPredictions;
use crate::event::{RunEvent, WatchRun, tell};
use crate::job::Job;

/// Share of what a model is better than chance that makes a fact a warning, whatever its interval.
const NEAR: f64 = 0.8;
/// A fact that is no better than this is never one.
const LEAST: f64 = 0.6;

/// What facts say of the class.
#[derive(Clone, Debug, Serialize)]
pub struct ShortcutRecord {
    /// What the facts are held against.
    pub model: String,
    /// What that reaches.
    pub model_score: Option<Probed>,
    /// Each fact.
    pub facts: Vec<FactRecord>,
}

/// What a fact says of the class.
#[derive(Clone, Debug, Serialize)]
pub struct FactRecord {
    /// The fact.
    pub name: String,
    /// What a head on it reaches in the same folds; `None` where it is the same of all patches.
    pub score: Option<Probed>,
    /// Whether that is near what the model reaches.
    pub warning: bool,
}

/// What is known when facts are probed.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub job: &'a Job,
    pub looked: &'a Looked,
    pub folds: &'a KnownFolds,
    pub directions: Option<&'a Directions>,
    pub run: Option<&'a RunPredictions>,
}

/// Probes every fact in the first cross-validation; `None` without folds or with one class.
pub(super) fn shortcuts(known: Known<'_>, watch: &dyn WatchRun) -> Result<Option<ShortcutRecord>> {
    let manifest = known.job.manifest();
    let classes = manifest.classes.len();
    let mut row_of = vec![None; manifest.patches.len()];
    let (mut places, mut targets) = (Vec::new(), Vec::new());
    for place in manifest.training_pool() {
        if let Some(class) = manifest.patches[place].class {
            row_of[place] = Some(places.len());
            places.push(place);
            targets.push(class);
        }
    }
    let rows = |places: &[usize]| places.iter().filter_map(|place| row_of[*place]).collect();
    let first = known
        .folds
        .resolved
        .iter()
        .filter(|fold| fold.id.repeat == 0);
    let folds: Vec<ProbeFold> = first
        .map(|fold| ProbeFold {
            train: rows(&fold.train),
            val: rows(&fold.val),
        })
        .collect();
    if folds.is_empty() || classes < 2 {
        return Ok(None);
    }
    let probed = |fact: &Fact| -> Result<Option<Probed>> {
        tell(watch, &RunEvent::Training(&Event::Pulse))?;
        Ok(probe(fact, &targets, classes, &folds, &mut || Ok(()))?)
    };
    let (model, model_score) = match (known.run, known.directions) {
        (Some(run), _) => {
            let judged: Vec<(usize, Vec<f64>)> = run
                .out_of_fold
                .iter()
                .filter_map(|(place, probs)| {
                    let class = manifest.patches[*place].class?;
                    Some((class, probs.iter().map(|prob| f64::from(*prob)).collect()))
                })
                .collect();
            (
                format!("the run {}", run.dir.display()),
                auroc(&judged, classes),
            )
        }
        (None, Some(directions)) => {
            let fact = Fact {
                name: "embedding",
                width: directions.width(),
                values: directions.of(&places),
            };
            (
                format!(
                    "a head on the mean embedding ({})",
                    known.job.config.backbone.name
                ),
                probed(&fact)?,
            )
        }
        (None, None) => ("no model".to_owned(), None),
    };
    let mut records = Vec::new();
    for fact in facts(known.job, known.looked, &places) {
        let score = probed(&fact)?;
        records.push(FactRecord {
            name: fact.name.to_owned(),
            warning: is_near(score, model_score),
            score,
        });
    }
    Ok(Some(ShortcutRecord {
        model,
        model_score,
        facts: records,
    }))
}

/// Whether a fact reaches about what a model does.
fn is_near(fact: Option<Probed>, model: Option<Probed>) -> bool {
    let by_chance = |fact: &Probed| fact.interval.is_some_and(|interval| interval.ci_low <= 0.5);
    let Some(fact) = fact.filter(|fact| fact.auroc >= LEAST && !by_chance(fact)) else {
        return false;
    };
    let Some(model) = model else {
        return false;
    };
    let high = fact
        .interval
        .map_or(fact.auroc, |interval| interval.ci_high);
    high >= model.auroc || fact.auroc - 0.5 >= NEAR * (model.auroc - 0.5)
}

impl ShortcutRecord {
    /// The facts that come near the model, in a sentence.
    pub(super) fn warning(&self) -> Option<String> {
        let near: Vec<String> = self
            .facts
            .iter()
            .filter(|fact| fact.warning)
            .filter_map(|fact| Some(format!("{} {}", fact.name, shown(fact.score?))))
            .collect();
        let model = shown(self.model_score?);
        (!near.is_empty()).then(|| {
            format!(
                "facts beside the tissue's structure tell classes apart nearly as well as {} (AUROC {model}): {}; \
                 a network may learn what it sees of them instead, and names, sides and file sizes say how the \
                 set was made",
                self.model,
                near.join(", ")
            )
        })
    }
}

/// `0.812 (0.79 to 0.83)`
pub(super) fn shown(score: Probed) -> String {
    match score.interval {
        Some(interval) => format!(
            "{:.3} ({:.3} to {:.3})",
            score.auroc, interval.ci_low, interval.ci_high
        ),
        None => format!("{:.3}", score.auroc),
    }
}

#[cfg(test)]
mod tests {
    use eosin_metrics::Interval;

    use super::*;

    #[test]
    fn a_fact_is_near_when_its_interval_reaches_the_model() {
        let score = |auroc: f64, half: f64| {
            Some(Probed {
                auroc,
                interval: Some(Interval {
                    ci_low: auroc - half,
                    ci_high: auroc + half,
                }),
            })
        };
        assert!(is_near(score(0.85, 0.06), score(0.9, 0.02)));
        assert!(is_near(score(0.83, 0.01), score(0.9, 0.02)));
        assert!(!is_near(score(0.7, 0.02), score(0.9, 0.02)));
        assert!(
            !is_near(score(0.55, 0.2), score(0.6, 0.1)),
            "too little to say"
        );
        assert!(!is_near(score(0.9, 0.02), None) && !is_near(None, score(0.9, 0.02)));
    }
}

//! Trials whose heads are trained side by side.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Result;
use eosin_core::config::TrainConfig;
use eosin_search::halving::Rungs;
use eosin_train::{ColumnEpoch, ColumnOutcome, TrainError, WatchColumns};

use super::evaluator::Prepared;
use super::outcome::{Outcome, Score};
use super::pruning::{EndedEarly, on_rung, rungs};
use super::seen::Try;
use super::study::Study;
use super::trials::Ended;

/// Ends columns on their rungs.
pub(super) struct ColumnPruner<'a> {
    study: &'a mut Study,
    tries: Vec<Try>,
    rungs: Vec<Option<Rungs>>,
    ended: BTreeMap<usize, EndedEarly>,
}

impl<'a> ColumnPruner<'a> {
    /// Watches these trials.
    pub fn new(study: &'a mut Study, trials: &[Prepared]) -> Self {
        let prune = study.record.prune;
        let of_trial = |one: &Prepared| {
            let epochs = one.job.config.train.epochs;
            rungs(prune, one.taken.made.trial, epochs)
        };
        Self {
            rungs: trials.iter().map(of_trial).collect(),
            tries: trials.iter().map(|one| one.taken.made).collect(),
            ended: BTreeMap::new(),
            study,
        }
    }

    /// Those that were ended, by their places.
    pub fn finish(self) -> BTreeMap<usize, EndedEarly> {
        self.ended
    }
}

impl WatchColumns for ColumnPruner<'_> {
    fn looks_after(&self, epochs: usize) -> bool {
        let mut all = self.rungs.iter().flatten();
        all.any(|rungs| rungs.at(epochs).is_some())
    }

    fn look(&mut self, epochs: usize, columns: &[ColumnEpoch]) -> Result<Vec<usize>, TrainError> {
        let mut ended = Vec::new();
        for ColumnEpoch { column, folds } in columns {
            let on = self.rungs[*column].as_ref();
            let folds: Option<Vec<f64>> = folds.iter().copied().collect();
            let (Some(_), Some(folds)) = (on.and_then(|rungs| rungs.at(epochs)), folds) else {
                continue;
            };
            let early = on_rung(self.study, self.tries[*column], epochs, &folds);
            if let Some(early) = early.map_err(|error| TrainError::Watch(error.into()))? {
                self.ended.insert(*column, early);
                ended.push(*column);
            }
        }
        Ok(ended)
    }
}

/// The trials' settings of training.
pub(super) fn settings(trials: &[Prepared]) -> Vec<&TrainConfig> {
    trials.iter().map(|one| &one.job.config.train).collect()
}

/// What columns came to, as trials; each took its share of the time since `begun`.
pub(super) fn ended(
    study: &Study,
    outcomes: Vec<ColumnOutcome>,
    early: &BTreeMap<usize, EndedEarly>,
    begun: Instant,
) -> Vec<Ended> {
    let secs = begun.elapsed().as_secs_f64() / outcomes.len().max(1) as f64;
    let metric = study.record.metric;
    let outcome = |(at, outcome): (usize, ColumnOutcome)| match outcome {
        ColumnOutcome::Trained { folds, out_of_fold } => {
            let pooled = out_of_fold.iter().map(|set| set.get(metric));
            let of_folds = folds.iter().map(|set| set.get(metric)).collect();
            match Score::of(of_folds, pooled, Vec::new()) {
                Some(score) => Outcome::Complete(score),
                None => Outcome::undefined(metric),
            }
        }
        ColumnOutcome::Ended => match early.get(&at) {
            Some(early) => early.clone().into(),
            None => Outcome::undefined(metric),
        },
        ColumnOutcome::Failed(error) => Outcome::Failed {
            problem: error.to_string(),
        },
    };
    let outcomes = outcomes.into_iter().enumerate().map(outcome);
    outcomes.map(|outcome| Ended { outcome, secs }).collect()
}

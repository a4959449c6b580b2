//! Trials, carried out on the patches and folds of the base.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use eosin_core::Config;
use eosin_data::Folds;
use eosin_search::Assignment;
use eosin_store::Cache;
use eosin_train::{RunResult, StartingPoint, TrainError};

use super::hold_out::HeldOut;
use super::outcome::{Outcome, Score};
use super::pruning::{Pruner, Quiet, Sizes, Watched};
use super::study::{Study, Taken};
use super::trials::Ended;
use crate::event::WatchRun;
use crate::job::Job;
use crate::settings::{Setting, changed};

/// Carries trials out.
pub(super) struct Evaluator<'a> {
    pub base: &'a Job,
    pub folds: &'a Folds,
    cache: Cache,
    /// What the folds start from, by what it depends on.
    starts: BTreeMap<String, Arc<StartingPoint>>,
}

impl<'a> Evaluator<'a> {
    /// On the patches of `base`.
    ///
    /// # Errors
    /// When the weights or the cache cannot be used.
    pub fn new(base: &'a Job, folds: &'a Folds, watch: &dyn WatchRun) -> Result<Self> {
        let mut this = Self {
            base,
            folds,
            cache: base.cache()?,
            starts: BTreeMap::new(),
        };
        this.start(base, watch)?;
        Ok(this)
    }

    /// The configuration of a trial.
    ///
    /// # Errors
    /// When its values do not go together.
    pub fn config(&self, assignment: &Assignment) -> Result<Config> {
        config_of(&self.base.config, assignment)
    }

    /// The job of a trial: the base's patches under the trial's configuration.
    ///
    /// # Errors
    /// When its values do not go together, or change the patches.
    pub fn job(&self, assignment: &Assignment, watch: &dyn WatchRun) -> Result<Job> {
        let job = self.base.with_config(self.config(assignment)?, watch)?;
        self.folds.validate(job.manifest())?;
        Ok(job)
    }

    /// Trains and judges a trial; what its values are to blame for is its outcome.
    ///
    /// # Errors
    /// Those that no trial is to blame for: patches that are gone, a full disk, an interruption.
    pub fn evaluate(
        &mut self,
        study: &mut Study,
        taken: &Taken,
        watch: &dyn WatchRun,
    ) -> Result<Ended> {
        let begun = Instant::now();
        // The same values come to the same.
        let outcome = match study.trials.outcome_of(&taken.assignment) {
            Some(known) => known.clone(),
            None => self.outcome(study, taken, watch)?,
        };
        Ok(Ended {
            outcome,
            secs: begun.elapsed().as_secs_f64(),
        })
    }

    fn outcome(
        &mut self,
        study: &mut Study,
        taken: &Taken,
        watch: &dyn WatchRun,
    ) -> Result<Outcome> {
        let failed = |error: &anyhow::Error| {
            let problem = format!("{error:#}");
            Ok(Outcome::Failed { problem })
        };
        let prepared = self.job(&taken.assignment, watch).and_then(|job| {
            let start = self.start(&job, watch)?;
            Ok((job, start))
        });
        let (job, start) = match prepared {
            Ok(prepared) => prepared,
            Err(error) if is_interruption(&error) => return Err(error),
            Err(error) => return failed(&error),
        };
        let sizes = Sizes {
            folds: self.folds.folds.len(),
            epochs: job.config.train.epochs,
        };
        let pruner = Pruner::new(study, taken.made, sizes, watch);
        let result = job.run(self.folds, &start, &self.cache, None).run(&pruner);
        let Watched { ended, last_epochs } = pruner.finish()?;
        match (result, ended) {
            (Ok(result), _) => Ok(score(&result, last_epochs)),
            (Err(TrainError::Interrupted), Some(early)) => Ok(Outcome::Pruned {
                predicted: early.predicted,
                why: early.why,
            }),
            (Err(error), _) if is_of_values(&error) => failed(&error.into()),
            (Err(error), _) => Err(error).with_context(|| format!("trial {}", taken.made.trial)),
        }
    }

    /// What a job comes to on the test part, by the mean logits of its folds.
    ///
    /// # Errors
    /// When it cannot be trained, or its patches have no labels.
    pub fn held_out(&mut self, job: &Job, watch: &dyn WatchRun) -> Result<HeldOut> {
        let start = self.start(job, watch)?;
        let result = job
            .run(self.folds, &start, &self.cache, None)
            .run(&Quiet(watch))?;
        let metrics = result.metrics.test_average;
        Ok(HeldOut {
            patches: job.manifest().test_part().len(),
            metrics: metrics.context("patches held out have labels")?,
        })
    }

    /// What the folds of a job start from.
    fn start(&mut self, job: &Job, watch: &dyn WatchRun) -> Result<Arc<StartingPoint>> {
        let Config {
            backbone,
            train,
            seed,
            ..
        } = &job.config;
        let depends = format!(
            "{seed:?} {} {:?} {} {backbone:?}",
            job.size_px, train.mode, train.stages
        );
        if let Some(start) = self.starts.get(&depends) {
            return Ok(Arc::clone(start));
        }
        let start = Arc::new(job.start(watch)?);
        self.starts.insert(depends, Arc::clone(&start));
        Ok(start)
    }
}

/// A configuration with an assignment's values.
///
/// # Errors
/// When they do not go together.
pub(super) fn config_of(base: &Config, assignment: &Assignment) -> Result<Config> {
    let setting = |(key, value): (&String, &eosin_search::Value)| Setting {
        typed: format!("{key}={value}"),
        key: key.clone(),
        value: value.to_toml(),
    };
    let settings: Vec<Setting> = assignment.iter().map(setting).collect();
    changed(base, &settings)
}

/// Whether the values of a trial are to blame, and not the machine.
const fn is_of_values(error: &TrainError) -> bool {
    use TrainError as Of;
    matches!(
        error,
        Of::Diverged { .. }
            | Of::Head(_)
            | Of::NotFinite { .. }
            | Of::Metric(_)
            | Of::ClassMissing { .. }
            | Of::NoPickingPart(_)
            | Of::TooManyStages { .. }
            | Of::NoStage { .. }
            | Of::NothingFrozen
            | Of::TooManyNeighbours { .. }
            | Of::TooSmall { .. }
    )
}

fn is_interruption(error: &anyhow::Error) -> bool {
    let found = error.downcast_ref::<TrainError>();
    matches!(found, Some(TrainError::Interrupted | TrainError::Watch(_)))
}

/// The score of a run.
fn score(result: &RunResult, last_epochs: Vec<Option<f64>>) -> Outcome {
    let select = result.metrics.select;
    let pooled = result.metrics.out_of_fold.iter().map(|set| set.get(select));
    let pooled: Option<Vec<f64>> = pooled.collect();
    let Some(pooled) = pooled.filter(|pooled| !pooled.is_empty()) else {
        return Outcome::Failed {
            problem: format!("{select} is undefined out of fold"),
        };
    };
    Outcome::Complete(Score {
        value: pooled.iter().sum::<f64>() / pooled.len() as f64,
        folds: result
            .folds
            .iter()
            .map(|fold| fold.metrics.get(select))
            .collect(),
        last_epochs,
    })
}

//! Trials, carried out on the patches and folds of the base.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use eosin_core::Config;
use eosin_data::Folds;
use eosin_metrics::{Metric, MetricSet};
use eosin_models::{EMBEDDED, embedded_weights_have_seen};
use eosin_search::Assignment;
use eosin_store::Cache;
use eosin_train::{RunResult, StartingPoint, TrainError, shared_by_columns};

use super::columns::{ColumnPruner, ended, settings};
use super::outcome::{Outcome, Score};
use super::pruning::{Pruner, Quiet, Sizes, Watched};
use super::study::{Study, Taken};
use super::trials::Ended;
use crate::event::{WatchRun, note};
use crate::job::Job;
use crate::record::{OTHER_BACKBONE, seen};
use crate::settings::{Setting, changed};

/// A trial that can begin.
pub(super) struct Prepared {
    pub taken: Taken,
    pub job: Job,
    start: Arc<StartingPoint>,
    /// What the starting point depends on.
    depends: String,
}

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
        let start = this.start(base, watch)?;
        warn_of_seen(base, &start, watch)?;
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

    /// Whether a trial's heads can be trained beside those of others.
    pub fn is_column(&self, assignment: &Assignment) -> bool {
        let config = self.config(assignment).ok();
        config.is_some_and(|config| shared_by_columns(&config).is_some())
    }

    /// Trains and judges trials, and writes down what came of them; what a trial's values are to blame
    /// for is its outcome. Those whose heads can be trained side by side are.
    ///
    /// # Errors
    /// Those that no trial is to blame for: patches that are gone, a full disk, an interruption.
    pub fn evaluate(
        &mut self,
        study: &mut Study,
        trials: Vec<Taken>,
        watch: &dyn WatchRun,
    ) -> Result<()> {
        let mut columns: BTreeMap<String, Vec<Prepared>> = BTreeMap::new();
        for taken in trials {
            let begun = Instant::now();
            // The same values come to the same.
            let outcome = match study.trials.outcome_of(&taken.assignment) {
                Some(known) => known.clone(),
                None => match self.prepare(&taken, watch)? {
                    Err(problem) => Outcome::Failed { problem },
                    Ok(one) => match shared_by_columns(&one.job.config) {
                        Some(shared) => {
                            let key = format!("{} {}", one.depends, shared.to_toml());
                            columns.entry(key).or_default().push(one);
                            continue;
                        }
                        None => self.alone(study, &one, watch)?,
                    },
                },
            };
            let secs = begun.elapsed().as_secs_f64();
            study.end(&taken, Ended { outcome, secs })?;
        }
        for group in columns.into_values() {
            self.side_by_side(study, &group, watch)?;
        }
        study.sync()
    }

    /// What a trial needs to begin, or what is wrong with its values.
    fn prepare(
        &mut self,
        taken: &Taken,
        watch: &dyn WatchRun,
    ) -> Result<std::result::Result<Prepared, String>> {
        let prepared = self.job(&taken.assignment, watch).and_then(|job| {
            let start = self.start(&job, watch)?;
            Ok(Prepared {
                taken: taken.clone(),
                depends: start_depends(&job),
                job,
                start,
            })
        });
        match prepared {
            Ok(prepared) => Ok(Ok(prepared)),
            Err(error) if is_interruption(&error) => Err(error),
            Err(error) => Ok(Err(format!("{error:#}"))),
        }
    }

    /// Trains trials as columns of one product.
    fn side_by_side(
        &self,
        study: &mut Study,
        trials: &[Prepared],
        watch: &dyn WatchRun,
    ) -> Result<()> {
        let begun = Instant::now();
        let first = &trials[0];
        let run = first.job.run(self.folds, &first.start, &self.cache, None);
        let mut pruner = ColumnPruner::new(study, trials);
        let outcomes = run.columns(&settings(trials), &Quiet(watch), &mut pruner)?;
        let early = pruner.finish();
        let ends = ended(study, outcomes, &early, begun);
        for (one, ended) in trials.iter().zip(ends) {
            study.end(&one.taken, ended)?;
        }
        Ok(())
    }

    /// Trains a trial as a run.
    fn alone(&self, study: &mut Study, one: &Prepared, watch: &dyn WatchRun) -> Result<Outcome> {
        let Prepared {
            taken, job, start, ..
        } = one;
        let metric = study.record.metric;
        let sizes = Sizes {
            folds: self.folds.folds.len(),
            epochs: job.config.train.epochs,
        };
        let pruner = Pruner::new(study, taken.made, sizes, watch);
        let result = job.run(self.folds, start, &self.cache, None).run(&pruner);
        let Watched { ended, last_epochs } = pruner.finish()?;
        match (result, ended) {
            (Ok(result), _) => Ok(score(&result, metric, last_epochs)),
            (Err(TrainError::Interrupted), Some(early)) => Ok(early.into()),
            (Err(error), _) if is_of_values(&error) => Ok(Outcome::Failed {
                problem: format!("{:#}", anyhow::Error::new(error)),
            }),
            (Err(error), _) => Err(error).with_context(|| format!("trial {}", taken.made.trial)),
        }
    }

    /// What a job comes to on the test part, by the mean logits of its folds.
    ///
    /// # Errors
    /// When it cannot be trained, or its patches have no labels.
    pub fn held_out(&mut self, job: &Job, watch: &dyn WatchRun) -> Result<MetricSet> {
        let start = self.start(job, watch)?;
        let result = job
            .run(self.folds, &start, &self.cache, None)
            .run(&Quiet(watch))?;
        let metrics = result.metrics.test_average;
        metrics.context("the patches held out have no labels")
    }

    /// What the folds of a job start from.
    fn start(&mut self, job: &Job, watch: &dyn WatchRun) -> Result<Arc<StartingPoint>> {
        let depends = start_depends(job);
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

/// Says that the embedded weights know some of the patches already, once for all trials.
fn warn_of_seen(base: &Job, start: &StartingPoint, watch: &dyn WatchRun) -> Result<()> {
    let Ok(network) = start.network() else {
        return Ok(());
    };
    if network.weights_source != EMBEDDED {
        return Ok(());
    }
    let manifest = base.manifest();
    let counts = [manifest.training_pool(), manifest.test_part()].map(|places| {
        let known = |place: &&usize| embedded_weights_have_seen(base.patches.hash(**place));
        places.iter().filter(known).count()
    });
    match seen(counts, network.spec.name.as_str(), OTHER_BACKBONE) {
        Some(text) => note(watch, &format!("warning: {text}")),
        None => Ok(()),
    }
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
fn score(result: &RunResult, metric: Metric, last_epochs: Vec<Option<f64>>) -> Outcome {
    let pooled = result.metrics.out_of_fold.iter().map(|set| set.get(metric));
    let folds = result.folds.iter().map(|fold| fold.metrics.get(metric));
    match Score::of(folds.collect(), pooled, last_epochs) {
        Some(score) => Outcome::Complete(score),
        None => Outcome::undefined(metric),
    }
}

/// All that decides what the folds of a job start from.
fn start_depends(job: &Job) -> String {
    let Config {
        backbone,
        train,
        seed,
        ..
    } = &job.config;
    format!(
        "{seed:?} {} {:?} {} {backbone:?}",
        job.size_px, train.mode, train.stages
    )
}

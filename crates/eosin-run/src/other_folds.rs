//! What the same heads score on folds that keep nothing together, beside folds that do.

use std::sync::Arc;

use anyhow::Result;
use eosin_core::Config;
use eosin_core::config::{DoctorPolicy, GroupBy, TrainMode};
use eosin_data::{Folds, Patches, SplitMethod, SplitOptions, split};
use eosin_metrics::{Metric, MetricSet};
use eosin_train::{Run, TrainError};
use serde::{Deserialize, Serialize};

use crate::event::{QuietTraining, WatchRun};
use crate::job::{Job, split_options};

/// Share of the judged patches that pairs across folds must have, for folds that keep them together to
/// be tried: fewer cannot change a score that is told with three digits.
const LEAST_TORN: f64 = 0.02;

/// Whether a run is judged on other folds, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OtherFolds {
    /// Where it costs little and may tell something.
    #[default]
    Compare,
    /// Never: the run is one of many that are compared with each other.
    Leave,
}

/// A score on folds that keep groups of patches together, and on folds drawn at random.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldsCompared {
    /// The metric, of all out-of-fold predictions pooled; mean over cross-validations.
    pub metric: Metric,
    /// What the grouped folds keep together: `patient`, `slide`, `group`, or `pairs` that were found.
    pub by: String,
    /// On grouped folds.
    pub grouped: f64,
    /// On random ones.
    pub random: f64,
}

impl FoldsCompared {
    /// Both scores side by side, a sentence; `None` where they are the same to three digits.
    pub fn text(&self) -> Option<String> {
        let Self {
            metric,
            by,
            grouped,
            random,
        } = self;
        let shown = |score: f64| format!("{score:.3}");
        let why = if random > grouped {
            let what = if by == PAIRS { "tissue" } else { by };
            format!("the difference is what patches of the same {what} lend each other")
        } else {
            "as far as chance divides them otherwise".to_owned()
        };
        (shown(*grouped) != shown(*random)).then(|| {
            format!(
                "out-of-fold {} is {grouped:.3} on folds by {by} and {random:.3} on random ones: {why}",
                metric.title(),
            )
        })
    }
}

/// How folds are named that keep pairs of patches together.
const PAIRS: &str = "pairs";

/// What is known of a run whose folds are finished.
pub(crate) struct Judged<'a> {
    /// Its scores out of fold.
    pub out_of_fold: &'a [MetricSet],
    /// What each patch's group is called, with patches that pairs link in one.
    pub linked: &'a [String],
    /// Patches that are in pairs across folds.
    pub torn: usize,
}

/// Trains the heads of `run` once more, on folds drawn at random where it has them by patient, slide or
/// group, else on folds that keep linked patches together where many are torn apart. `None` where that
/// would cost as much as the run, or tell nothing.
///
/// # Errors
/// When `watch` fails or ends the work.
pub(crate) fn on_other_folds(
    job: &Job,
    run: &Run<'_>,
    judged: &Judged<'_>,
    watch: &dyn WatchRun,
) -> Result<Option<FoldsCompared>> {
    let solved = job.config.train.mode == TrainMode::Probe && run.start.members().is_none();
    if !solved || run.folds.method != SplitMethod::KFold {
        return Ok(None);
    }
    let least = LEAST_TORN * job.manifest().training_pool().len() as f64;
    let grouped = run.folds.group != GroupBy::None;
    let other = if grouped {
        Divided::at_random(job)
    } else if judged.torn > 0 && judged.torn as f64 >= least {
        Divided::in_groups(job, judged.linked)
    } else {
        None
    };
    let Some(other) = other else {
        return Ok(None);
    };
    let Some(there) = other.scores(run, watch)? else {
        return Ok(None);
    };
    let metric = if pooled(judged.out_of_fold, Metric::Auroc).is_some() {
        Metric::Auroc
    } else {
        run.select
    };
    let (Some(here), Some(there)) = (pooled(judged.out_of_fold, metric), pooled(&there, metric))
    else {
        return Ok(None);
    };
    Ok(Some(if grouped {
        FoldsCompared {
            metric,
            by: run.folds.group.to_string(),
            grouped: here,
            random: there,
        }
    } else {
        FoldsCompared {
            metric,
            by: PAIRS.to_owned(),
            grouped: there,
            random: here,
        }
    }))
}

/// Patches as they are divided otherwise.
struct Divided {
    patches: Arc<Patches>,
    folds: Folds,
}

impl Divided {
    /// The job's patches, as `by` says; `None` where they cannot be divided so.
    fn of(job: &Job, patches: Arc<Patches>, by: GroupBy) -> Option<Self> {
        let options = SplitOptions {
            group: by,
            ..split_options(&job.config, patches.manifest())
        };
        let (folds, _) = split(patches.manifest(), &options).ok()?;
        Some(Self { patches, folds })
    }

    fn at_random(job: &Job) -> Option<Self> {
        Self::of(job, Arc::clone(&job.patches), GroupBy::None)
    }

    /// In groups of these names. Parts that are given stay as they are, whatever is linked across them.
    fn in_groups(job: &Job, names: &[String]) -> Option<Self> {
        let patches = job.manifest().patches.iter().zip(names);
        let names = patches.map(|(patch, name)| {
            if patch.is_test() {
                format!("test {}", patch.key)
            } else {
                name.clone()
            }
        });
        let patches = job.patches.with_groups(names.collect());
        Self::of(job, patches.into(), GroupBy::Group)
    }

    /// What `run` scores out of fold, on these folds; `None` where it cannot be trained on them, such as where a
    /// class is in one fold only.
    fn scores(&self, run: &Run<'_>, watch: &dyn WatchRun) -> Result<Option<Vec<MetricSet>>> {
        let mut config: Config = run.config.clone();
        // Random folds have on both sides what the doctor would refuse: that is what is to be seen.
        config.train.doctor = DoctorPolicy::Off;
        let other = Run {
            config: &config,
            patches: &self.patches,
            folds: &self.folds,
            folder: None,
            ..*run
        };
        match other.run(&QuietTraining { watch }) {
            Ok(result) => Ok(Some(result.metrics.out_of_fold)),
            Err(error @ (TrainError::Interrupted | TrainError::Watch(_))) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }
}

/// The mean over cross-validations.
fn pooled(scores: &[MetricSet], metric: Metric) -> Option<f64> {
    let values: Option<Vec<f64>> = scores.iter().map(|score| score.get(metric)).collect();
    let values = values.filter(|values| !values.is_empty())?;
    Some(values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(grouped: f64, random: f64) -> FoldsCompared {
        FoldsCompared {
            metric: Metric::Auroc,
            by: "slide".to_owned(),
            grouped,
            random,
        }
    }

    #[test]
    fn scores_that_do_not_differ_are_not_told() {
        assert_eq!(compared(0.9123, 0.9124).text(), None);
        let text = compared(0.70, 0.97).text().expect("they differ");
        assert!(
            text.contains("0.700 on folds by slide and 0.970 on random ones"),
            "{text}"
        );
    }
}

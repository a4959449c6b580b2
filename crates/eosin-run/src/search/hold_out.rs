//! Patches that no trial sees.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use eosin_core::Split;
use eosin_data::{SplitMethod, SplitOptions, split};
use eosin_metrics::{Interval, Metric, MetricSet};
use eosin_store::write_atomic;
use serde::{Deserialize, Serialize};

use crate::event::{WatchRun, note};
use crate::job::{Job, split_options};

/// File with what the winner came to.
const FILE: &str = "held_out.json";

/// What the winner came to on patches that no trial saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldOut {
    /// The winner's number.
    pub trial: u64,
    /// Patches.
    pub patches: u64,
    /// The metric that is searched for.
    pub metric: Metric,
    /// Its value by the folds' mean logits; `None` where it is undefined.
    pub value: Option<f64>,
    /// The value's 95 % interval, where there is one.
    pub interval: Option<Interval>,
}

impl HeldOut {
    /// Of trial `trial`, which came to these metrics on the patches held out.
    pub(super) fn new(trial: u64, metric: Metric, metrics: &MetricSet) -> Self {
        Self {
            trial,
            patches: metrics.count,
            metric,
            value: metrics.get(metric),
            interval: metrics.interval(metric),
        }
    }

    /// Keeps it with the study in `dir`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(&self, dir: &Path) -> Result<()> {
        let json = serde_json::to_vec_pretty(self)?;
        Ok(write_atomic(dir.join(FILE), &json)?)
    }

    /// What the trial `winner` of the study in `dir` came to, where that is known.
    ///
    /// # Errors
    /// When the file is damaged.
    pub(super) fn read(dir: &Path, winner: Option<u64>) -> Result<Option<Self>> {
        let path = dir.join(FILE);
        if !path.is_file() {
            return Ok(None);
        }
        let bytes = std::fs::read(&path);
        let bytes = bytes.with_context(|| format!("cannot read {}", path.display()))?;
        let held_out: Self = serde_json::from_slice(&bytes).with_context(|| {
            format!(
                "{} is damaged; remove it, and search again to have it written",
                path.display()
            )
        })?;
        Ok((Some(held_out.trial) == winner).then_some(held_out))
    }
}

/// The job with a share of its training patches put into the test part, groups kept together and
/// classes in proportion.
///
/// # Errors
/// When there is a test part already, or too few patches.
pub(super) fn hold_out(job: Job, share: f64, watch: &dyn WatchRun) -> Result<Job> {
    if !(share > 0.0 && share < 1.0) {
        bail!("--outer is {share}; it must be a share of the training patches between 0 and 1");
    }
    if !job.manifest().test_part().is_empty() {
        bail!(
            "--outer holds patches out, and the data have a test part already, which no trial looks \
             at: leave it out, and judge the winner there with '--out'"
        );
    }
    let options = SplitOptions {
        method: SplitMethod::HoldOut,
        k: 1,
        repeats: 1,
        val_fraction: share,
        ..split_options(&job.config, job.manifest())
    };
    let (folds, _) = split(job.manifest(), &options)?;
    let held: BTreeSet<String> = folds.folds[0].val.iter().cloned().collect();
    note(
        watch,
        &format!("{} patches are held out: no trial sees them", held.len()),
    )?;
    let patches = job.patches.with_part(&held, Split::Test);
    Ok(Job {
        patches: patches.into(),
        ..job
    })
}

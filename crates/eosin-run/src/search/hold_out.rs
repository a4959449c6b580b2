//! Patches that no trial sees.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use eosin_core::Split;
use eosin_data::{SplitMethod, SplitOptions, split};
use eosin_metrics::MetricSet;
use serde::Serialize;

use crate::event::{WatchRun, note};
use crate::job::{Job, split_options};

/// What the winner came to on patches that no trial saw.
#[derive(Clone, Debug, Serialize)]
pub struct HeldOut {
    /// Patches.
    pub patches: usize,
    /// The metrics of the folds' mean logits on them.
    pub metrics: MetricSet,
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

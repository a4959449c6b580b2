//! In which parts patches are.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use eosin_core::{FoldId, Split};
use eosin_data::{FoldIndices, Folds, Manifest};

use super::run_predictions::RunPredictions;
use crate::event::WatchRun;
use crate::job::Job;

/// The folds that a run has, or would have; none where the patches cannot be divided.
pub(super) struct KnownFolds {
    /// Each as places in the manifest.
    pub resolved: Vec<FoldIndices>,
    /// The folds that validate on each patch.
    val_of: BTreeMap<usize, BTreeSet<FoldId>>,
}

impl KnownFolds {
    /// Those of the run, else those that `eosin run` would make. Patches that cannot be divided are
    /// audited all the same, with a note.
    pub(super) fn of(
        job: &Job,
        run: Option<&RunPredictions>,
        notes: &mut Vec<String>,
        watch: &dyn WatchRun,
    ) -> Result<Self> {
        let resolved = match run {
            Some(run) => run.folds.resolve(job.manifest())?,
            None => match split(job, watch) {
                Ok(resolved) => resolved,
                Err(error) => {
                    notes.push(format!(
                        "the patches cannot be divided into folds, so nothing is said of folds: {error:#}"
                    ));
                    Vec::new()
                }
            },
        };
        Ok(Self::resolved(resolved))
    }

    /// These.
    pub(super) fn resolved(resolved: Vec<FoldIndices>) -> Self {
        let mut val_of: BTreeMap<usize, BTreeSet<FoldId>> = BTreeMap::new();
        for fold in &resolved {
            for place in &fold.val {
                val_of.entry(*place).or_default().insert(fold.id);
            }
        }
        Self { resolved, val_of }
    }

    /// What a pair of patches is on both sides of: parts, and folds of a cross-validation.
    pub(super) fn across(&self, manifest: &Manifest, a: usize, b: usize) -> Vec<String> {
        let part = |place: usize| match manifest.patches[place].split {
            Some(Split::Test) => "test",
            Some(Split::Val) => "val",
            Some(Split::Train) | None => "train",
        };
        let mut across = Vec::new();
        if part(a) != part(b) {
            across.push(format!("{}/{}", part(a), part(b)));
        }
        if part(a) != "test" && part(b) != "test" {
            let none = BTreeSet::new();
            let folds = |place: usize| self.val_of.get(&place).unwrap_or(&none);
            let parted = folds(a).symmetric_difference(folds(b));
            across.extend(parted.map(|fold| format!("fold {fold}")));
        }
        across
    }
}

fn split(job: &Job, watch: &dyn WatchRun) -> Result<Vec<FoldIndices>> {
    let folds: Folds = job.split(watch)?;
    Ok(folds.resolve(job.manifest())?)
}

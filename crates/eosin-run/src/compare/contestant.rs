//! A run that is compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use eosin_core::{FoldId, Seed, Task};
use eosin_data::Folds;
use eosin_metrics::Metric;
use eosin_store::names;
use eosin_train::{JudgedRows, Part, PatchGroups, Prediction, RunMetrics, held_predictions};

use crate::members::open_member;
use crate::record::task_of;

/// A finished run with what it says of labelled patches.
#[derive(Debug)]
pub(super) struct Contestant {
    pub name: String,
    pub dir: PathBuf,
    pub task: Task,
    pub seed: Seed,
    /// Hash of the patches' contents.
    pub patches_hash: String,
    /// What is known of which patches belong together.
    pub groups: PatchGroups,
    /// The metrics of each fold, and which one chose the best.
    pub metrics: RunMetrics,
    /// Which fold judged a patch, in each cross-validation.
    pub folds: BTreeMap<(usize, String), FoldId>,
    /// A list entry a cross-validation.
    pub out_of_fold: Vec<JudgedRows>,
    /// One entry, or none where no test patch is labelled.
    pub test: Vec<JudgedRows>,
}

impl Contestant {
    /// Opens a finished run, whose predictions must be those of its folds.
    ///
    /// # Errors
    /// When it is no such run, or a file in it is damaged.
    pub fn open(path: &Path) -> Result<Self> {
        let run = open_member(path)?;
        let rows = held_predictions(&run.folder, &run.record)?;
        let task = task_of(&run.record)?;
        let folds = Folds::from_json(&run.folder.read_text(names::FOLDS)?)?;
        Ok(Self {
            name: run.name.clone(),
            dir: std::path::absolute(path)?,
            seed: run.config.seed,
            patches_hash: run.record.patches_hash.clone(),
            groups: PatchGroups::of_run(&run.folder, &run.record, folds.group)?,
            metrics: run.folder.read_json(names::METRICS)?,
            folds: rows.iter().filter_map(judged_by).collect(),
            out_of_fold: JudgedRows::of(&rows, Part::OutOfFold, &task)?,
            test: JudgedRows::of(&rows, Part::TestAverage, &task)?,
            task,
        })
    }

    /// What it says of a part.
    pub fn rows(&self, part: Part) -> &[JudgedRows] {
        match part {
            Part::TestAverage => &self.test,
            _ => &self.out_of_fold,
        }
    }

    /// Every labelled patch of a part with its class.
    pub fn labels(&self, part: Part) -> BTreeMap<&str, usize> {
        let rows = self.rows(part).iter();
        let labels = rows.flat_map(|rows| rows.keys.iter().zip(&rows.targets));
        labels
            .map(|(key, target)| (key.as_str(), *target))
            .collect()
    }

    /// Whether each of its cross-validations judges every patch.
    pub fn is_complete(&self) -> bool {
        let all = self.labels(Part::OutOfFold).len();
        self.out_of_fold.iter().all(|rows| rows.keys.len() == all)
    }

    /// The value of a metric in each fold.
    pub fn of_folds(&self, metric: Metric) -> impl Iterator<Item = (FoldId, Option<f64>)> {
        let folds = self.metrics.folds.iter();
        folds.map(move |fold| (fold.fold, fold.metrics.get(metric)))
    }
}

fn judged_by(row: &Prediction) -> Option<((usize, String), FoldId)> {
    let fold = row.fold.filter(|_| row.part == Part::OutOfFold)?;
    Some(((fold.repeat, row.key.clone()), fold))
}

//! A run that is compared.

use std::collections::{BTreeMap, BTreeSet};
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
    /// The fold that judged these patches of a cross-validation.
    folds: BTreeMap<Validated, FoldId>,
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
            folds: folds_of(&rows),
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

    /// Whether both are divided into the same folds, whatever their numbers.
    pub fn has_folds_of(&self, other: &Self) -> bool {
        self.folds.keys().eq(other.folds.keys())
    }

    /// The value of a metric in each fold, in the same order for all runs of the same folds.
    pub fn of_folds(&self, metric: Metric) -> impl Iterator<Item = Option<f64>> {
        self.folds.values().map(move |fold| {
            let mut folds = self.metrics.folds.iter();
            folds.find(|of| of.fold == *fold)?.metrics.get(metric)
        })
    }
}

/// Patches that a fold of a cross-validation judges.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Validated {
    repeat: usize,
    keys: BTreeSet<String>,
}

fn folds_of(rows: &[Prediction]) -> BTreeMap<Validated, FoldId> {
    let mut keys: BTreeMap<FoldId, BTreeSet<String>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.part == Part::OutOfFold) {
        if let Some(fold) = row.fold {
            keys.entry(fold).or_default().insert(row.key.clone());
        }
    }
    let validated = |(fold, keys): (FoldId, BTreeSet<String>)| {
        let repeat = fold.repeat;
        (Validated { repeat, keys }, fold)
    };
    keys.into_iter().map(validated).collect()
}

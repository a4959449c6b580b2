//! What a run says of labelled patches, laid out to be compared.

use std::collections::{BTreeMap, BTreeSet};

use eosin_core::Task;
use eosin_metrics::{Groups, MetricError, ModelRows, Probs, Unit};

use crate::judge::patch_groups::PatchGroups;
use crate::predict::predictions::{Part, Prediction};

/// The labelled patches of one cross-validation (or of a test part), in the order of their keys.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedRows {
    /// The patches.
    pub keys: Vec<String>,
    /// Their classes.
    pub targets: Vec<usize>,
    /// What the run says of them.
    pub probs: Probs,
}

impl JudgedRows {
    /// Those of a part, a list entry a cross-validation; none where nothing in it is labelled.
    ///
    /// # Errors
    /// When a row holds no probabilities.
    pub fn of(rows: &[Prediction], part: Part, task: &Task) -> Result<Vec<Self>, MetricError> {
        let mut repeats: BTreeMap<usize, BTreeMap<&str, &Prediction>> = BTreeMap::new();
        for row in rows
            .iter()
            .filter(|row| row.part == part && row.target.is_some())
        {
            let repeat = row.fold.map_or(0, |fold| fold.repeat);
            repeats.entry(repeat).or_default().insert(&row.key, row);
        }
        let judged = |rows: BTreeMap<&str, &Prediction>| {
            let targets: Vec<usize> = rows.values().filter_map(|row| row.target).collect();
            let probs = rows.values().flat_map(|row| row.probs.iter().copied());
            let probs: Vec<f32> = probs.collect();
            Ok(Self {
                probs: Probs::new(&targets, &probs, task.classes.len())?,
                keys: rows.keys().map(|key| (*key).to_owned()).collect(),
                targets,
            })
        };
        repeats.into_values().map(judged).collect()
    }

    /// Whether both are of the same patches with the same classes.
    pub fn are_of_the_same(&self, other: &Self) -> bool {
        self.keys == other.keys && self.targets == other.targets
    }

    /// Whether the most probable class of each patch is its own.
    pub fn right(&self) -> Vec<bool> {
        let pairs = self.probs.preds().into_iter().zip(&self.targets);
        pairs.map(|(pred, target)| pred == *target).collect()
    }
}

/// The groups of all patches that several runs judge, numbered alike for all of them.
#[derive(Clone, Debug)]
pub struct SharedGroups {
    /// What they are.
    pub unit: Unit,
    keys: Vec<String>,
    groups: Groups,
}

impl SharedGroups {
    /// Those of the patches of `rows`.
    pub fn new(rows: &[JudgedRows], known: &PatchGroups) -> Self {
        let keys: BTreeSet<&String> = rows.iter().flat_map(|rows| &rows.keys).collect();
        let keys: Vec<String> = keys.into_iter().cloned().collect();
        let (unit, groups) = known.groups(keys.iter().map(String::as_str));
        Self { unit, keys, groups }
    }

    /// Those of these rows, all of whose patches are among them.
    pub fn of(&self, rows: &JudgedRows) -> Groups {
        let place = |key: &String| self.keys.partition_point(|other| other < key);
        let places: Vec<usize> = rows.keys.iter().map(place).collect();
        self.groups.of(&places)
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.groups.count()
    }

    /// Rows and groups as [`PairedModels`](eosin_metrics::PairedModels) takes them; `groups` are what
    /// [`of`](Self::of) gives for each.
    pub fn model<'a>(rows: &'a [JudgedRows], groups: &'a [Groups]) -> Vec<ModelRows<'a>> {
        let model = |(rows, groups): (&'a JudgedRows, &'a Groups)| ModelRows {
            targets: &rows.targets,
            probs: &rows.probs,
            groups,
        };
        rows.iter().zip(groups).map(model).collect()
    }
}

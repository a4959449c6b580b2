//! A run's predictions as rows of two classes.

use std::collections::BTreeMap;

use eosin_core::config::GroupBy;
use eosin_core::{FoldId, Task, log_odds};
use eosin_metrics::{MetricError, ScoredRows};

use crate::judge::patch_groups::PatchGroups;
use crate::predict::predictions::{Part, Prediction};

/// The validation part of a fold.
pub(super) struct FoldRowsOf {
    pub fold: FoldId,
    pub rows: ScoredRows,
}

/// What a run of two classes was judged on.
pub(super) struct Judged {
    /// By fold, in order.
    pub folds: Vec<FoldRowsOf>,
    /// Labelled test patches, by the mean of all folds' logits.
    pub test: Option<ScoredRows>,
}

impl Judged {
    /// Of predictions, `groups` being by `by`.
    pub fn new(
        rows: &[Prediction],
        task: &Task,
        groups: &PatchGroups,
        by: GroupBy,
    ) -> Result<Self, MetricError> {
        let mut numbers = Numbers {
            groups,
            by,
            known: BTreeMap::new(),
        };
        let mut by_fold: BTreeMap<FoldId, Vec<&Prediction>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.part == Part::OutOfFold) {
            if let Some(fold) = row.fold {
                by_fold.entry(fold).or_default().push(row);
            }
        }
        let mut folds = Vec::new();
        for (fold, rows) in by_fold {
            if let Some(rows) = numbers.scored(&rows, task)? {
                folds.push(FoldRowsOf { fold, rows });
            }
        }
        let test = rows.iter().filter(|row| row.part == Part::TestAverage);
        let test = numbers.scored(&test.collect::<Vec<_>>(), task)?;
        Ok(Self { folds, test })
    }

    /// All validation parts.
    pub fn all(&self) -> Option<ScoredRows> {
        let parts: Vec<&ScoredRows> = self.folds.iter().map(|fold| &fold.rows).collect();
        ScoredRows::joined(&parts)
    }

    /// The other validation parts of the fold's cross-validation.
    pub fn others(&self, of: FoldId) -> Option<ScoredRows> {
        let is_other = |fold: &&FoldRowsOf| fold.fold.repeat == of.repeat && fold.fold != of;
        let others = self.folds.iter().filter(is_other);
        let parts: Vec<&ScoredRows> = others.map(|fold| &fold.rows).collect();
        ScoredRows::joined(&parts)
    }
}

/// Groups by number, the same in all parts.
struct Numbers<'a> {
    groups: &'a PatchGroups,
    by: GroupBy,
    known: BTreeMap<(u8, String), usize>,
}

impl Numbers<'_> {
    /// The labelled ones of rows; `None` without any.
    fn scored(
        &mut self,
        rows: &[&Prediction],
        task: &Task,
    ) -> Result<Option<ScoredRows>, MetricError> {
        let labelled = rows.iter().filter_map(|row| Some((*row, row.target?)));
        let (rows, targets): (Vec<&Prediction>, Vec<usize>) = labelled.unzip();
        if rows.is_empty() {
            return Ok(None);
        }
        let positive = targets.iter().map(|target| *target == task.positive);
        let odds = rows.iter().map(|row| log_odds(&row.probs, task.positive));
        let groups = (self.by != GroupBy::None).then(|| {
            let numbers = rows.iter().map(|row| {
                let next = self.known.len();
                let group = self.groups.group_of(&row.key, self.by);
                *self.known.entry(group).or_insert(next)
            });
            numbers.collect()
        });
        ScoredRows::new(positive.collect(), odds.collect(), groups).map(Some)
    }
}

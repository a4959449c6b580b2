//! The folds of a run and how they came about, as the report shows them.

use std::collections::BTreeSet;

use anyhow::Result;
use eosin_core::FoldId;
use eosin_core::config::Keep;
use eosin_data::{Fold, Folds, Manifest};
use eosin_metrics::Metric;
use eosin_report::{EpochPoint, FoldReport};
use eosin_store::{FoldFile, RunFolder, RunRecord};
use eosin_train::{ChosenBy, EpochRecord, Event, FoldMetrics, FoldRecord, RunMetrics};

/// How epochs, strengths and the best fold were chosen, sentences.
pub(crate) fn chosen(kept: &str, metrics: &RunMetrics, record: &RunRecord) -> String {
    let best = if record.folds * record.repeats > 1 {
        format!(
            " The best fold is the one with the best {} on its own validation part; the mean of all folds is what \
             predicts.",
            metrics.select.title()
        )
    } else {
        String::new()
    };
    format!("{kept}{best}")
}

/// Patches that each fold is trained on: what is in no test part, less what it validates on.
pub(crate) fn trained_on(manifest: &Manifest, folds: &Folds) -> Vec<TrainedOn> {
    let pool = manifest.training_pool().len();
    let of = |fold: &Fold| TrainedOn {
        fold: fold.id,
        patches: pool.saturating_sub(fold.val.len()) as u64,
    };
    folds.folds.iter().map(of).collect()
}

/// How many patches a fold is trained on.
pub(crate) struct TrainedOn {
    fold: FoldId,
    patches: u64,
}

/// Every fold of every cross-validation, in the order of `metrics.json`.
pub(crate) fn fold_reports(
    folder: &RunFolder,
    metrics: &RunMetrics,
    record: &RunRecord,
    trained: &[TrainedOn],
) -> Result<Vec<FoldReport>> {
    let report = |judged: &FoldMetrics| {
        let outcome: FoldRecord = folder.read_json(&FoldFile::Outcome.of(judged.fold))?;
        let trained = trained.iter().find(|of| of.fold == judged.fold);
        Ok(FoldReport {
            name: record.fold_name(judged.fold),
            train_count: trained.map_or(0, |of| of.patches),
            metrics: judged.metrics.clone(),
            epochs: outcome.epochs.iter().map(epoch_point).collect(),
            kept_epoch: epoch_number(outcome.kept_epoch),
            strength: outcome.probe.map(|probe| probe.shown().value),
        })
    };
    metrics.folds.iter().map(report).collect()
}

/// What the strength of the heads is called, where they were solved.
pub(crate) fn strength_name(events: &[Event]) -> Option<&'static str> {
    events.iter().find_map(|event| match event {
        Event::Solved { record, .. } => Some(record.shown().name),
        _ => None,
    })
}

/// How each fold's epoch or head came about.
pub(crate) fn kept(events: &[Event], keep: Keep, select: Metric) -> String {
    let by = events.iter().filter_map(|event| match event {
        Event::Solved { record, .. } => Some(match record.by {
            ChosenBy::InnerFolds => "was chosen on inner folds of its training part",
            ChosenBy::Setting => "was given",
            ChosenBy::Nothing => {
                "makes for a simple model where the training part is too small to be divided"
            }
        }),
        _ => None,
    });
    let by: BTreeSet<&str> = by.collect();
    let name = strength_name(events).unwrap_or_default();
    if by.is_empty() {
        let select = select.title();
        return match keep {
            Keep::Last => "Each fold keeps its last epoch.".to_owned(),
            Keep::Inner => format!(
                "Each fold keeps the epoch with the best {select} on a fifth of its training part, \
                 which was not trained on."
            ),
            Keep::Best => format!("Each fold keeps its best epoch by validation {select}."),
        };
    }
    let by: Vec<&str> = by.into_iter().collect();
    format!(
        "Each fold's head is solved; its {name} {}.",
        by.join(", or ")
    )
}

fn epoch_point(record: &EpochRecord) -> EpochPoint {
    EpochPoint {
        epoch: epoch_number(record.epoch),
        train_loss: record.train_loss,
        val_loss: Some(record.val_loss),
        val_metric: record.val_metric,
    }
}

/// Epochs are counted from 1 where people read.
fn epoch_number(epoch: usize) -> u32 {
    u32::try_from(epoch + 1).unwrap_or(u32::MAX)
}

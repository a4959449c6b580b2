//! What the training of a fold is given and what comes of it.

use eosin_metrics::{Metric, MetricSet};
use serde::{Deserialize, Serialize};

/// The rows of one fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldRows {
    /// Which cross-validation, from 0.
    pub repeat: usize,
    /// Which fold of it, from 0.
    pub fold: usize,
    /// Position of the fold in random streams: `repeat * folds + fold`.
    pub stream: u64,
    /// Rows trained on.
    pub train: Vec<usize>,
    /// Rows judged on.
    pub val: Vec<usize>,
}

impl FoldRows {
    /// `2`, or `1.2` for fold 2 of repeat 1.
    pub fn name(&self) -> String {
        match self.repeat {
            0 => self.fold.to_string(),
            repeat => format!("{repeat}.{}", self.fold),
        }
    }
}

/// One epoch of one fold, as it stands in `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Mean loss of the training batches.
    pub train_loss: f64,
    /// Loss on the validation part.
    pub val_loss: f64,
    /// The selecting metric on the validation part.
    pub val_metric: Option<f64>,
    /// Area under the ROC curve on the validation part.
    pub val_auroc: Option<f64>,
    /// Balanced accuracy on the validation part.
    pub val_balanced_accuracy: Option<f64>,
}

impl EpochRecord {
    pub(crate) fn new(
        epoch: usize,
        train_loss: f64,
        val_loss: f64,
        metrics: &MetricSet,
        select: Metric,
    ) -> Self {
        Self {
            epoch,
            train_loss,
            val_loss,
            val_metric: metrics.get(select),
            val_auroc: metrics.auroc,
            val_balanced_accuracy: metrics.balanced_accuracy,
        }
    }
}

/// A trained fold: its weights at the best epoch and what they say of the validation part.
#[derive(Clone, Debug)]
pub struct FoldOutcome<W = crate::head::Head> {
    /// Which rows.
    pub rows: FoldRows,
    /// Every epoch, in order.
    pub epochs: Vec<EpochRecord>,
    /// Index of the epoch that the weights are of.
    pub best_epoch: usize,
    /// The weights.
    pub weights: W,
    /// Probabilities of the validation rows, `[val, classes]`.
    pub val_probs: Vec<f32>,
    /// Metrics on the validation part.
    pub metrics: MetricSet,
}

impl<W> FoldOutcome<W> {
    /// The same outcome with its weights turned into another form.
    pub fn map<T>(self, form: impl FnOnce(W) -> T) -> FoldOutcome<T> {
        let Self {
            rows,
            epochs,
            best_epoch,
            weights,
            val_probs,
            metrics,
        } = self;
        FoldOutcome {
            rows,
            epochs,
            best_epoch,
            weights: form(weights),
            val_probs,
            metrics,
        }
    }
}

/// Keeps the best epoch: the earliest of equals, the last when the metric is never defined.
#[derive(Debug)]
pub(crate) struct Tracker<W> {
    select: Metric,
    epochs: Vec<EpochRecord>,
    best: Option<Best<W>>,
}

#[derive(Debug)]
struct Best<W> {
    epoch: usize,
    weights: W,
    probs: Vec<f32>,
    metrics: MetricSet,
}

impl<W: Clone> Tracker<W> {
    pub(crate) const fn new(select: Metric) -> Self {
        Self {
            select,
            epochs: Vec::new(),
            best: None,
        }
    }

    pub(crate) fn push(
        &mut self,
        record: EpochRecord,
        weights: &W,
        probs: Vec<f32>,
        metrics: MetricSet,
    ) {
        let best = self
            .best
            .as_ref()
            .and_then(|best| best.metrics.get(self.select));
        if best.is_none() || self.select.is_better(metrics.get(self.select), best) {
            let (epoch, weights) = (record.epoch, weights.clone());
            self.best = Some(Best {
                epoch,
                weights,
                probs,
                metrics,
            });
        }
        self.epochs.push(record);
    }

    /// Whether the last `patience` epochs brought no better one; a `patience` of 0 never runs out.
    pub(crate) fn is_stalled(&self, patience: usize) -> bool {
        let best = self.best.as_ref().map_or(0, |best| best.epoch);
        patience > 0 && self.epochs.len() > best + patience
    }

    pub(crate) fn last(&self) -> &EpochRecord {
        self.epochs.last().expect("an epoch has just been recorded")
    }

    pub(crate) fn finish(self, rows: &FoldRows) -> FoldOutcome<W> {
        let best = self.best.expect("a configuration has one epoch at least");
        FoldOutcome {
            rows: rows.clone(),
            epochs: self.epochs,
            best_epoch: best.epoch,
            weights: best.weights,
            val_probs: best.probs,
            metrics: best.metrics,
        }
    }
}

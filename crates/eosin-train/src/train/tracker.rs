//! What comes of the training of a fold: its epochs, and the one that is kept.

use eosin_core::config::Keep;
use eosin_ensemble::Combiner;
use eosin_metrics::{Metric, MetricError, MetricSet};
use serde::{Deserialize, Serialize};

use crate::checkpoint::pack::{Pack, Unpack};
use crate::error::TrainError;
use crate::input::view::View;
use crate::predict::logits::{FoldPart, Logits};
use crate::train::job::TrainJob;
use crate::train::probe::ProbeRecord;
use crate::train::rows::FoldRows;

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
    /// The selecting metric on the rows of the training part that pick the epoch; with
    /// `train.keep = "inner"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner_metric: Option<f64>,
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
            inner_metric: None,
        }
    }

    /// What the epoch is picked by.
    pub(crate) const fn score(&self, keep: Keep) -> Option<f64> {
        match keep {
            Keep::Last => None,
            Keep::Inner => self.inner_metric,
            Keep::Best => self.val_metric,
        }
    }
}

/// A trained fold: its weights at the epoch that is kept and what they say of the validation part.
#[derive(Clone, Debug)]
pub struct FoldOutcome<W> {
    /// Which rows.
    pub rows: FoldRows,
    /// Every epoch, in order.
    pub epochs: Vec<EpochRecord>,
    /// Index of the epoch that was kept.
    pub kept_epoch: usize,
    /// The weights.
    pub weights: W,
    /// How the weights were solved for, where they were.
    pub probe: Option<ProbeRecord>,
    /// How the answers of an ensemble's members become one, where they do.
    pub combiner: Option<Combiner>,
    /// The members of a soup whose mean the weights are.
    pub soup: Vec<String>,
    /// Logits that count: the mean over the views that patches are judged under.
    pub logits: Logits,
    /// Logits of patches as they are, where those that count are others.
    pub one_view: Option<Logits>,
    /// Metrics on the validation part.
    pub metrics: MetricSet,
}

impl<W> FoldOutcome<W> {
    /// The same outcome with its weights turned into another form.
    pub fn map<T>(self, form: impl FnOnce(W) -> T) -> FoldOutcome<T> {
        FoldOutcome {
            rows: self.rows,
            epochs: self.epochs,
            kept_epoch: self.kept_epoch,
            weights: form(self.weights),
            probe: self.probe,
            combiner: self.combiner,
            soup: self.soup,
            logits: self.logits,
            one_view: self.one_view,
            metrics: self.metrics,
        }
    }

    /// Judges what training did not: the test rows, and all rows under the views of `job`. The
    /// outcome has the logits of the validation rows as they are; `logits` gives those of either part
    /// in some views.
    pub(crate) fn judge(
        &mut self,
        job: &TrainJob<'_>,
        logits: impl Fn(&W, FoldPart, &[View]) -> Result<Vec<f32>, TrainError>,
    ) -> Result<(), TrainError> {
        self.logits.test = logits(&self.weights, FoldPart::Test, &[View::UPRIGHT])?;
        if job.views.len() > 1 {
            let orbit = Logits {
                val: logits(&self.weights, FoldPart::Val, job.views)?,
                test: logits(&self.weights, FoldPart::Test, job.views)?,
            };
            self.metrics = job.metrics(&job.targets_of(&self.rows.val), &orbit.val)?;
            self.one_view = Some(std::mem::replace(&mut self.logits, orbit));
        }
        Ok(())
    }
}

/// Keeps an epoch: the last, or the best: the earliest of equals, and the last when the metric is
/// never defined.
#[derive(Debug)]
pub(crate) struct Tracker {
    select: Metric,
    keep: Keep,
    epochs: Vec<EpochRecord>,
    kept: Option<Kept>,
}

#[derive(Debug)]
struct Kept {
    epoch: usize,
    score: Option<f64>,
    weights: Vec<f32>,
    logits: Vec<f32>,
    metrics: MetricSet,
}

impl Tracker {
    pub(crate) const fn new(select: Metric, keep: Keep) -> Self {
        Self {
            select,
            keep,
            epochs: Vec::new(),
            kept: None,
        }
    }

    pub(crate) fn push(
        &mut self,
        record: EpochRecord,
        weights: &[f32],
        logits: Vec<f32>,
        metrics: MetricSet,
    ) {
        let score = record.score(self.keep);
        let best = self.kept.as_ref().and_then(|kept| kept.score);
        if best.is_none() || self.select.is_better(score, best) {
            self.kept = Some(Kept {
                epoch: record.epoch,
                score,
                weights: weights.to_vec(),
                logits,
                metrics,
            });
        }
        self.epochs.push(record);
    }

    /// Whether the last `patience` epochs brought no better one; a `patience` of 0 never runs out.
    pub(crate) fn is_stalled(&self, patience: usize) -> bool {
        let best = self.kept.as_ref().map_or(0, |kept| kept.epoch);
        patience > 0 && self.epochs.len() > best + patience
    }

    pub(crate) fn epochs(&self) -> &[EpochRecord] {
        &self.epochs
    }

    /// What the epoch that is kept came to; the test rows are still to be predicted.
    pub(crate) fn finish(self, rows: &FoldRows) -> FoldOutcome<Vec<f32>> {
        let kept = self.kept.expect("a configuration has one epoch at least");
        FoldOutcome {
            rows: rows.clone(),
            epochs: self.epochs,
            kept_epoch: kept.epoch,
            weights: kept.weights,
            probe: None,
            combiner: None,
            soup: Vec::new(),
            logits: Logits {
                val: kept.logits,
                test: Vec::new(),
            },
            one_view: None,
            metrics: kept.metrics,
        }
    }

    pub(crate) fn save(&self, pack: &mut Pack) {
        pack.count(self.epochs.len());
        for record in &self.epochs {
            pack.count(record.epoch);
            pack.float(record.train_loss);
            pack.float(record.val_loss);
            pack.maybe_float(record.val_metric);
            pack.maybe_float(record.val_auroc);
            pack.maybe_float(record.val_balanced_accuracy);
            pack.maybe_float(record.inner_metric);
        }
        pack.count(usize::from(self.kept.is_some()));
        if let Some(kept) = &self.kept {
            pack.count(kept.epoch);
            pack.maybe_float(kept.score);
            pack.floats(&kept.weights);
            pack.floats(&kept.logits);
        }
    }

    /// `judge` gives the metrics of validation logits.
    pub(crate) fn load(
        &mut self,
        unpack: &mut Unpack<'_>,
        weights: usize,
        judge: impl FnOnce(&[f32]) -> Result<MetricSet, MetricError>,
    ) -> Result<(), TrainError> {
        let count = unpack.count()?;
        self.epochs.clear();
        for _ in 0..count {
            self.epochs.push(EpochRecord {
                epoch: unpack.count()?,
                train_loss: unpack.float()?,
                val_loss: unpack.float()?,
                val_metric: unpack.maybe_float()?,
                val_auroc: unpack.maybe_float()?,
                val_balanced_accuracy: unpack.maybe_float()?,
                inner_metric: unpack.maybe_float()?,
            });
        }
        self.kept = None;
        if unpack.count()? == 1 {
            let epoch = unpack.count()?;
            let score = unpack.maybe_float()?;
            let weights = unpack.floats_of(weights)?;
            let logits = unpack.floats()?;
            self.kept = Some(Kept {
                epoch,
                score,
                weights,
                metrics: judge(&logits)?,
                logits,
            });
        }
        Ok(())
    }
}

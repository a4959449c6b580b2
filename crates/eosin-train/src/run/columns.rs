//! A run's heads trained beside those of other configurations.

use std::collections::BTreeMap;
use std::time::Duration;

use eosin_core::config::{TrainConfig, TrainMode};
use eosin_core::{Cut, Watch};
use eosin_metrics::MetricSet;

use super::Run;
use super::rows::Rows;
use crate::checkpoint::keeper::Keeper;
use crate::error::TrainError;
use crate::event::Event;
use crate::input::draw::InputSource;
use crate::train::columns::{ColumnEnd, ColumnFold, ColumnTraining, WatchColumns};
use crate::train::session::Session;

/// What the heads of one configuration came to.
#[derive(Debug)]
pub enum ColumnOutcome {
    /// They were trained to the end.
    Trained {
        /// Metrics of each fold.
        folds: Vec<MetricSet>,
        /// Metrics out of fold, of each cross-validation.
        out_of_fold: Vec<MetricSet>,
    },
    /// They were ended early.
    Ended,
    /// They could not be trained, and the configuration is to blame.
    Failed(TrainError),
}

impl Run<'_> {
    /// Trains the heads of several configurations side by side: those of this run, each with one of
    /// `configs` in place of its own. They must agree with it on
    /// [`shared_by_columns`](crate::shared_by_columns).
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn columns(
        &self,
        configs: &[&TrainConfig],
        watch: &dyn Watch<Event>,
        columns: &mut dyn WatchColumns,
    ) -> Result<Vec<ColumnOutcome>, TrainError> {
        if configs.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.rows()?;
        let session = Session::new(Keeper::new(None, [0; 32], Duration::MAX), watch);
        self.refuse_findings(&rows, &session)?;
        self.refuse_rows(&rows)?;
        let preprocess = self.fitted_preprocess(&rows, &session)?;
        let (inputs, _) = self.inputs(Cut::Embedding, &rows, &preprocess, &session)?;
        if self.config.train.mode == TrainMode::Probe {
            return self.probe_columns(configs, &inputs, &rows, &session);
        }
        let sources: Vec<Box<dyn InputSource + '_>> =
            inputs.iter().map(|inputs| inputs.source()).collect();
        let of_fold = |index: usize| &*sources[index % sources.len()];
        let training = ColumnTraining {
            jobs: configs
                .iter()
                .map(|config| self.job(config, &rows))
                .collect(),
            folds: &rows.folds,
            sources: (0..rows.folds.len()).map(of_fold).collect(),
        };
        let ends = training.run(&session, columns)?.into_iter();
        ends.map(|end| self.column_outcome(&rows, end)).collect()
    }

    fn column_outcome(&self, rows: &Rows, end: ColumnEnd) -> Result<ColumnOutcome, TrainError> {
        match end {
            ColumnEnd::Trained(folds) => self.trained_column(rows, folds),
            ColumnEnd::Ended => Ok(ColumnOutcome::Ended),
            ColumnEnd::Diverged(error) => Ok(ColumnOutcome::Failed(error)),
        }
    }

    /// What heads came to that said this of their folds.
    pub(super) fn trained_column(
        &self,
        rows: &Rows,
        folds: Vec<ColumnFold>,
    ) -> Result<ColumnOutcome, TrainError> {
        let job = self.job(&self.config.train, rows);
        let mut by_repeat: BTreeMap<usize, (Vec<usize>, Vec<f32>)> = BTreeMap::new();
        for (fold, ColumnFold { id, logits, .. }) in rows.folds.iter().zip(&folds) {
            let (targets, all) = by_repeat.entry(id.repeat).or_default();
            targets.extend(job.targets_of(&fold.val));
            all.extend(logits);
        }
        let pooled = by_repeat.values();
        let pooled = pooled.map(|(targets, logits)| Ok(job.metrics(targets, logits)?));
        Ok(ColumnOutcome::Trained {
            out_of_fold: pooled.collect::<Result<_, TrainError>>()?,
            folds: folds.into_iter().map(|fold| fold.metrics).collect(),
        })
    }
}

//! Heads of several configurations, trained side by side as columns of one product.
//!
//! What a fold's batches are follows from the seed, the fold, the epoch, and how patches are sampled and
//! turned. Configurations that agree on these see the same batches, so each is copied out of the cache
//! once and multiplied by the weights of all. Every column steps by its own optimiser, learning rate,
//! decay and loss, and comes to what it would come to alone,
//! but for the order in which products are summed; validation parts are looked at in the end only, and
//! where somebody asks.

mod column;
mod lane;
mod stacked;

use eosin_core::config::{AugmentConfig, HeadKind, Keep, ScheduleKind, TrainConfig, TrainMode};
use eosin_core::{Config, FoldId};
use eosin_metrics::MetricSet;
use rayon::prelude::*;

use self::lane::Lane;
use crate::error::TrainError;
use crate::input::draw::InputSource;
use crate::train::job::TrainJob;
use crate::train::rows::FoldRows;
use crate::train::session::Session;

/// What columns share: configurations with the same may be trained side by side.
///
/// `None` where a configuration's heads cannot be a column: they have hidden layers or dropout, batches
/// are mixed or averaged, steps take a second pass (SAM), or an epoch's score decides what follows.
pub fn shared_by_columns(config: &Config) -> Option<Config> {
    let usual = TrainConfig::default();
    let TrainConfig {
        mode,
        head,
        keep,
        schedule,
        accumulate,
        ..
    } = config.train;
    let AugmentConfig { mixup, cutmix, .. } = config.augment;
    if mode == TrainMode::Probe {
        return shared_by_probes(config);
    }
    let plain = mode == TrainMode::Head
        && head == HeadKind::Logistic
        && keep == Keep::Last
        && schedule != ScheduleKind::Plateau
        && accumulate == 1
        && config.train.dropout == 0.0
        && config.train.sam_rho == 0.0
        && mixup == 0.0
        && cutmix == 0.0;
    plain.then(|| Config {
        train: TrainConfig {
            mode,
            head,
            batch_size: config.train.batch_size,
            sampling: config.train.sampling,
            select: config.train.select.clone(),
            doctor: config.train.doctor,
            ..usual
        },
        ..config.clone()
    })
}

/// The same of heads that are solved: their penalty must be given, since what chooses one is columns
/// enough.
fn shared_by_probes(config: &Config) -> Option<Config> {
    let train = &config.train;
    let plain = train.head == HeadKind::Logistic && train.strength > 0.0;
    plain.then(|| Config {
        train: TrainConfig {
            mode: train.mode,
            loss: train.loss,
            label_smoothing: train.label_smoothing,
            select: train.select.clone(),
            doctor: train.doctor,
            ..TrainConfig::default()
        },
        ..config.clone()
    })
}

/// Everything that the training of columns depends on.
pub(crate) struct ColumnTraining<'a> {
    /// A job for each column.
    pub jobs: Vec<TrainJob<'a>>,
    /// The folds.
    pub folds: &'a [FoldRows],
    /// Embeddings for each fold.
    pub sources: Vec<&'a dyn InputSource>,
}

/// What became of a column.
#[derive(Debug)]
pub enum ColumnEnd {
    /// It was trained to the end.
    Trained(Vec<ColumnFold>),
    /// It was ended early.
    Ended,
    /// A loss was not finite.
    Diverged(TrainError),
}

/// A fold of a column that was trained to the end.
#[derive(Clone, Debug)]
pub struct ColumnFold {
    /// Which.
    pub id: FoldId,
    /// Logits of its validation part, `[patches, classes]`.
    pub logits: Vec<f32>,
    /// Their metrics.
    pub metrics: MetricSet,
}

/// A column after an epoch.
#[derive(Clone, Debug)]
pub struct ColumnEpoch {
    /// Its place among the columns.
    pub column: usize,
    /// The selecting metric of each fold by one view, where it is defined.
    pub folds: Vec<Option<f64>>,
}

/// Looks at columns while they are trained, and ends some.
pub trait WatchColumns {
    /// Whether they are looked at after so many epochs.
    fn looks_after(&self, epochs: usize) -> bool;

    /// Looks at all that are still trained, and gives the places of those that end.
    ///
    /// # Errors
    /// Whatever keeps it from its work.
    fn look(&mut self, epochs: usize, columns: &[ColumnEpoch]) -> Result<Vec<usize>, TrainError>;
}

impl ColumnTraining<'_> {
    /// Trains all columns on all folds, epoch by epoch.
    ///
    /// # Errors
    /// When a patch cannot be read, a validation part has no metric, or the work is stopped.
    pub fn run(
        &self,
        session: &Session<'_>,
        watch: &mut dyn WatchColumns,
    ) -> Result<Vec<ColumnEnd>, TrainError> {
        let lane = |index: usize| Lane::new(&self.jobs, &self.folds[index], self.sources[index]);
        let folds = 0..self.folds.len();
        let mut lanes: Vec<Lane<'_>> = folds.into_par_iter().map(lane).collect();
        let mut ends: Vec<Option<ColumnEnd>> = self.jobs.iter().map(|_| None).collect();
        let most = self.jobs.iter().map(|job| job.config.epochs).max();
        for epoch in 0..most.unwrap_or(0) {
            let open = self.open(&ends, epoch);
            let steps = |lane: &mut Lane<'_>| lane.epoch(epoch, &open, session);
            lanes.par_iter_mut().try_for_each(steps)?;
            for column in &open {
                let mut errors = lanes.iter_mut().filter_map(|lane| lane.diverged(*column));
                if let Some(error) = errors.next() {
                    ends[*column] = Some(ColumnEnd::Diverged(error));
                }
            }
            let done = epoch + 1;
            if watch.looks_after(done) {
                let open = self.open(&ends, done);
                for column in watch.look(done, &look(&lanes, &open)?)? {
                    ends[column] = Some(ColumnEnd::Ended);
                }
            }
        }
        judge(&lanes, ends)
    }

    /// Columns that have not ended, and have an epoch of this number.
    fn open(&self, ends: &[Option<ColumnEnd>], epoch: usize) -> Vec<usize> {
        let is_open = |at: &usize| ends[*at].is_none() && epoch < self.jobs[*at].config.epochs;
        (0..self.jobs.len()).filter(is_open).collect()
    }
}

/// The columns' metrics by one view.
fn look(lanes: &[Lane<'_>], columns: &[usize]) -> Result<Vec<ColumnEpoch>, TrainError> {
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let judged = lanes.par_iter().map(|lane| lane.one_view(columns));
    let judged: Vec<Vec<Option<f64>>> = judged.collect::<Result<_, TrainError>>()?;
    let of_column = |(at, column): (usize, &usize)| ColumnEpoch {
        column: *column,
        folds: judged.iter().map(|fold| fold[at]).collect(),
    };
    Ok(columns.iter().enumerate().map(of_column).collect())
}

/// Judges the columns that have come to their end under all views.
fn judge(lanes: &[Lane<'_>], ends: Vec<Option<ColumnEnd>>) -> Result<Vec<ColumnEnd>, TrainError> {
    let trained: Vec<usize> = (0..ends.len()).filter(|at| ends[*at].is_none()).collect();
    let judged = lanes.par_iter().map(|lane| lane.judge(&trained));
    let mut judged: Vec<_> = judged
        .collect::<Result<Vec<_>, TrainError>>()?
        .into_iter()
        .map(Vec::into_iter)
        .collect();
    let mut next = || {
        let folds = judged.iter_mut().filter_map(Iterator::next);
        // A loss on the validation part that is not finite ends a column, too.
        match folds.collect::<Result<Vec<ColumnFold>, TrainError>>() {
            Ok(folds) => ColumnEnd::Trained(folds),
            Err(error) => ColumnEnd::Diverged(error),
        }
    };
    Ok(ends
        .into_iter()
        .map(|end| end.unwrap_or_else(&mut next))
        .collect())
}

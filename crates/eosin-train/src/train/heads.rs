//! Training the last layer of every fold, all folds side by side.

use std::ops::ControlFlow;

use eosin_core::{Flow, FoldId};
use rayon::prelude::*;

use crate::checkpoint::pack::{Pack, Unpack};
use crate::error::TrainError;
use crate::event::Event;
use crate::input::draw::InputSource;
use crate::model::head::Head;
use crate::model::head_model::HeadModel;
use crate::train::fold_trainer::FoldTrainer;
use crate::train::job::TrainJob;
use crate::train::rows::FoldRows;
use crate::train::session::Session;
use crate::train::tracker::{EpochRecord, FoldOutcome};

/// Name of the checkpoint of all heads.
const CHECKPOINT: &str = "heads";

/// Everything that the training of heads depends on.
pub struct HeadTraining<'a> {
    /// What all folds share.
    pub job: TrainJob<'a>,
    /// The folds.
    pub folds: &'a [FoldRows],
    /// Embeddings for each fold: all the same source, unless each fold has its own normalisation.
    pub sources: Vec<&'a dyn InputSource>,
    /// Epochs of folds that were finished before and are not trained again, in the order of
    /// `folds`.
    pub finished: Vec<Option<&'a [EpochRecord]>>,
}

/// Whether the epochs of a training of heads are the run's, or only prepare it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Epochs {
    /// They are told.
    Told,
    /// They are not.
    Quiet,
}

type Trainer<'a> = FoldTrainer<'a, HeadModel>;

/// A fold: its training, or its epochs where it was finished before.
enum Lane<'a> {
    Training(Box<Trainer<'a>>),
    Finished(FoldId, &'a [EpochRecord]),
}

impl Lane<'_> {
    fn id(&self) -> FoldId {
        match self {
            Self::Training(trainer) => trainer.fold().id,
            Self::Finished(id, _) => *id,
        }
    }

    fn epochs(&self) -> &[EpochRecord] {
        match self {
            Self::Training(trainer) => trainer.epochs(),
            Self::Finished(_, epochs) => epochs,
        }
    }

    fn is_done(&self) -> bool {
        match self {
            Self::Training(trainer) => trainer.is_done(),
            Self::Finished(..) => true,
        }
    }
}

impl<'a> HeadTraining<'a> {
    /// Trains all folds that are not finished, epoch by epoch, from the last checkpoint on, and
    /// gives their outcomes in order, without those of test rows. Each fold's epochs are told in
    /// order, those before the checkpoint included.
    ///
    /// # Errors
    /// When a patch or a checkpoint cannot be used, a loss is not finite, a validation part has no
    /// metric, or the training is stopped (after a checkpoint).
    pub fn run(
        &self,
        session: &mut Session<'_>,
        epochs: Epochs,
    ) -> Result<Vec<FoldOutcome<Head>>, TrainError> {
        let mut lanes: Vec<Lane<'a>> = (0..self.folds.len())
            .into_par_iter()
            .map(|index| self.lane(index))
            .collect();
        if let Some(payload) = session.keeper.load(CHECKPOINT)? {
            restore(&mut lanes, &payload)?;
        }
        let mut told = tell(&lanes, 0, session, epochs)?;
        while lanes.iter().any(|lane| !lane.is_done()) {
            epoch(&mut lanes, told, session)?;
            told = tell(&lanes, told, session, epochs)?;
            let stopped = session.flow() == Flow::Stop;
            if stopped || session.keeper.is_due() {
                session.keeper.save(CHECKPOINT, &save(&lanes))?;
            }
            if stopped {
                return Err(TrainError::Interrupted);
            }
        }
        session.keeper.save(CHECKPOINT, &save(&lanes))?;
        let outcome = |lane: Lane<'a>| match lane {
            Lane::Training(trainer) => {
                let (outcome, model) = trainer.finish();
                Some(outcome.map(|values| model.head(&values)))
            }
            Lane::Finished(..) => None,
        };
        Ok(lanes.into_iter().filter_map(outcome).collect())
    }

    fn lane(&self, index: usize) -> Lane<'a> {
        let (job, fold, source) = (self.job, &self.folds[index], self.sources[index]);
        if let Some(epochs) = self.finished[index] {
            return Lane::Finished(fold.id, epochs);
        }
        let widths = job.head_widths(source.width());
        let model = HeadModel::new(&widths, job.config.dropout, job.seed, fold.stream);
        Lane::Training(Box::new(FoldTrainer::new(job, fold, source, model)))
    }
}

/// One more epoch of every fold that has `behind` epochs behind it and is not done.
fn epoch(lanes: &mut [Lane<'_>], behind: usize, session: &Session<'_>) -> Result<(), TrainError> {
    let hook = || match session.tell(&Event::Pulse)? {
        Flow::GoOn => Ok(ControlFlow::Continue(())),
        Flow::Stop => Ok(ControlFlow::Break(())),
    };
    lanes.par_iter_mut().try_for_each(|lane| match lane {
        Lane::Training(trainer) if !trainer.is_done() && trainer.epochs().len() == behind => {
            trainer.run_epoch(&mut |_, _| hook()).map(drop)
        }
        _ => Ok(()),
    })
}

/// Tells of the epochs from `from` on that every fold has behind it (or will never have); returns
/// the first that was not told.
fn tell(
    lanes: &[Lane<'_>],
    from: usize,
    session: &Session<'_>,
    epochs: Epochs,
) -> Result<usize, TrainError> {
    let mut told = from;
    let has = |lane: &Lane<'_>, epoch: usize| lane.epochs().len() > epoch;
    while lanes.iter().any(|lane| has(lane, told))
        && lanes.iter().all(|lane| has(lane, told) || lane.is_done())
    {
        for lane in lanes.iter().filter(|_| epochs == Epochs::Told) {
            if let Some(record) = lane.epochs().get(told) {
                session.tell(&Event::Epoch {
                    fold: lane.id(),
                    record: record.clone(),
                })?;
            }
        }
        told += 1;
    }
    Ok(told)
}

fn save(lanes: &[Lane<'_>]) -> Vec<u8> {
    let mut pack = Pack::default();
    for lane in lanes {
        if let Lane::Training(trainer) = lane {
            pack.count(trainer.fold().id.repeat);
            pack.count(trainer.fold().id.fold);
            pack.bytes(&trainer.save());
        }
    }
    pack.0
}

/// Of the folds in a checkpoint, those that have been finished since are passed over.
fn restore(lanes: &mut [Lane<'_>], payload: &[u8]) -> Result<(), TrainError> {
    let mut unpack = Unpack(payload);
    while !unpack.is_empty() {
        let id = FoldId::new(unpack.count()?, unpack.count()?);
        let state = unpack.bytes()?;
        let lane = lanes.iter_mut().find(|lane| lane.id() == id);
        match lane.ok_or(TrainError::Checkpoint("it has other folds"))? {
            Lane::Training(trainer) => trainer.load(state)?,
            Lane::Finished(..) => {}
        }
    }
    unpack.finish()
}

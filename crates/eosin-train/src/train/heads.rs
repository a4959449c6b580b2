//! Training the last layer of every fold, all folds side by side.

use std::ops::ControlFlow;

use rayon::prelude::*;

use crate::checkpoint::keeper::Keeper;
use crate::checkpoint::pack::{Pack, Unpack};
use crate::error::TrainError;
use crate::input::draw::InputSource;
use crate::model::head::Head;
use crate::model::head_model::HeadModel;
use crate::train::fold_trainer::{FoldTrainer, TrainJob};
use crate::train::tracker::{EpochRecord, FoldOutcome, FoldRows};

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
}

type Trainer<'a> = FoldTrainer<'a, HeadModel>;

impl<'a> HeadTraining<'a> {
    /// Trains all folds, epoch by epoch, from the last checkpoint on; `epoch_end` hears of each
    /// fold's epochs in order, those before the checkpoint included.
    ///
    /// # Errors
    /// When a patch or a checkpoint cannot be used, a loss is not finite, a validation part has no
    /// metric, or the training is interrupted (after a checkpoint).
    pub fn run(
        &self,
        keeper: &mut Keeper<'_>,
        epoch_end: &mut dyn FnMut(&FoldRows, &EpochRecord),
    ) -> Result<Vec<FoldOutcome<Head>>, TrainError> {
        let mut trainers: Vec<Trainer<'a>> = (0..self.folds.len())
            .into_par_iter()
            .map(|index| self.trainer(index))
            .collect();
        if let Some(payload) = keeper.load(CHECKPOINT)? {
            restore(&mut trainers, &payload)?;
        }
        let mut told = tell(&trainers, 0, epoch_end);
        while trainers.iter().any(|trainer| !trainer.is_done()) {
            let interrupt = &*keeper;
            let go_on = || {
                if interrupt.is_interrupted() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            trainers
                .par_iter_mut()
                .filter(|trainer| !trainer.is_done() && trainer.epochs().len() == told)
                .try_for_each(|trainer| trainer.run_epoch(&mut |_, _| Ok(go_on())).map(drop))?;
            told = tell(&trainers, told, epoch_end);
            let interrupted = keeper.is_interrupted();
            if interrupted || keeper.is_due() {
                keeper.save(CHECKPOINT, &save(&trainers))?;
            }
            if interrupted {
                return Err(TrainError::Interrupted);
            }
        }
        keeper.save(CHECKPOINT, &save(&trainers))?;
        let outcome = |trainer: Trainer<'a>| {
            let (outcome, model) = trainer.finish();
            outcome.map(|values| model.head(&values))
        };
        Ok(trainers.into_iter().map(outcome).collect())
    }

    fn trainer(&self, index: usize) -> Trainer<'a> {
        let (job, fold, source) = (self.job, &self.folds[index], self.sources[index]);
        let shape = (source.width(), job.classes);
        let model = HeadModel::new(shape, job.config.dropout, job.seed, fold.stream);
        FoldTrainer::new(job, fold, source, model)
    }
}

/// Tells of the epochs from `from` on that every fold has behind it (or will never have); returns
/// the first that was not told.
fn tell(
    trainers: &[Trainer<'_>],
    from: usize,
    epoch_end: &mut dyn FnMut(&FoldRows, &EpochRecord),
) -> usize {
    let mut told = from;
    let has = |trainer: &Trainer<'_>, epoch: usize| trainer.epochs().len() > epoch;
    while trainers.iter().any(|trainer| has(trainer, told))
        && trainers
            .iter()
            .all(|trainer| has(trainer, told) || trainer.is_done())
    {
        for trainer in trainers {
            if let Some(record) = trainer.epochs().get(told) {
                epoch_end(trainer.fold(), record);
            }
        }
        told += 1;
    }
    told
}

fn save(trainers: &[Trainer<'_>]) -> Vec<u8> {
    let mut pack = Pack::default();
    pack.count(trainers.len());
    for trainer in trainers {
        pack.bytes(&trainer.save());
    }
    pack.0
}

fn restore(trainers: &mut [Trainer<'_>], payload: &[u8]) -> Result<(), TrainError> {
    let mut unpack = Unpack(payload);
    if unpack.count()? != trainers.len() {
        return Err(TrainError::Checkpoint("it has another number of folds"));
    }
    for trainer in trainers {
        trainer.load(unpack.bytes()?)?;
    }
    unpack.finish()
}

//! Training the last stages of the network, or all of it, one fold after the other.

use std::ops::ControlFlow;

use eosin_core::Flow;
use eosin_weights::{StateDict, TensorDict};

use crate::error::TrainError;
use crate::event::Event;
use crate::input::draw::InputSource;
use crate::model::network_model::{NetworkModel, TrainedPart};
use crate::model::trainable::Trainable as _;
use crate::predict::logits::FoldPart;
use crate::train::fold_trainer::{FoldTrainer, Moment};
use crate::train::job::TrainJob;
use crate::train::rows::FoldRows;
use crate::train::session::Session;
use crate::train::tracker::{EpochRecord, FoldOutcome};

/// One fold of a training of networks.
pub struct NetworkFold<'a> {
    /// What all folds share.
    pub job: TrainJob<'a>,
    /// Which part of which network.
    pub part: &'a TrainedPart,
    /// Its rows.
    pub fold: &'a FoldRows,
    /// The weights that it starts from, of the whole network.
    pub weights: &'a TensorDict,
    /// What enters the cut.
    pub source: &'a dyn InputSource,
    /// Where test rows are found.
    pub test: &'a dyn InputSource,
    /// Which rows of it.
    pub test_rows: &'a [usize],
}

impl NetworkFold<'_> {
    /// Trains the fold from its last checkpoint on, and gives the trained tensors of the best
    /// epoch.
    ///
    /// # Errors
    /// When a patch or a checkpoint cannot be used, a loss is not finite, the validation part has
    /// no metric, or the training is stopped (after a checkpoint).
    pub fn train(&self, session: &mut Session<'_>) -> Result<FoldOutcome<StateDict>, TrainError> {
        let fold = self.fold.id;
        let name = format!("fold-{}", fold.stem());
        let model = NetworkModel::new(self.part, self.weights, self.job.config)?;
        let mut trainer = FoldTrainer::new(self.job, self.fold, self.source, model);
        if let Some(payload) = session.keeper.load(&name)? {
            trainer.load(&payload)?;
        }
        let of_epoch = |record: &EpochRecord| Event::Epoch {
            fold,
            record: record.clone(),
        };
        for record in trainer.epochs() {
            session.tell(&of_epoch(record))?;
        }
        trainer.run(&mut |trainer, moment| {
            let flow = match (moment, trainer.epochs().last()) {
                (Moment::Step { done, total }, _) => {
                    session.tell(&Event::Step { fold, done, total })?
                }
                (Moment::Epoch, Some(record)) => session.tell(&of_epoch(record))?,
                (Moment::Epoch, None) => session.flow(),
            };
            if flow == Flow::Stop {
                return Ok(ControlFlow::Break(()));
            }
            if session.keeper.is_due() {
                session.keeper.save(&name, &trainer.save())?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        session.keeper.save(&name, &trainer.save())?;
        if !trainer.is_done() {
            return Err(TrainError::Interrupted);
        }
        let (mut outcome, model) = trainer.finish();
        outcome.judge(&self.job, |state, part, views| match part {
            FoldPart::Val => model.logits(state, self.source, &self.fold.val, views),
            FoldPart::Test => model.logits(state, self.test, self.test_rows, views),
        })?;
        Ok(outcome.map(|state| model.tensors(&state)))
    }
}

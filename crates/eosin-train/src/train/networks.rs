//! Training the last stages of the network, or all of it, one fold after the other.

use std::ops::ControlFlow;

use eosin_weights::{StateDict, TensorDict};

use crate::checkpoint::keeper::Keeper;
use crate::error::TrainError;
use crate::input::draw::InputSource;
use crate::model::network_model::{Cut, NetworkModel};
use crate::model::trainable::Trainable as _;
use crate::train::fold_trainer::{FoldTrainer, Moment, TrainJob};
use crate::train::tracker::{EpochRecord, FoldOutcome, FoldRows};

/// What a caller hears of the training of networks.
pub trait NetworkWatcher {
    /// `done` of `total` steps of this fold.
    fn step(&mut self, fold: &FoldRows, done: usize, total: usize);
    /// An epoch has ended.
    fn epoch(&mut self, fold: &FoldRows, record: &EpochRecord);
}

/// One fold of a training of networks.
pub struct NetworkFold<'a> {
    /// What all folds share.
    pub job: TrainJob<'a>,
    /// Where the network is cut.
    pub cut: &'a Cut,
    /// Its rows.
    pub fold: &'a FoldRows,
    /// The weights that it starts from, of the whole network.
    pub weights: &'a TensorDict,
    /// What enters the cut.
    pub source: &'a dyn InputSource,
}

impl NetworkFold<'_> {
    /// Trains the fold from its last checkpoint on, and gives the trained tensors of the best
    /// epoch, and with them the logits of `test` rows of another source.
    ///
    /// # Errors
    /// When a patch or a checkpoint cannot be used, a loss is not finite, the validation part has
    /// no metric, or the training is interrupted (after a checkpoint).
    pub fn train(
        &self,
        (test, test_rows): (&dyn InputSource, &[usize]),
        keeper: &mut Keeper<'_>,
        watcher: &mut dyn NetworkWatcher,
    ) -> Result<(FoldOutcome<StateDict>, Vec<f32>), TrainError> {
        let fold = self.fold;
        let name = format!("fold-{}-{}", fold.repeat, fold.fold);
        let model = NetworkModel::new(self.cut, self.weights, self.job.config)?;
        let mut trainer = FoldTrainer::new(self.job, fold, self.source, model);
        if let Some(payload) = keeper.load(&name)? {
            trainer.load(&payload)?;
        }
        for record in trainer.epochs() {
            watcher.epoch(fold, record);
        }
        trainer.run(&mut |trainer, moment| {
            match (moment, trainer.epochs().last()) {
                (Moment::Step { done, total }, _) => watcher.step(fold, done, total),
                (Moment::Epoch, Some(record)) => watcher.epoch(fold, record),
                (Moment::Epoch, None) => {}
            }
            if keeper.is_interrupted() {
                return Ok(ControlFlow::Break(()));
            }
            if keeper.is_due() {
                keeper.save(&name, &trainer.save())?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        keeper.save(&name, &trainer.save())?;
        if !trainer.is_done() {
            return Err(TrainError::Interrupted);
        }
        let (outcome, model) = trainer.finish();
        let logits = model.logits(&outcome.weights, test, test_rows)?;
        Ok((outcome.map(|state| model.tensors(&state)), logits))
    }
}

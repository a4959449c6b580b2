//! The training of one fold, step by step, so that it can be left and gone on with anywhere.

use std::ops::ControlFlow;
use std::sync::Arc;

use eosin_core::Stream;
use eosin_core::config::{ScheduleKind, TrainMode};

use crate::checkpoint::pack::{Pack, Unpack};
use crate::error::TrainError;
use crate::input::draw::{Draw, InputSource};
use crate::input::view::View;
use crate::model::trainable::Trainable;
use crate::optimise::loss::Loss;
use crate::optimise::mixing::Mixing;
use crate::optimise::schedule::{learning_rate, plateau_factor};
use crate::optimise::stepper::Stepper;
use crate::train::job::TrainJob;
use crate::train::rows::FoldRows;
use crate::train::tracker::{EpochRecord, FoldOutcome, Tracker};

/// Where a training stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// So many steps of the fold's steps are done.
    Step {
        /// Steps done.
        done: usize,
        /// Steps in all.
        total: usize,
    },
    /// An epoch has been judged.
    Epoch,
}

/// Hears of every step and epoch, and says whether to go on.
pub type Hook<'a, M> =
    dyn FnMut(&FoldTrainer<'_, M>, Moment) -> Result<ControlFlow<()>, TrainError> + 'a;

/// The training of one fold.
///
/// All randomness comes from named streams at `[fold, epoch]` (and the batch), so that the rest of
/// a training follows from the state, the epoch and the step alone.
pub struct FoldTrainer<'a, M> {
    job: TrainJob<'a>,
    fold: &'a FoldRows,
    /// Rows trained on.
    trained: Vec<usize>,
    source: &'a dyn InputSource,
    model: M,
    loss: Loss,
    state: Vec<f32>,
    stepper: Stepper,
    tracker: Tracker,
    epoch: usize,
    /// Steps of this epoch that are done, and the sum of their losses.
    step: usize,
    total_loss: f64,
}

impl<'a, M: Trainable> FoldTrainer<'a, M> {
    /// A training that has not begun.
    pub fn new(
        job: TrainJob<'a>,
        fold: &'a FoldRows,
        source: &'a dyn InputSource,
        model: M,
    ) -> Self {
        let trained = fold.trained();
        let weights = job.class_weights(&trained);
        let state = model.initial();
        Self {
            job,
            fold,
            trained,
            source,
            loss: Loss::new(job.config, weights),
            stepper: Stepper::new(job.config, model.groups(), &state),
            model,
            state,
            tracker: Tracker::new(job.select, job.config.keep),
            epoch: 0,
            step: 0,
            total_loss: 0.0,
        }
    }

    /// Which rows.
    pub const fn fold(&self) -> &'a FoldRows {
        self.fold
    }

    /// Every epoch so far.
    pub fn epochs(&self) -> &[EpochRecord] {
        self.tracker.epochs()
    }

    /// What is trained.
    pub const fn model(&self) -> &M {
        &self.model
    }

    /// The state that would be judged now.
    pub fn judged(&self) -> &[f32] {
        self.stepper.judged(&self.state)
    }

    /// Whether every epoch is done, or `patience` has run out.
    pub fn is_done(&self) -> bool {
        let config = self.job.config;
        self.epoch >= config.epochs || self.tracker.is_stalled(config.patience)
    }

    /// Trains until the end, or until `hook` says stop.
    ///
    /// # Errors
    /// When a patch cannot be read, a loss is not finite, or the validation part has no metric;
    /// and those of `hook`.
    pub fn run(&mut self, hook: &mut Hook<'_, M>) -> Result<(), TrainError> {
        while !self.is_done() {
            if self.run_epoch(hook)?.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Trains until the end of the epoch, or until `hook` says stop.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_epoch(&mut self, hook: &mut Hook<'_, M>) -> Result<ControlFlow<()>, TrainError> {
        let config = self.job.config;
        let draws = self.job.draws(self.fold.stream, &self.trained, self.epoch);
        let rows_a_step = config.batch_size * config.accumulate;
        let steps = draws.len().div_ceil(rows_a_step);
        while self.step < steps {
            let rows = draws.chunks(rows_a_step).nth(self.step).unwrap_or(&[]);
            let rates = self.rates(steps);
            self.total_loss += self.take_step(rows, &rates)?;
            self.step += 1;
            let done = self.epoch * steps + self.step;
            let total = config.epochs * steps;
            if hook(self, Moment::Step { done, total })?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        self.stepper.end_epoch(self.epoch, &mut self.state);
        self.judge(self.total_loss / steps as f64)?;
        self.epoch += 1;
        self.step = 0;
        self.total_loss = 0.0;
        hook(self, Moment::Epoch)
    }

    /// What the training came to: the judged weights of the epoch that is kept, in the model's state.
    ///
    /// # Panics
    /// When no epoch has been judged.
    pub fn finish(self) -> (FoldOutcome<Vec<f32>>, M) {
        (self.tracker.finish(self.fold), self.model)
    }

    /// The learning rate of each group at this step, of `steps` in the epoch.
    fn rates(&self, steps: usize) -> Vec<f64> {
        let config = self.job.config;
        let mut rate = learning_rate(config, self.epoch * steps + self.step, steps);
        if config.schedule == ScheduleKind::Plateau {
            rate *= plateau_factor(config, self.tracker.epochs(), self.job.select);
        }
        let groups = self.model.groups().groups;
        let active = self.active_group();
        (0..groups)
            .map(|group| {
                let depth = i32::try_from(groups - 1 - group).expect("few groups");
                let factor = config.layer_decay.powi(depth);
                if group < active { 0.0 } else { rate * factor }
            })
            .collect()
    }

    /// The first group that is trained in this epoch: one more is unfrozen every
    /// `unfreeze_epochs`, after the last stage and the head.
    fn active_group(&self) -> usize {
        let config = self.job.config;
        if config.mode != TrainMode::HeadThenFull || config.unfreeze_epochs == 0 {
            return 0;
        }
        let unfrozen = 2 + self.epoch / config.unfreeze_epochs;
        self.model.groups().groups.saturating_sub(unfrozen)
    }

    /// One step over the patches of `draws`: as one batch of them all, but for batch norms, which
    /// see `batch_size` at a time.
    fn take_step(&mut self, draws: &[Draw], rates: &[f64]) -> Result<f64, TrainError> {
        let active = self.active_group();
        let Self {
            job,
            fold,
            source,
            model,
            loss,
            state,
            stepper,
            epoch,
            step,
            ..
        } = self;
        let config = job.config;
        let groups = Arc::clone(model.groups());
        let mut gradients_of = |state: &mut [f32], gradients: &mut [f32]| {
            let mut part = vec![0.0; gradients.len()];
            gradients.fill(0.0);
            let mut total = 0.0;
            for (index, batch) in draws.chunks(config.batch_size).enumerate() {
                let batch_number = *step * config.accumulate + index;
                let position = [fold.stream, *epoch as u64, batch_number as u64];
                let mut inputs = vec![0.0; batch.len() * source.width()];
                source.fill(batch, &mut inputs)?;
                let targets = batch.iter().map(|draw| job.targets[draw.row]).collect();
                let mut mixing = job.seed.stream(Stream::Mix, &position);
                let mut mix = Mixing::draw(job.augment, targets, &mut mixing);
                mix.apply(&mut inputs, source.map_sides());
                let dropout = job.seed.stream(Stream::Dropout, &position);
                let mut of_logits = |logits: &[f32], out: &mut [f32]| mix.loss(loss, logits, out);
                let chance = (dropout, active);
                let value = model.gradients(state, inputs, chance, &mut of_logits, &mut part);
                let share = batch.len() as f32 / draws.len() as f32;
                total += value * f64::from(share);
                for (sum, part) in gradients.iter_mut().zip(&part) {
                    *sum += share * part;
                }
            }
            Ok(total)
        };
        stepper.step(state, &groups, rates, &mut gradients_of)
    }

    /// Judges the weights on the validation part.
    fn judge(&mut self, train_loss: f64) -> Result<(), TrainError> {
        let job = self.job;
        let judged = self.stepper.judged(&self.state);
        let upright = &[View::UPRIGHT];
        let logits = self
            .model
            .logits(judged, self.source, &self.fold.val, upright)?;
        let targets = self.job.targets_of(&self.fold.val);
        let mut unused = vec![0.0; logits.len()];
        let val_loss = self.loss.backward(&logits, &targets, &mut unused);
        // The last step of an epoch shows in the validation loss only.
        if !(train_loss.is_finite() && val_loss.is_finite()) {
            return Err(TrainError::Diverged {
                fold: self.fold.id,
                epoch: self.epoch,
                learning_rate: job.config.learning_rate,
            });
        }
        let metrics = job.metrics(&targets, &logits)?;
        let mut record = EpochRecord::new(self.epoch, train_loss, val_loss, &metrics, job.select);
        if !self.fold.inner.is_empty() {
            let rows = &self.fold.inner;
            let logits = self.model.logits(judged, self.source, rows, upright)?;
            let inner = job.metrics(&job.targets_of(rows), &logits)?;
            record.inner_metric = inner.get(job.select);
        }
        self.tracker.push(record, judged, logits, metrics);
        Ok(())
    }

    /// Everything that the rest of the training depends on.
    pub fn save(&self) -> Vec<u8> {
        let mut pack = Pack::default();
        pack.count(self.epoch);
        pack.count(self.step);
        pack.float(self.total_loss);
        self.tracker.save(&mut pack);
        // A training that is over needs the epoch that is kept only.
        if !self.is_done() {
            pack.floats(&self.state);
            self.stepper.save(&mut pack);
        }
        pack.0
    }

    /// Goes back to where [`save`](Self::save) was called.
    ///
    /// # Errors
    /// When the bytes are another training's.
    pub fn load(&mut self, bytes: &[u8]) -> Result<(), TrainError> {
        let mut unpack = Unpack(bytes);
        self.epoch = unpack.count()?;
        self.step = unpack.count()?;
        self.total_loss = unpack.float()?;
        let job = self.job;
        let targets = self.job.targets_of(&self.fold.val);
        let judge = |logits: &[f32]| job.metrics(&targets, logits);
        self.tracker.load(&mut unpack, self.state.len(), judge)?;
        if !self.is_done() {
            self.state = unpack.floats_of(self.state.len())?;
            self.stepper.load(&mut unpack)?;
        }
        unpack.finish()
    }
}

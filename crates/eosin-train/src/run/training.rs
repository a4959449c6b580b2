//! Training in each mode.

use eosin_core::config::{EnsembleMethod, TrainConfig, TrainMode};
use eosin_core::{Cut, Preprocess};
use eosin_models::Recording;
use eosin_weights::{StateDict, TensorDict, to_lazy};

use rayon::prelude::*;

use super::Run;
use super::examine::Subject;
use super::inputs::Inputs;
use super::rows::Rows;
use super::shelf::Shelf;
use crate::embed::embeddings::EmbedCount;
use crate::error::TrainError;
use crate::event::Event;
use crate::input::draw::InputSource;
use crate::input::pixels::{PixelRows, PixelSource};
use crate::input::scale::PixelScale;
use crate::input::stain_fit::stain_of_preprocess;
use crate::input::views::ViewMaker;
use crate::model::classifier::Classifier;
use crate::model::head_model::HeadModel;
use crate::model::network_model::{NetworkModel, TrainedPart};
use crate::predict::logits::FoldPart;
use crate::train::heads::{Epochs, HeadTraining};
use crate::train::job::TrainJob;
use crate::train::networks::NetworkFold;
use crate::train::rows::FoldRows;
use crate::train::session::Session;
use crate::train::tracker::{EpochRecord, FoldOutcome};

/// What training comes to.
#[derive(Default)]
pub(super) struct Trained {
    /// Each fold, with the tensors that it trained.
    pub folds: Vec<FoldOutcome<StateDict>>,
    /// What the cache saved.
    pub embedded: EmbedCount,
}

/// What every mode trains on.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    pub rows: &'a Rows,
    pub preprocess: &'a [Preprocess],
    pub shelf: &'a Shelf<'a>,
}

/// What networks are fed with, under each preprocessing in turn.
pub(super) struct Feed<'a> {
    pub sources: Vec<&'a dyn InputSource>,
    /// Where test patches are found, and their rows there.
    pub tests: Vec<&'a dyn InputSource>,
    pub test_rows: Vec<usize>,
}

impl Run<'_> {
    /// Trains as `train.mode` says; folds on the shelf are not trained again.
    pub(super) fn train(
        &self,
        rows: &Rows,
        preprocess: &[Preprocess],
        shelf: &Shelf<'_>,
        session: &mut Session<'_>,
    ) -> Result<Trained, TrainError> {
        let plan = Plan {
            rows,
            preprocess,
            shelf,
        };
        if let Some(folds) = shelf.all() {
            tell_again(&folds, self.config.train.mode, session)?;
            let embedded = EmbedCount::default();
            return Ok(Trained { folds, embedded });
        }
        if let Some(members) = self.start.members()
            && members.method != EnsembleMethod::Concat
        {
            return self.combine(members, plan, session);
        }
        match (self.config.train.mode, self.cut()?) {
            (TrainMode::Probe, _) => self.train_probes(plan, session),
            (TrainMode::HeadThenFull, _) if self.start.soup().is_none() => {
                self.train_head_then_full(plan, session)
            }
            (_, Cut::Embedding | Cut::LastMap) => self.train_heads_of_run(plan, session),
            (_, Cut::Pixels) => {
                let weights = self.start.network()?.network.weights();
                self.train_full(plan, std::slice::from_ref(weights), session)
            }
            (_, Cut::Stage(stage)) => self.train_tails(stage, plan, session),
        }
    }

    pub(super) fn job<'a>(&'a self, config: &'a TrainConfig, rows: &'a Rows) -> TrainJob<'a> {
        TrainJob {
            config,
            augment: &self.config.augment,
            seed: self.config.seed,
            task: self.task,
            select: rows.select,
            targets: &rows.targets,
            views: &rows.views,
        }
    }

    /// The last layer, as all that is trained.
    fn train_heads_of_run(
        &self,
        plan: Plan<'_>,
        session: &mut Session<'_>,
    ) -> Result<Trained, TrainError> {
        let config = &self.config.train;
        let (heads, embedded) = self.train_heads(config, plan, Epochs::Told, session)?;
        let classifier = self.start.classifier();
        let mut heads = heads.into_iter();
        let mut folds = Vec::new();
        for fold in &plan.rows.folds {
            if let Some(finished) = plan.shelf.get(fold) {
                folds.push(finished.clone());
                continue;
            }
            let head = heads.next().expect("a head for each fold that had none");
            let outcome = head.map(|head| head.tensors(classifier));
            plan.shelf.put(&outcome)?;
            folds.push(outcome);
        }
        Ok(Trained { folds, embedded })
    }

    /// Last layers for the folds that are not on the shelf, in order.
    fn train_heads(
        &self,
        config: &TrainConfig,
        plan: Plan<'_>,
        epochs: Epochs,
        session: &mut Session<'_>,
    ) -> Result<(Vec<FoldOutcome<Classifier>>, EmbedCount), TrainError> {
        let rows = plan.rows;
        let (inputs, embedded) = self.inputs(Cut::Embedding, rows, plan.preprocess, session)?;
        let sources: Vec<Box<dyn InputSource + '_>> =
            inputs.iter().map(|inputs| inputs.source()).collect();
        let of_fold = |index: usize| index % inputs.len();
        let job = self.job(config, rows);
        let finished =
            |fold: &FoldRows| -> Option<&[EpochRecord]> { Some(&plan.shelf.get(fold)?.epochs) };
        let training = HeadTraining {
            job,
            folds: &rows.folds,
            sources: (0..rows.folds.len())
                .map(|index| &*sources[of_fold(index)])
                .collect(),
            finished: rows.folds.iter().map(finished).collect(),
        };
        if epochs == Epochs::Told {
            let widths = job.head_widths(sources[0].width());
            let fresh = || Ok(HeadModel::new(&widths, 0.0, job.seed, 0));
            let subject = plan.subject(&*sources[0]);
            self.examine(fresh, &subject, session)?;
        }
        let folds = training.run(session, epochs)?.into_iter();
        let mut folds: Vec<_> = folds.map(|fold| fold.map(Classifier::Layers)).collect();
        self.judge_heads(&mut folds, &inputs, rows)?;
        Ok((folds, embedded))
    }

    /// Judges each fold's head under the views that the run judges by.
    pub(super) fn judge_heads(
        &self,
        folds: &mut [FoldOutcome<Classifier>],
        inputs: &[Inputs<'_>],
        rows: &Rows,
    ) -> Result<(), TrainError> {
        let job = self.job(&self.config.train, rows);
        let test_rows: Vec<usize> = (0..rows.test.len()).collect();
        folds.par_iter_mut().try_for_each(|fold| {
            let index = rows.folds.iter().position(|rows| rows.id == fold.rows.id);
            let inputs = &inputs[index.unwrap_or(0) % inputs.len()];
            let (pool, test, val_rows) = (inputs.source(), inputs.test(), fold.rows.val.clone());
            fold.judge(&job, |head: &Classifier, part, views| match part {
                FoldPart::Val => head.orbit_logits(&*pool, &val_rows, views),
                FoldPart::Test => head.orbit_logits(&*test, &test_rows, views),
            })
        })
    }

    /// The stages from `stage` on, from the cached maps that enter it.
    fn train_tails(
        &self,
        stage: usize,
        plan: Plan<'_>,
        session: &mut Session<'_>,
    ) -> Result<Trained, TrainError> {
        let cut = Cut::before(stage);
        let (inputs, embedded) = self.inputs(cut, plan.rows, plan.preprocess, session)?;
        let sources: Vec<_> = inputs.iter().map(Inputs::source).collect();
        let tests: Vec<_> = inputs.iter().map(Inputs::test).collect();
        let feed = Feed {
            sources: sources.iter().map(|source| &**source).collect(),
            tests: tests.iter().map(|test| &**test).collect(),
            test_rows: (0..plan.rows.test.len()).collect(),
        };
        let mut trained = if let Some(soup) = self.start.soup() {
            self.make_soup(soup, stage, plan, &feed, session)?
        } else {
            let weights = std::slice::from_ref(self.start.network()?.network.weights());
            self.train_networks(stage, plan, weights, &feed, session)?
        };
        trained.embedded = embedded;
        Ok(trained)
    }

    /// The whole network, from pixels. `weights` are what each fold starts from: all the same, or
    /// one a fold.
    fn train_full(
        &self,
        plan: Plan<'_>,
        weights: &[TensorDict],
        session: &mut Session<'_>,
    ) -> Result<Trained, TrainError> {
        let stain = plan
            .preprocess
            .first()
            .map(stain_of_preprocess)
            .transpose()?;
        let stain = stain.flatten();
        let rows = self.reader(&plan.rows.places, stain);
        let patches = PixelRows::new(rows, PixelRows::MOST_BYTES)?;
        let maker = ViewMaker::new(&self.config.augment, self.config.seed);
        let maker = maker.map(|maker| maker.of_stain(stain.as_ref()));
        let source = |preprocess: &Preprocess| PixelSource {
            patches: &patches,
            scale: PixelScale::new(&preprocess.scale),
            maker: maker.as_ref(),
        };
        let sources: Vec<PixelSource<'_>> = plan.preprocess.iter().map(source).collect();
        let feed = Feed {
            sources: sources.iter().map(|source| source as _).collect(),
            tests: sources.iter().map(|source| source as _).collect(),
            test_rows: plan.rows.test.clone(),
        };
        match self.start.soup() {
            Some(soup) => self.make_soup(soup, 0, plan, &feed, session),
            None => self.train_networks(0, plan, weights, &feed, session),
        }
    }

    /// The stages from `stage` on, fold after fold, each kept as it ends. `weights` are what each
    /// fold starts from: all the same, or one a fold.
    fn train_networks(
        &self,
        stage: usize,
        plan: Plan<'_>,
        weights: &[TensorDict],
        feed: &Feed<'_>,
        session: &mut Session<'_>,
    ) -> Result<Trained, TrainError> {
        let (part, config) = (self.trained_part(stage)?, &self.config.train);
        let fresh = || Ok(NetworkModel::new(&part, &weights[0], config)?);
        self.examine(fresh, &plan.subject(feed.sources[0]), session)?;
        let mut trained = Trained::default();
        for (index, fold) in plan.rows.folds.iter().enumerate() {
            if let Some(finished) = plan.shelf.get(fold) {
                tell_epochs(finished, session)?;
                trained.folds.push(finished.clone());
                continue;
            }
            let scale = index % feed.sources.len();
            let fold = NetworkFold {
                job: self.job(config, plan.rows),
                part: &part,
                fold,
                weights: &weights[index % weights.len()],
                source: feed.sources[scale],
                test: feed.tests[scale],
                test_rows: &feed.test_rows,
            };
            let outcome = fold.train(session)?;
            plan.shelf.put(&outcome)?;
            trained.folds.push(outcome);
        }
        Ok(trained)
    }

    /// The last layer from cached embeddings, then the whole network from there.
    fn train_head_then_full(
        &self,
        plan: Plan<'_>,
        session: &mut Session<'_>,
    ) -> Result<Trained, TrainError> {
        let first = TrainConfig {
            mode: TrainMode::Head,
            epochs: self.config.train.head_epochs,
            warmup_epochs: 0.0,
            swa_epochs: 0,
            ..self.config.train.clone()
        };
        // The epochs of the network are the run's; those of the head only prepare it.
        let (heads, embedded) = self.train_heads(&first, plan, Epochs::Quiet, session)?;
        let backbone = self.start.network()?;
        let frozen = backbone.network.weights();
        let mut heads = heads.into_iter();
        let start = |fold: &FoldRows| {
            let mut whole = frozen.clone();
            if plan.shelf.get(fold).is_none() {
                let head = heads.next().expect("a head for each fold that had none");
                let tensors = head.weights.tensors(backbone.spec.classifier);
                whole.extend(to_lazy(tensors));
            }
            whole
        };
        let weights: Vec<TensorDict> = plan.rows.folds.iter().map(start).collect();
        let mut trained = self.train_full(plan, &weights, session)?;
        trained.embedded = embedded;
        Ok(trained)
    }

    pub(super) fn trained_part(&self, stage: usize) -> Result<TrainedPart, TrainError> {
        let backbone = self.start.network()?;
        let network = backbone.network.architecture();
        Ok(TrainedPart {
            name: backbone.spec.name,
            classes: self.task.classes.len(),
            size_px: self.size_px,
            stage,
            map: Recording::prefix_shape(network, stage, self.size_px).output_shape(),
        })
    }
}

impl<'a> Plan<'a> {
    pub(super) fn subject(&self, source: &'a dyn InputSource) -> Subject<'a> {
        Subject {
            rows: self.rows,
            preprocess: self.preprocess,
            source,
        }
    }
}

/// Tells the epochs of folds that were all finished before, in the order in which training would
/// have told them: heads are trained side by side, networks one after the other.
fn tell_again(
    folds: &[FoldOutcome<StateDict>],
    mode: TrainMode,
    session: &Session<'_>,
) -> Result<(), TrainError> {
    if mode != TrainMode::Head {
        return folds.iter().try_for_each(|fold| tell_epochs(fold, session));
    }
    let longest = folds.iter().map(|fold| fold.epochs.len()).max();
    for epoch in 0..longest.unwrap_or(0) {
        for fold in folds {
            if let Some(record) = fold.epochs.get(epoch) {
                tell_epoch(fold, record, session)?;
            }
        }
    }
    Ok(())
}

pub(super) fn tell_epochs(
    fold: &FoldOutcome<StateDict>,
    session: &Session<'_>,
) -> Result<(), TrainError> {
    if let Some(record) = &fold.probe {
        session.tell_or_stop(&Event::Solved {
            fold: fold.rows.id,
            record: record.clone(),
        })?;
    }
    let mut epochs = fold.epochs.iter();
    epochs.try_for_each(|record| tell_epoch(fold, record, session))
}

fn tell_epoch(
    fold: &FoldOutcome<StateDict>,
    record: &EpochRecord,
    session: &Session<'_>,
) -> Result<(), TrainError> {
    session.tell_or_stop(&Event::Epoch {
        fold: fold.rows.id,
        record: record.clone(),
    })
}

//! Training in each mode.

use eosin_core::config::{DoctorPolicy, TrainConfig, TrainMode};
use eosin_data::Normalisation;
use eosin_models::Recording;
use eosin_store::RunRecord;
use eosin_weights::{StateDict, TensorDict, to_lazy};
use rayon::prelude::*;

use super::event::EventWatcher;
use super::rows::Rows;
use super::{Event, Experiment};
use crate::check::{Finding, check_folds, check_model, check_pixels};
use crate::checkpoint::keeper::Keeper;
use crate::embed::cached::PixelSource;
use crate::embed::embedder::EmbedCount;
use crate::error::TrainError;
use crate::input::draw::InputSource;
use crate::input::scale::{PatchSet, PixelScale};
use crate::input::views::ViewMaker;
use crate::model::head::Head;
use crate::model::head_model::HeadModel;
use crate::model::network_model::{Cut, NetworkModel};
use crate::model::trainable::Trainable;
use crate::optimise::loss::softmax;
use crate::train::fold_trainer::TrainJob;
use crate::train::heads::HeadTraining;
use crate::train::networks::NetworkFold;
use crate::train::tracker::FoldOutcome;

/// Patches whose colours are looked at before training.
const PATCHES_LOOKED_AT: usize = 32;

/// What training comes to.
#[derive(Default)]
pub(super) struct Trained {
    /// Each fold, with the tensors that it trained.
    pub folds: Vec<FoldOutcome<StateDict>>,
    /// Probabilities of the test rows, by each fold.
    pub test_probs: Vec<Vec<f32>>,
    /// What the cache saved.
    pub embedded: EmbedCount,
}

impl Experiment<'_> {
    /// Trains as `train.mode` says.
    pub(super) fn train(
        &self,
        rows: &Rows,
        normalisations: &[Normalisation],
        keeper: &mut Keeper<'_>,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<Trained, TrainError> {
        let weights = std::slice::from_ref(self.backbone.network.weights());
        match (self.config.train.mode, self.cut()?) {
            (TrainMode::HeadThenFull, _) => {
                self.train_head_then_full(rows, normalisations, keeper, on_event)
            }
            (_, None) => {
                let config = &self.config.train;
                let trained = self.train_heads(config, rows, normalisations, keeper, on_event)?;
                Ok(trained.map(|head| head.tensors(self.backbone.spec.classifier)))
            }
            (_, Some(0)) => self.train_full(rows, normalisations, weights, keeper, on_event),
            (_, Some(cut)) => {
                self.train_tails(cut, rows, normalisations, weights, keeper, on_event)
            }
        }
    }

    /// See [`PreparedBackbone::cut`](crate::PreparedBackbone::cut).
    pub(super) fn cut(&self) -> Result<Option<usize>, TrainError> {
        self.backbone.cut(&self.config.train)
    }

    /// What a cut is called in recipes and records.
    pub(super) fn cut_name(&self, cut: Option<usize>) -> String {
        let stages = self.backbone.network.architecture().stages();
        cut.map_or(RunRecord::EMBEDDING, |cut| stages[cut])
            .to_owned()
    }

    fn job<'a>(&'a self, config: &'a TrainConfig, rows: &'a Rows) -> TrainJob<'a> {
        TrainJob {
            config,
            augment: &self.config.augment,
            seed: self.config.seed,
            classes: self.manifest.classes.len(),
            positive: self.positive,
            select: self.select,
            targets: &rows.targets,
        }
    }

    fn train_heads(
        &self,
        config: &TrainConfig,
        rows: &Rows,
        normalisations: &[Normalisation],
        keeper: &mut Keeper<'_>,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<TrainedHeads, TrainError> {
        let (inputs, embedded) = self.inputs(None, rows, normalisations, on_event)?;
        let sources: Vec<Box<dyn InputSource + '_>> =
            inputs.iter().map(|inputs| inputs.source(rows)).collect();
        let of_fold = |index: usize| index % inputs.len();
        let job = self.job(config, rows);
        let training = HeadTraining {
            job,
            folds: &rows.folds,
            sources: (0..rows.folds.len())
                .map(|index| &*sources[of_fold(index)])
                .collect(),
        };
        let shape = (sources[0].width(), job.classes);
        let fresh = || Ok(HeadModel::new(shape, 0.0, job.seed, 0));
        self.doctor(fresh, &*sources[0], rows, normalisations, on_event)?;
        let tell = &mut |fold: &_, record: &_| on_event(&Event::epoch(fold, record));
        let folds = training.run(keeper, tell)?;
        let test_rows: Vec<usize> = (0..rows.test.len()).collect();
        let mut test_probs = Vec::new();
        for (index, fold) in folds.iter().enumerate() {
            let test = &inputs[of_fold(index)].test;
            test_probs.push(fold.weights.probs(&test.upright(&test_rows)?));
        }
        Ok(TrainedHeads {
            folds,
            test_probs,
            embedded,
        })
    }

    /// The stages from `cut` on, from the cached maps that enter it.
    fn train_tails(
        &self,
        cut: usize,
        rows: &Rows,
        normalisations: &[Normalisation],
        weights: &[TensorDict],
        keeper: &mut Keeper<'_>,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<Trained, TrainError> {
        let (inputs, embedded) = self.inputs(Some(cut), rows, normalisations, on_event)?;
        let sources: Vec<_> = inputs.iter().map(|inputs| inputs.source(rows)).collect();
        let feed = Feed {
            sources: sources.iter().map(|source| &**source).collect(),
            tests: inputs.iter().map(|inputs| &inputs.test as _).collect(),
            test_rows: (0..rows.test.len()).collect(),
        };
        let subject = (rows, normalisations);
        let mut trained = self.train_networks(cut, subject, weights, &feed, keeper, on_event)?;
        trained.embedded = embedded;
        Ok(trained)
    }

    /// The whole network, from pixels. `weights` are what each fold starts from: all the same, or
    /// one a fold.
    fn train_full(
        &self,
        rows: &Rows,
        normalisations: &[Normalisation],
        weights: &[TensorDict],
        keeper: &mut Keeper<'_>,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<Trained, TrainError> {
        let patches = self.decode(rows)?;
        let maker = ViewMaker::new(&self.config.augment, self.config.seed);
        let source = |scale: &Normalisation| PixelSource {
            patches: &patches,
            scale: PixelScale::new(scale),
            maker: maker.as_ref(),
        };
        let sources: Vec<PixelSource<'_>> = normalisations.iter().map(source).collect();
        let feed = Feed {
            sources: sources.iter().map(|source| source as _).collect(),
            tests: sources.iter().map(|source| source as _).collect(),
            test_rows: rows.test.clone(),
        };
        let subject = (rows, normalisations);
        self.train_networks(0, subject, weights, &feed, keeper, on_event)
    }

    /// The stages from `stage` on, fold after fold. `weights` are what each fold starts from: all
    /// the same, or one a fold.
    fn train_networks(
        &self,
        stage: usize,
        (rows, normalisations): (&Rows, &[Normalisation]),
        weights: &[TensorDict],
        feed: &Feed<'_>,
        keeper: &mut Keeper<'_>,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<Trained, TrainError> {
        let (cut, config) = (self.cut_at(stage), &self.config.train);
        let fresh = || Ok(NetworkModel::new(&cut, &weights[0], config)?);
        self.doctor(fresh, feed.sources[0], rows, normalisations, on_event)?;
        let mut trained = Trained::default();
        for (index, fold) in rows.folds.iter().enumerate() {
            let scale = index % feed.sources.len();
            let fold = NetworkFold {
                job: self.job(config, rows),
                cut: &cut,
                fold,
                weights: &weights[index % weights.len()],
                source: feed.sources[scale],
            };
            let test = (feed.tests[scale], &feed.test_rows[..]);
            trained.push(fold.train(test, keeper, &mut EventWatcher(on_event))?);
        }
        Ok(trained)
    }

    /// The last layer from cached embeddings, then the whole network from there.
    fn train_head_then_full(
        &self,
        rows: &Rows,
        normalisations: &[Normalisation],
        keeper: &mut Keeper<'_>,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<Trained, TrainError> {
        let first = TrainConfig {
            mode: TrainMode::Head,
            epochs: self.config.train.head_epochs,
            warmup_epochs: 0.0,
            swa_epochs: 0,
            ..self.config.train.clone()
        };
        // The epochs of the network are the run's; those of the head only prepare it.
        let quiet = &mut |event: &Event| {
            if !matches!(event, Event::Epoch { .. }) {
                on_event(event);
            }
        };
        let heads = self.train_heads(&first, rows, normalisations, keeper, quiet)?;
        let frozen = self.backbone.network.weights();
        let start = |fold: &FoldOutcome<Head>| {
            let mut whole = frozen.clone();
            whole.extend(to_lazy(fold.weights.tensors(self.backbone.spec.classifier)));
            whole
        };
        let weights: Vec<TensorDict> = heads.folds.iter().map(start).collect();
        let mut trained = self.train_full(rows, normalisations, &weights, keeper, on_event)?;
        trained.embedded = heads.embedded;
        Ok(trained)
    }

    fn cut_at(&self, stage: usize) -> Cut {
        let network = self.backbone.network.architecture();
        Cut {
            name: self.backbone.spec.name,
            classes: self.manifest.classes.len(),
            size_px: self.size_px,
            stage,
            map: Recording::prefix_shape(network, stage, self.size_px).output_shape(),
        }
    }

    /// The checks before training, with a `fresh` model to throw away.
    fn doctor<M: Trainable>(
        &self,
        fresh: impl FnOnce() -> Result<M, TrainError>,
        source: &dyn InputSource,
        rows: &Rows,
        normalisations: &[Normalisation],
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<(), TrainError> {
        let policy = self.config.train.doctor;
        if policy == DoctorPolicy::Off {
            return Ok(());
        }
        let classes = &self.manifest.classes;
        let files = (&rows.hashes[..], &rows.paths[..]);
        let mut findings = check_folds(&rows.folds, files, &rows.targets, &rows.test, classes);
        findings.extend(self.check_colours(rows, &normalisations[0])?);
        let train = &rows.folds[0].train;
        let targets = &rows.targets;
        let seed = self.config.seed;
        findings.extend(check_model(
            &mut fresh()?,
            source,
            train,
            targets,
            classes.len(),
            seed,
        )?);
        let problems: Vec<String> = findings.iter().filter_map(|f| f.problem.clone()).collect();
        on_event(&Event::Examined { findings });
        if policy == DoctorPolicy::Refuse && !problems.is_empty() {
            return Err(TrainError::Doctor(problems.join("; ")));
        }
        Ok(())
    }

    /// Looks at some training patches from all over the first fold.
    fn check_colours(
        &self,
        rows: &Rows,
        scale: &Normalisation,
    ) -> Result<Vec<Finding>, TrainError> {
        let train = &rows.folds[0].train;
        let step = (train.len() / PATCHES_LOOKED_AT).max(1);
        let unit = PixelScale::new(&Normalisation {
            mean: [0.0; 3],
            std: [1.0; 3],
        });
        let scale = PixelScale::new(scale);
        let (mut plain, mut scaled) = (Vec::new(), Vec::new());
        for row in train.iter().step_by(step) {
            let patch = self.reader().read(&rows.paths[*row])?;
            plain.extend(unit.interleaved(&patch.pixels));
            scaled.extend(scale.interleaved(&patch.pixels));
        }
        Ok(check_pixels(&plain, &scaled, self.size_px))
    }

    fn decode(&self, rows: &Rows) -> Result<PatchSet, TrainError> {
        let reader = self.reader();
        let pixels: Result<Vec<Vec<u8>>, TrainError> = rows
            .paths
            .par_iter()
            .map(|path| Ok(reader.read(path)?.pixels))
            .collect();
        let (size_px, targets) = (self.size_px, rows.targets.clone());
        Ok(PatchSet {
            size_px,
            pixels: pixels?.concat(),
            targets,
        })
    }
}

/// What networks are fed with, under each normalisation in turn.
struct Feed<'a> {
    sources: Vec<&'a dyn InputSource>,
    /// Where test patches are found, and their rows there.
    tests: Vec<&'a dyn InputSource>,
    test_rows: Vec<usize>,
}

/// Trained last layers.
struct TrainedHeads {
    folds: Vec<FoldOutcome<Head>>,
    test_probs: Vec<Vec<f32>>,
    embedded: EmbedCount,
}

impl TrainedHeads {
    /// The same with heads turned into tensors.
    fn map(self, tensors: impl Fn(Head) -> StateDict) -> Trained {
        Trained {
            folds: self
                .folds
                .into_iter()
                .map(|fold| fold.map(&tensors))
                .collect(),
            test_probs: self.test_probs,
            embedded: self.embedded,
        }
    }
}

impl Trained {
    /// Adds a fold with its logits of the test rows.
    fn push(&mut self, (fold, mut logits): (FoldOutcome<StateDict>, Vec<f32>)) {
        let classes = fold.val_probs.len() / fold.rows.val.len();
        softmax(&mut logits, classes);
        self.folds.push(fold);
        self.test_probs.push(logits);
    }
}

//! The main job: a manifest and its folds to trained folds, predictions and metrics.

use std::path::{Path, PathBuf};

use eosin_core::Config;
use eosin_core::config::{Augment, NormaliseMode, TrainMode};
use eosin_data::{
    DecodeLimits, FoldIndices, Folds, ImageSums, Manifest, Normalisation, ResizeSpec,
    channel_statistics,
};
use eosin_metrics::Metric;
use eosin_models::{IMAGENET_MEAN, IMAGENET_STD, StateDict};
use eosin_store::cache::ImageHash;
use eosin_store::{Cache, Recipe};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::embed::{CachedEmbeddings, EmbedCount, Embedder, PatchReader, content_hashes};
use crate::error::TrainError;
use crate::evaluate::{RunMetrics, best_fold, evaluate};
use crate::full::predict_full;
use crate::full_folds::{FullFolds, FullWatcher};
use crate::head::Head;
use crate::head_training::HeadTraining;
use crate::outcome::{EpochRecord, FoldOutcome, FoldRows};
use crate::patches::{PatchSet, PixelScale};
use crate::predictions::{Part, Prediction};
use crate::prepare::PreparedBackbone;
use crate::source::EmbeddingSource;

/// Raised when the same file begins to give other pixels.
const DECODE_VERSION: u32 = 1;
/// What computes embeddings; raised when it begins to round otherwise.
const KERNELS: &str = "eosin-kernels 1";

/// What happens during a run, as it is shown and written to `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// So many patches have their embeddings.
    Embedding {
        /// Patches done, those found in the cache included.
        done: usize,
        /// Patches in all.
        total: usize,
    },
    /// All embeddings are there.
    Embedded {
        /// Found in the cache.
        found: usize,
        /// Computed now.
        computed: usize,
    },
    /// A step of full training.
    Step {
        /// The fold's name.
        fold: String,
        /// Steps done.
        done: usize,
        /// Steps of the fold in all.
        total: usize,
    },
    /// An epoch of a fold has ended.
    Epoch {
        /// Which cross-validation.
        repeat: usize,
        /// Which fold.
        fold: usize,
        /// What it came to.
        #[serde(flatten)]
        record: EpochRecord,
    },
}

/// The weights that a fold has learned.
#[derive(Clone, Debug)]
pub enum FoldWeights {
    /// The last layer, on a frozen backbone.
    Head(Head),
    /// Every tensor.
    Full(StateDict),
}

/// A run's ingredients.
pub struct Experiment<'a> {
    /// The resolved configuration.
    pub config: &'a Config,
    /// The patches, all of them usable.
    pub manifest: &'a Manifest,
    /// Their folds.
    pub folds: &'a Folds,
    /// The embedding cache.
    pub cache: &'a Cache,
    /// Side that the network is run at.
    pub size_px: usize,
    /// The class that binary metrics are about.
    pub positive: usize,
    /// The metric that picks epochs and the best fold.
    pub select: Metric,
}

/// What a run comes to.
#[derive(Debug)]
pub struct ExperimentResult {
    /// The network that the folds started from.
    pub backbone: PreparedBackbone,
    /// Scaling of pixel values: one, or one a fold.
    pub normalisations: Vec<Normalisation>,
    /// Each fold.
    pub folds: Vec<FoldOutcome<FoldWeights>>,
    /// Place in `folds` of the best.
    pub best_fold: usize,
    /// Out-of-fold and test predictions.
    pub predictions: Vec<Prediction>,
    /// Their metrics.
    pub metrics: RunMetrics,
    /// How much the cache saved.
    pub embedded: EmbedCount,
}

/// The rows of a manifest that an experiment is about: training pool first, then test.
struct Rows {
    places: Vec<usize>,
    paths: Vec<PathBuf>,
    targets: Vec<usize>,
    folds: Vec<FoldRows>,
    /// Rows of the test part.
    test: Vec<usize>,
}

impl<'a> Experiment<'a> {
    /// Embeds (or decodes), trains every fold, predicts and evaluates.
    ///
    /// # Errors
    /// When a patch, the weights or the cache cannot be used, or training diverges.
    pub fn run(&self, on_event: &mut dyn FnMut(&Event)) -> Result<ExperimentResult, TrainError> {
        let classes = self.manifest.classes.len();
        let config = self.config;
        let backbone =
            PreparedBackbone::new(&config.backbone, classes, self.size_px, config.seed)?;
        let rows = self.rows()?;
        let normalisations = self.normalisations(&backbone, &rows)?;
        let (folds, test, embedded) = match config.train.mode {
            TrainMode::Head => self.train_heads(&backbone, &rows, &normalisations, on_event)?,
            TrainMode::Full => self.train_full(&backbone, &rows, &normalisations, on_event)?,
        };
        let metric = |fold: &FoldOutcome<FoldWeights>| fold.metrics.get(self.select);
        let best_fold = best_fold(folds.iter().map(metric), self.select);
        let predictions = self.predictions(&rows, &folds, &test, best_fold);
        let metrics = evaluate(&predictions, classes, self.positive, self.select)?;
        Ok(ExperimentResult {
            backbone,
            normalisations,
            folds,
            best_fold,
            predictions,
            metrics,
            embedded,
        })
    }

    /// Sees to it that the cache holds every embedding that training will ask for.
    ///
    /// # Errors
    /// When a patch, the weights or the cache cannot be used.
    pub fn embed(&self, on_event: &mut dyn FnMut(&Event)) -> Result<EmbedCount, TrainError> {
        let config = self.config;
        let classes = self.manifest.classes.len();
        let backbone =
            PreparedBackbone::new(&config.backbone, classes, self.size_px, config.seed)?;
        let rows = self.rows()?;
        let normalisations = self.normalisations(&backbone, &rows)?;
        Ok(self.embeddings(&backbone, &rows, &normalisations, on_event)?.1)
    }

    fn rows(&self) -> Result<Rows, TrainError> {
        let (pool, test) = (self.manifest.training_pool(), self.manifest.test_part());
        let places: Vec<usize> = pool.iter().chain(&test).copied().collect();
        let mut row_of = vec![usize::MAX; self.manifest.patches.len()];
        for (row, place) in places.iter().enumerate() {
            row_of[*place] = row;
        }
        let rows = |places: &[usize]| places.iter().map(|place| row_of[*place]).collect();
        let fold = |(stream, fold): (usize, FoldIndices)| FoldRows {
            repeat: fold.repeat,
            fold: fold.fold,
            stream: stream as u64,
            train: rows(&fold.train),
            val: rows(&fold.val),
        };
        let folds = self.folds.resolve(self.manifest)?.into_iter().enumerate().map(fold).collect();
        let patch = |place: &usize| &self.manifest.patches[*place];
        Ok(Rows {
            paths: places.iter().map(|place| patch(place).path.clone()).collect(),
            // Unlabelled patches stand in the test part only, whose targets training never reads.
            targets: places.iter().map(|place| patch(place).class.unwrap_or(0)).collect(),
            test: (pool.len()..places.len()).collect(),
            folds,
            places,
        })
    }

    fn reader(&self) -> PatchReader {
        let data = &self.config.data;
        PatchReader {
            limits: DecodeLimits { max_side_px: data.max_side_px, ..DecodeLimits::default() },
            resize: data.size_px.map(|size_px| ResizeSpec {
                size_px,
                filter: data.resize,
                policy: data.non_square,
            }),
            size_px: self.size_px,
        }
    }

    /// One scaling, or one a fold; test patches never contribute.
    fn normalisations(
        &self,
        backbone: &PreparedBackbone,
        rows: &Rows,
    ) -> Result<Vec<Normalisation>, TrainError> {
        let fixed = |mean, std| Ok(vec![Normalisation { mean, std }]);
        match self.config.backbone.normalise {
            NormaliseMode::Backbone => fixed(backbone.spec.mean, backbone.spec.std),
            NormaliseMode::Unit => fixed([0.0; 3], [1.0; 3]),
            NormaliseMode::ImageNet => fixed(IMAGENET_MEAN, IMAGENET_STD),
            NormaliseMode::Dataset => {
                let sums = self.image_sums(rows)?;
                Ok(vec![channel_statistics(&sums, self.config.backbone.statistics)?])
            }
            NormaliseMode::Fold => {
                let sums = self.image_sums(rows)?;
                let of = |fold: &FoldRows| {
                    let train = fold.train.iter().map(|row| &sums[*row]);
                    Ok(channel_statistics(train, self.config.backbone.statistics)?)
                };
                rows.folds.iter().map(of).collect()
            }
        }
    }

    fn image_sums(&self, rows: &Rows) -> Result<Vec<ImageSums>, TrainError> {
        let pool = rows.paths.len() - rows.test.len();
        let reader = self.reader();
        rows.paths[..pool]
            .par_iter()
            .map(|path| Ok(ImageSums::of(&reader.read(path)?)))
            .collect()
    }

    fn recipe(&self, backbone: &PreparedBackbone, scale: &Normalisation, symmetries: usize) -> Recipe {
        let data = &self.config.data;
        Recipe {
            size_px: data.size_px,
            resize: data.size_px.map(|_| data.resize),
            non_square: data.size_px.map(|_| data.non_square),
            mean_bits: Recipe::bits(scale.mean),
            std_bits: Recipe::bits(scale.std),
            stain: None,
            backbone: backbone.spec.name,
            weights_hash: backbone.weights_hash.clone(),
            cut: "embedding".to_owned(),
            dtype: self.config.cache.dtype,
            symmetries,
            decode_version: DECODE_VERSION,
            kernels: KERNELS.to_owned(),
        }
    }

    /// Embeddings under each normalisation, of all rows: training rows under every symmetry that
    /// augmentation may ask for, test rows as they are.
    fn embeddings(
        &self,
        backbone: &PreparedBackbone,
        rows: &Rows,
        normalisations: &[Normalisation],
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<(Vec<[CachedEmbeddings; 2]>, EmbedCount), TrainError> {
        let hashes = content_hashes(&rows.paths)?;
        let pool = rows.paths.len() - rows.test.len();
        let symmetries = match self.config.train.augment {
            Augment::None => 1,
            Augment::D4 => 8,
        };
        let total = rows.paths.len() * normalisations.len();
        let (mut done, mut count, mut all) = (0, EmbedCount::default(), Vec::new());
        for scale in normalisations {
            let embedder = Embedder::new(&backbone.network, self.reader(), scale);
            let mut part = |range: std::ops::Range<usize>, symmetries: usize| {
                let recipe = self.recipe(backbone, scale, symmetries);
                let mut entry = self.cache.entry(&recipe, embedder.width())?;
                let files: Vec<(ImageHash, &Path)> = range
                    .clone()
                    .map(|row| (hashes[row], rows.paths[row].as_path()))
                    .collect();
                let part = embedder.fill(&mut entry, &files, symmetries, &mut |part, _| {
                    on_event(&Event::Embedding { done: done + part, total });
                })?;
                done += files.len();
                count.found += part.found;
                count.computed += part.computed;
                CachedEmbeddings::new(entry.reader()?, &hashes[range])
            };
            all.push([part(0..pool, symmetries)?, part(pool..rows.paths.len(), 1)?]);
        }
        on_event(&Event::Embedded { found: count.found, computed: count.computed });
        Ok((all, count))
    }

    #[expect(clippy::type_complexity, reason = "folds, test probabilities of each, cache count")]
    fn train_heads(
        &self,
        backbone: &PreparedBackbone,
        rows: &Rows,
        normalisations: &[Normalisation],
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<(Vec<FoldOutcome<FoldWeights>>, Vec<Vec<f32>>, EmbedCount), TrainError> {
        let (sources, count) = self.embeddings(backbone, rows, normalisations, on_event)?;
        let of_fold = |index: usize| &sources[index % sources.len()];
        let training = HeadTraining {
            config: &self.config.train,
            seed: self.config.seed,
            classes: self.manifest.classes.len(),
            positive: self.positive,
            select: self.select,
            targets: &rows.targets,
            folds: &rows.folds,
            sources: (0..rows.folds.len()).map(|index| &of_fold(index)[0] as _).collect(),
        };
        let outcomes = training.run(&mut |fold, record| on_event(&epoch_event(fold, record)))?;
        let test_rows: Vec<usize> = (0..rows.test.len()).collect();
        let test = outcomes
            .iter()
            .enumerate()
            .map(|(index, fold)| fold.weights.probs(&of_fold(index)[1].upright(&test_rows)))
            .collect();
        let outcomes = outcomes.into_iter().map(|fold| fold.map(FoldWeights::Head)).collect();
        Ok((outcomes, test, count))
    }

    #[expect(clippy::type_complexity, reason = "folds, test probabilities of each, cache count")]
    fn train_full(
        &self,
        backbone: &PreparedBackbone,
        rows: &Rows,
        normalisations: &[Normalisation],
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<(Vec<FoldOutcome<FoldWeights>>, Vec<Vec<f32>>, EmbedCount), TrainError> {
        let patches = self.decode(rows)?;
        let training = FullFolds {
            config: &self.config.train,
            seed: self.config.seed,
            classes: self.manifest.classes.len(),
            positive: self.positive,
            select: self.select,
            patches: &patches,
            name: backbone.spec.name,
            network: &backbone.network,
        };
        let (mut outcomes, mut test) = (Vec::new(), Vec::new());
        for (index, fold) in rows.folds.iter().enumerate() {
            let scale = PixelScale::new(&normalisations[index % normalisations.len()]);
            let outcome = training.train(fold, &scale, &mut EventWatcher(on_event))?;
            let network = training.with_weights(&outcome.weights);
            test.push(predict_full(&network, &patches, &rows.test, &scale).1);
            outcomes.push(outcome.map(FoldWeights::Full));
        }
        Ok((outcomes, test, EmbedCount::default()))
    }

    fn decode(&self, rows: &Rows) -> Result<PatchSet, TrainError> {
        let reader = self.reader();
        let pixels: Result<Vec<Vec<u8>>, TrainError> =
            rows.paths.par_iter().map(|path| Ok(reader.read(path)?.pixels)).collect();
        let (size_px, targets) = (self.size_px, rows.targets.clone());
        Ok(PatchSet { size_px, pixels: pixels?.concat(), targets })
    }

    fn predictions(
        &self,
        rows: &Rows,
        folds: &[FoldOutcome<FoldWeights>],
        test: &[Vec<f32>],
        best: usize,
    ) -> Vec<Prediction> {
        let classes = self.manifest.classes.len();
        let row = |row: usize, part, fold: Option<&FoldRows>, probs: &[f32]| {
            let patch = &self.manifest.patches[rows.places[row]];
            Prediction {
                key: patch.key.clone(),
                part,
                repeat: fold.map(|fold| fold.repeat),
                fold: fold.map(|fold| fold.fold),
                target: patch.class,
                probs: probs.to_vec(),
            }
        };
        let mut all = Vec::new();
        for outcome in folds {
            let fold = &outcome.rows;
            for (at, probs) in fold.val.iter().zip(outcome.val_probs.chunks_exact(classes)) {
                all.push(row(*at, Part::OutOfFold, Some(fold), probs));
            }
        }
        let average = mean_of(test);
        for (at, probs) in rows.test.iter().zip(average.chunks_exact(classes)) {
            all.push(row(*at, Part::TestAverage, None, probs));
        }
        for (at, probs) in rows.test.iter().zip(test[best].chunks_exact(classes)) {
            all.push(row(*at, Part::TestBest, Some(&folds[best].rows), probs));
        }
        all
    }
}

/// The mean of the folds' probabilities, value by value.
pub(crate) fn mean_of(folds: &[Vec<f32>]) -> Vec<f32> {
    let count = folds.len() as f32;
    let len = folds.first().map_or(0, Vec::len);
    (0..len).map(|at| folds.iter().map(|probs| probs[at]).sum::<f32>() / count).collect()
}

fn epoch_event(fold: &FoldRows, record: &EpochRecord) -> Event {
    Event::Epoch { repeat: fold.repeat, fold: fold.fold, record: record.clone() }
}

struct EventWatcher<'a>(&'a mut dyn FnMut(&Event));

impl FullWatcher for EventWatcher<'_> {
    fn step(&mut self, fold: &FoldRows, done: usize, total: usize) {
        self.0(&Event::Step { fold: fold.name(), done, total });
    }

    fn epoch(&mut self, fold: &FoldRows, record: &EpochRecord) {
        self.0(&epoch_event(fold, record));
    }
}

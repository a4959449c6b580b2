//! The main job: patches and their folds to trained folds, predictions and metrics.

mod afford;
mod cached_inputs;
mod closed_folds;
mod columns;
mod combined_folds;
mod embedded;
mod examine;
mod inner_folds;
mod inputs;
mod joined_inputs;
mod joined_shares;
mod normalise;
mod probe_columns;
mod probe_folds;
mod probes;
mod refusals;
mod rows;
pub(crate) mod save;
pub(crate) mod shelf;
mod sized_inputs;
mod souped_folds;
mod training;

use std::time::Duration;

use eosin_core::{Config, Cut, Preprocess, Task, Watch};
use eosin_data::{Folds, Patches};
use eosin_metrics::Metric;
use eosin_models::{EMBEDDED, embedded_weights_have_seen};
use eosin_store::{Cache, Checkpoints, RunFolder, names};
use eosin_weights::StateDict;

pub use self::columns::ColumnOutcome;
pub use self::embedded::EmbeddedPatches;
pub use self::joined_shares::JoinedSaid;
use self::rows::Rows;
use self::shelf::Shelf;
use self::training::Trained;
use crate::checkpoint::keeper::Keeper;
use crate::embed::embeddings::EmbedCount;
use crate::embed::starting_point::StartingPoint;
use crate::error::TrainError;
use crate::event::Event;
use crate::input::stain_fit::StainFit;
use crate::judge::evaluate::{RunMetrics, best_fold, evaluate};
use crate::judge::patch_groups::PatchGroups;
use crate::optimise::loss::softmax;
use crate::predict::predictions::{Part, Prediction, mean_of};
use crate::train::session::Session;
use crate::train::tracker::FoldOutcome;

/// A run's ingredients.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The resolved configuration.
    pub config: &'a Config,
    /// The patches, all of them usable.
    pub patches: &'a Patches,
    /// Their folds.
    pub folds: &'a Folds,
    /// What the folds start from.
    pub start: &'a StartingPoint,
    /// The embedding cache.
    pub cache: &'a Cache,
    /// Side that the network is run at, where there is one.
    pub size_px: usize,
    /// What is told apart.
    pub task: &'a Task,
    /// The metric that picks epochs and the best fold, where it is defined in every fold: see
    /// [`selection`](crate::selection).
    pub select: Metric,
    /// Where folds are kept as they end, and the state of training until then; `None`: nowhere.
    pub folder: Option<&'a RunFolder>,
}

/// What a run comes to.
#[derive(Debug)]
pub struct RunResult {
    /// What happens to patches before the network sees them: one for all folds, or one each; none
    /// where there is no network.
    pub preprocess: Vec<Preprocess>,
    /// What they are made like in stain, where they are.
    pub stain: Option<StainFit>,
    /// What enters the trained part, as in [`RunRecord`](eosin_store::RunRecord).
    pub cut: String,
    /// Each fold, with the tensors that it trained.
    pub folds: Vec<FoldOutcome<StateDict>>,
    /// Place in `folds` of the best.
    pub best_fold: usize,
    /// Out-of-fold and test predictions.
    pub predictions: Vec<Prediction>,
    /// Their metrics.
    pub metrics: RunMetrics,
    /// How much the cache saved.
    pub embedded: EmbedCount,
    /// Training-pool and test patches that the embedded weights were made with.
    pub seen_by_weights: [usize; 2],
}

impl Run<'_> {
    /// Embeds (or decodes), trains every fold that is not finished, predicts and evaluates.
    ///
    /// # Errors
    /// When a patch, the weights or the cache cannot be used, training diverges, or `watch` fails or
    /// stops the work.
    pub fn run(&self, watch: &dyn Watch<Event>) -> Result<RunResult, TrainError> {
        let rows = self.rows()?;
        let every = Duration::from_secs_f64(self.config.train.checkpoint_secs);
        let checkpoints = self.folder.map(|folder| folder.path(names::CHECKPOINTS));
        let checkpoints = checkpoints.map(Checkpoints::open).transpose()?;
        let keeper = Keeper::new(checkpoints.as_ref(), self.fingerprint(&rows), every);
        let mut session = Session::new(keeper, watch);
        self.refuse_findings(&rows, &session)?;
        self.refuse_rows(&rows)?;
        let stain = self.fit_stain(&rows, &|| session.tell_or_stop(&Event::Pulse))?;
        if let Some(fit) = &stain {
            session.tell_or_stop(&Event::Stained { fit: fit.clone() })?;
        }
        let preprocess = self.preprocess(&rows, stain.as_ref())?;
        let shelf = Shelf::new(self, &rows, &preprocess)?;
        let Trained { folds, embedded } = self.train(&rows, &preprocess, &shelf, &mut session)?;
        let select = rows.select;
        let metric = |fold: &FoldOutcome<StateDict>| fold.metrics.get(select);
        let best_fold = best_fold(folds.iter().map(metric), select);
        let predictions = self.predictions(&rows, &folds, best_fold);
        let groups = PatchGroups::of_manifest(self.patches.manifest(), self.folds);
        let seed = self.config.seed;
        let metrics = evaluate(&predictions, self.task, self.select, &groups, seed)?;
        Ok(RunResult {
            cut: self.start.cut_name(self.cut()?).to_owned(),
            seen_by_weights: self.seen_by_weights(&rows),
            preprocess,
            stain,
            folds,
            best_fold,
            predictions,
            metrics,
            embedded,
        })
    }

    /// Keeps folds that were trained without a folder in that of this run, as if they had been trained
    /// for it: they are of the same configuration, patches, folds and start.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep(&self, folds: &[FoldOutcome<StateDict>]) -> Result<(), TrainError> {
        let rows = self.rows()?;
        let stain = self.fit_stain(&rows, &|| Ok(()))?;
        let preprocess = self.preprocess(&rows, stain.as_ref())?;
        let shelf = Shelf::new(self, &rows, &preprocess)?;
        folds.iter().try_for_each(|fold| shelf.put(fold))
    }

    /// Sees to it that the cache holds every embedding that training will ask for.
    ///
    /// # Errors
    /// When a patch, the weights or the cache cannot be used, or `watch` fails or stops the work.
    pub fn embed(&self, watch: &dyn Watch<Event>) -> Result<EmbedCount, TrainError> {
        let rows = self.rows()?;
        let keeper = Keeper::new(None, [0; 32], Duration::MAX);
        let session = Session::new(keeper, watch);
        let preprocess = self.fitted_preprocess(&rows, &session)?;
        Ok(self.inputs(self.cut()?, &rows, &preprocess, &session)?.1)
    }

    /// See [`StartingPoint::cut`].
    fn cut(&self) -> Result<Cut, TrainError> {
        self.start.cut(&self.config.train)
    }

    /// Hash of everything that the training's state depends on, the version of the program among
    /// it.
    fn fingerprint(&self, rows: &Rows) -> [u8; 32] {
        let mut config = self.config.clone();
        // Where and how often things are kept does not change them.
        config.cache = eosin_core::config::CacheConfig {
            dtype: config.cache.dtype,
            ..eosin_core::config::CacheConfig::default()
        };
        config.train.checkpoint_secs = 0.0;
        let mut hasher = blake3::Hasher::new();
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        hasher.update(config.to_toml().as_bytes());
        hasher.update(self.start.hash().as_bytes());
        for place in &rows.places {
            hasher.update(self.patches.hash(*place));
        }
        let folds = rows.folds.iter().flat_map(|fold| [&fold.train, &fold.val]);
        for row in folds.flatten().chain(&rows.targets) {
            hasher.update(&row.to_le_bytes());
        }
        *hasher.finalize().as_bytes()
    }

    fn predictions(
        &self,
        rows: &Rows,
        folds: &[FoldOutcome<StateDict>],
        best: usize,
    ) -> Vec<Prediction> {
        let manifest = self.patches.manifest();
        let classes = manifest.classes.len();
        let row = |row: usize, part, fold, probs: &[f32]| {
            let patch = &manifest.patches[rows.places[row]];
            Prediction {
                key: patch.key.clone(),
                part,
                fold,
                target: patch.class,
                probs: probs.to_vec(),
            }
        };
        let mut all = Vec::new();
        let mut add = |part, fold, places: &[usize], mut logits: Vec<f32>| {
            softmax(&mut logits, classes);
            for (at, probs) in places.iter().zip(logits.chunks_exact(classes)) {
                all.push(row(*at, part, fold, probs));
            }
        };
        let test_mean = |of: &dyn Fn(&FoldOutcome<StateDict>) -> Vec<f32>| {
            mean_of(&folds.iter().map(of).collect::<Vec<_>>())
        };
        for fold in folds {
            let logits = fold.logits.val.clone();
            add(Part::OutOfFold, Some(fold.rows.id), &fold.rows.val, logits);
        }
        let mean = test_mean(&|fold| fold.logits.test.clone());
        add(Part::TestAverage, None, &rows.test, mean);
        let id = Some(folds[best].rows.id);
        add(
            Part::TestBest,
            id,
            &rows.test,
            folds[best].logits.test.clone(),
        );
        if rows.views.len() == 1 {
            return all;
        }
        let one_view = |fold: &FoldOutcome<StateDict>| fold.one_view.clone().unwrap_or_default();
        for fold in folds {
            let logits = one_view(fold).val;
            add(
                Part::OutOfFoldOneView,
                Some(fold.rows.id),
                &fold.rows.val,
                logits,
            );
        }
        let mean = test_mean(&|fold| one_view(fold).test);
        add(Part::TestAverageOneView, None, &rows.test, mean);
        all
    }

    /// How many training-pool and test patches the backbone's weights have seen, as far as is known.
    fn seen_by_weights(&self, rows: &Rows) -> [usize; 2] {
        let network = self.start.network();
        if !network.is_ok_and(|network| network.weights_source == EMBEDDED) {
            return [0, 0];
        }
        [rows.pool_places(), rows.test_places()].map(|places| {
            let seen = |place: &&usize| embedded_weights_have_seen(self.patches.hash(**place));
            places.iter().filter(seen).count()
        })
    }
}

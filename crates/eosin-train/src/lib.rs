//! From patches to trained, judged folds.
//!
//! A [`Run`] takes patches with their folds and trains a part of the network in each. A
//! [`FoldTrainer`] steps any [`Trainable`] (the last layer, or the stages from a cut on) on what an
//! [`InputSource`] gives: cached [`Embeddings`] or maps ([`EmbeddingService`] has each computed once), or pixels.
//! Its whole state can be saved between any two steps ([`Keeper`]). The result is predictions
//! ([`Prediction`]) and metrics ([`RunMetrics`]). Every random draw comes from the seed's named
//! streams at `[fold, epoch]`; what happens is told as [`Event`]s, never printed.
//!
//! ```
//! use std::collections::BTreeSet;
//! use eosin_core::{Config, Task, Unwatched};
//! use eosin_data::*;
//! use eosin_store::Cache;
//! use eosin_train::{PreparedBackbone, Run};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let data = folder.path().join("patches");
//! let few = PhantomOptions { patients: 4, patches_per_slide: 4, ..PhantomOptions::default() };
//! write_phantom(&data, &few, &|_, _| ())?;
//! let manifest = read_manifest(&data, &IngestOptions::default())?;
//! let options = InspectOptions { decode: true, ..InspectOptions::default() };
//! let found = inspect(&manifest, &options, &NoLedger, &|_, _| ());
//! let patches = Patches::new(&manifest, found.contents, &BTreeSet::new());
//! let (folds, _) = split(&manifest, &SplitOptions { k: 2, ..SplitOptions::default() })?;
//! let mut config = Config::default();
//! config.train.epochs = 2;
//! let size_px = patches.facts(0).header.width_px;
//! let run = Run {
//!     start: &PreparedBackbone::new(&config.backbone, None, (2, size_px), config.seed)?.into(),
//!     cache: &Cache::open(folder.path().join("cache"), u64::MAX)?,
//!     config: &config,
//!     patches: &patches,
//!     folds: &folds,
//!     size_px,
//!     task: &Task::new(manifest.classes.clone(), 1),
//!     select: "auroc".parse()?,
//!     folder: None,
//! };
//! let result = run.run(&Unwatched)?;
//! assert_eq!(result.folds.len(), 2);
//! assert!(result.metrics.out_of_fold[0].auroc.is_some());
//! # Ok(())
//! # }
//! ```

mod check;
mod checkpoint;
mod embed;
mod ensemble;
mod error;
mod event;
mod explain;
mod input;
mod judge;
mod model;
mod optimise;
mod predict;
mod run;
mod train;

pub use check::{Finding, Leak};
pub use checkpoint::keeper::Keeper;
pub use embed::backbone::{NamedWeights, PreparedBackbone};
pub use embed::embedder::Embedder;
pub use embed::embedding_error::EmbeddingsError;
pub use embed::embedding_file::EmbeddingFile;
pub use embed::embedding_views::check_views;
pub use embed::embeddings::{EmbedCount, EmbeddingService, Embeddings, Views};
pub use embed::frozen::{Frozen, FrozenGraph, FrozenPart, RunAt, WeightsOrigin};
pub use embed::own_embeddings::OwnEmbeddings;
pub use embed::precision::PrecisionEffect;
pub use embed::starting_point::StartingPoint;
pub use ensemble::member_run::{MemberRun, MemberRuns, check_agreement, refuse_unjoinable};
pub use ensemble::soup_runs::{SoupRuns, is_soup, refuse_unlike};
pub use error::TrainError;
pub use event::Event;
pub use explain::{ClassMap, ExplainWay, ExplainedWeights, Explainer, NearPatch, NearestPatches};
pub use input::draw::{Draw, InputSource};
pub use input::pixels::{PatchSet, PixelRows, PixelSource};
pub use input::reader::{PatchReader, RowReader, decode_limits, resize_between_sizes, resize_of};
pub use input::scale::PixelScale;
pub use input::stain_fit::{KeptStain, MadeLike, StainError, StainFit, stain_of_preprocess};
pub use input::stain_fitter::StainFitter;
pub use input::view::View;
pub use input::views::{ViewMaker, drawn_view};
pub use judge::decision::{
    CalibrationFigures, CalibratorFindings, DecisionFindings, FoldCalibration, Spread,
    ThresholdFindings, TwoClassFigures, Usefulness, decide,
};
pub use judge::evaluate::{FoldMetrics, OneViewMetrics, RunMetrics, evaluate};
pub use judge::judged_rows::{JudgedRows, SharedGroups};
pub use judge::paired::{PairedDifference, Verdict, paired_difference};
pub use judge::patch_groups::{GroupNames, PatchGroups};
pub use judge::selection::selection;
pub use model::classifier::Classifier;
pub use model::head::Head;
pub use model::network_model::{NetworkModel, TrainedPart};
pub use model::trainable::{Groups, LossOf, Trainable};
pub use optimise::loss::{Loss, softmax};
pub use predict::ensemble_network::{EnsembleInput, EnsembleNetwork, PixelScaling, ViewsInGraph};
pub use predict::fold_network::{FoldNetwork, StartingFile, WeightsPlace, has_mean, starting_file};
pub use predict::held::{held_predictions, judged_groups};
pub use predict::logits::Logits;
pub use predict::member_predictor::member_folders;
pub use predict::own_predictor::OwnPredictor;
pub use predict::predictions::{Part, Prediction, predictions_from_csv, predictions_to_csv};
pub use predict::predictor::{Predictor, ReadPatch, UseFolds};
pub use run::save::save_run;
pub use run::shelf::FoldRecord;
pub use run::{ColumnOutcome, EmbeddedPatches, JoinedSaid, Run, RunResult};
pub use train::columns::{ColumnEpoch, WatchColumns, shared_by_columns};
pub use train::fold_trainer::{FoldTrainer, Hook, Moment};
pub use train::heads::{Epochs, HeadTraining};
pub use train::job::TrainJob;
pub use train::probe::{ChosenBy, ProbeRecord, ShownStrength, TriedStrength};
pub use train::rows::FoldRows;
pub use train::session::Session;
pub use train::tracker::{EpochRecord, FoldOutcome};

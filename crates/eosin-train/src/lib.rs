//! From patches to trained, judged folds.
//!
//! An [`Experiment`] takes a manifest with its folds and trains a part of the network in each. A
//! [`FoldTrainer`] steps any [`Trainable`] (the last layer, or the stages from a cut on) on what an
//! [`InputSource`] gives: cached embeddings or maps ([`Embedder`] computes them once), or pixels.
//! Its whole state can be saved between any two steps ([`Keeper`]). The result is predictions
//! ([`Prediction`]) and metrics ([`RunMetrics`]). Every random draw comes from the seed's named
//! streams at `[fold, epoch]`; what happens is told as [`Event`]s, never printed.

mod check;
mod checkpoint;
mod embed;
mod error;
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
pub use embed::cached::{CachedRows, CachedViews, FreshViews, PixelSource};
pub use embed::embedder::{EmbedCount, Embedder, Views, content_hashes};
pub use embed::precision::PrecisionEffect;
pub use error::TrainError;
pub use input::draw::{Draw, InputSource};
pub use input::reader::PatchReader;
pub use input::scale::{PatchSet, PixelScale};
pub use input::views::{ViewMaker, drawn_view};
pub use judge::evaluate::{FoldMetrics, RunMetrics, evaluate};
pub use judge::paired::{PairedDifference, Verdict, paired_difference};
pub use model::head::Head;
pub use model::head_model::HeadModel;
pub use model::network_model::{Cut, NetworkModel};
pub use model::trainable::{Groups, LossOf, Trainable};
pub use optimise::loss::{Loss, softmax};
pub use optimise::optimiser::Optimiser;
pub use optimise::schedule::{learning_rate, plateau_factor};
pub use predict::fold_network::FoldNetwork;
pub use predict::predictions::{
    Part, Prediction, most_probable, predictions_from_csv, predictions_to_csv,
};
pub use predict::predictor::{Predictor, UseFolds};
pub use run::save::{MODEL, save_run};
pub use run::{Event, Experiment, ExperimentResult};
pub use train::fold_trainer::{FoldTrainer, Hook, Moment, TrainJob};
pub use train::heads::HeadTraining;
pub use train::networks::{NetworkFold, NetworkWatcher};
pub use train::sampling::epoch_order;
pub use train::tracker::{EpochRecord, FoldOutcome, FoldRows};

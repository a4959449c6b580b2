//! From patches to trained, judged folds.
//!
//! An [`Experiment`] takes a manifest with its folds and trains a part of the network in each. A
//! [`FoldTrainer`] steps any [`Trainable`] (the last layer, or the stages from a cut on) on what an
//! [`InputSource`] gives: cached embeddings or maps ([`Embedder`] computes them once), or pixels.
//! Its whole state can be saved between any two steps ([`Keeper`]). The result is predictions
//! ([`Prediction`]) and metrics ([`RunMetrics`]). Every random draw comes from the seed's named
//! streams at `[fold, epoch]`; what happens is told as [`Event`]s, never printed.

mod class_weights;
mod doctor;
mod embed;
mod error;
mod evaluate;
mod experiment;
mod fold_network;
mod fold_trainer;
mod head;
mod head_model;
mod head_training;
mod inputs;
mod keeper;
mod loss;
mod mixing;
mod network_model;
mod network_training;
mod optimiser;
mod outcome;
mod pack;
mod paired;
mod patch_reader;
mod patches;
mod precision_effect;
mod predictions;
mod predictor;
mod prepare;
mod run_files;
mod sampling;
mod schedule;
mod sources;
mod stepper;
mod tape_runner;
mod trainable;
mod views;

pub use doctor::{Finding, Leak};
pub use embed::{EmbedCount, Embedder, Views, content_hashes};
pub use error::TrainError;
pub use evaluate::{FoldMetrics, RunMetrics, evaluate};
pub use experiment::{Event, Experiment, ExperimentResult};
pub use fold_network::FoldNetwork;
pub use fold_trainer::{FoldTrainer, Hook, Moment, TrainJob};
pub use head::Head;
pub use head_model::HeadModel;
pub use head_training::HeadTraining;
pub use inputs::{Draw, InputSource};
pub use keeper::Keeper;
pub use loss::{Loss, softmax};
pub use network_model::{Cut, NetworkModel};
pub use network_training::{NetworkFold, NetworkWatcher};
pub use optimiser::Optimiser;
pub use outcome::{EpochRecord, FoldOutcome, FoldRows};
pub use paired::{PairedDifference, Verdict, paired_difference};
pub use patch_reader::PatchReader;
pub use patches::{PatchSet, PixelScale};
pub use precision_effect::PrecisionEffect;
pub use predictions::{Part, Prediction, most_probable, predictions_from_csv, predictions_to_csv};
pub use predictor::{Predictor, UseFolds};
pub use prepare::{NamedWeights, PreparedBackbone};
pub use run_files::{MODEL, save_run};
pub use sampling::epoch_order;
pub use schedule::{learning_rate, plateau_factor};
pub use sources::{CachedRows, CachedViews, FreshViews, PixelSource};
pub use trainable::{Groups, LossOf, Trainable};
pub use views::{ViewMaker, drawn_view};

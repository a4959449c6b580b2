//! From patches to trained, judged folds.
//!
//! An [`Experiment`] takes a manifest with its folds, has every patch embedded once through the
//! cache ([`Embedder`]), trains the last layer of all folds from there ([`HeadTraining`]) or the
//! whole network of each ([`FullTraining`]), and gives predictions ([`Prediction`]) and metrics
//! ([`RunMetrics`]). Every random draw comes from the seed's named streams at `[fold, epoch]`;
//! what happens is told as [`Event`]s, never printed.

mod embed;
mod error;
mod evaluate;
mod experiment;
mod fold_network;
mod full;
mod full_folds;
mod head;
mod head_training;
mod loss;
mod optimiser;
mod outcome;
mod paired;
mod patches;
mod predictions;
mod predictor;
mod prepare;
mod run_files;
mod sampling;
mod schedule;
mod source;

pub use embed::{CachedEmbeddings, EmbedCount, Embedder, PatchReader, content_hashes};
pub use error::TrainError;
pub use evaluate::{FoldMetrics, RunMetrics, evaluate};
pub use experiment::{Event, Experiment, ExperimentResult, FoldWeights};
pub use fold_network::FoldNetwork;
pub use full::{EpochEnd, FullEpoch, FullTraining, predict_full};
pub use full_folds::{FullFolds, FullWatcher};
pub use head::Head;
pub use head_training::HeadTraining;
pub use loss::{Loss, softmax};
pub use optimiser::Optimiser;
pub use outcome::{EpochRecord, FoldOutcome, FoldRows};
pub use paired::{PairedDifference, Verdict, paired_difference};
pub use patches::{PatchSet, PixelScale};
pub use predictions::{Part, Prediction, most_probable, predictions_from_csv, predictions_to_csv};
pub use predictor::{Predictor, UseFolds};
pub use prepare::{NamedWeights, PreparedBackbone};
pub use run_files::{MODEL, save_run};
pub use sampling::epoch_order;
pub use schedule::learning_rate;
pub use source::EmbeddingSource;

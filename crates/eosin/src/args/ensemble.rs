//! What can be typed behind `eosin ensemble`.

use std::path::PathBuf;

use eosin_core::ThresholdRule;
use eosin_core::config::{CalibratorKind, EnsembleMethod};

/// `eosin ensemble`.
#[derive(Debug, clap::Args)]
pub struct EnsembleArgs {
    /// Folders of finished runs on the same patches and folds.
    #[arg(required = true, num_args = 1..)]
    pub runs: Vec<PathBuf>,
    /// Make all runs one by this method: concat (one head on all embeddings), soft, geometric, power,
    /// hard, rank, weighted, greedy, logistic or ridge; or one network of their mean weights: soup,
    /// greedy-soup. Default: the best subset and method are searched.
    #[arg(long, value_name = "NAME")]
    pub method: Option<EnsembleMethod>,
    /// Search: members at most.
    #[arg(long, value_name = "N", default_value_t = 5, conflicts_with = "method")]
    pub max_members: usize,
    /// Search: size of all weights together at most, in bytes.
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = 300_000_000,
        conflicts_with = "method"
    )]
    pub max_bytes: u64,
    /// Search: milliseconds that a patch may take.
    #[arg(long, value_name = "MS", conflicts_with = "method")]
    pub max_ms: Option<f64>,
    /// Where the patches are now; default: where they were.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// What makes the ensemble's probabilities agree with what comes true: none, temperature, platt,
    /// isotonic; default: as the first run's.
    #[arg(long, value_name = "METHOD")]
    pub calibrate: Option<CalibratorKind>,
    /// From which probability on the positive class counts, as in 'eosin run'; default: by the rule of
    /// the first run.
    #[arg(long, value_name = "RULE")]
    pub threshold: Option<ThresholdRule>,
    /// Run folder to make.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace the run that is there.
    #[arg(long)]
    pub overwrite: bool,
}

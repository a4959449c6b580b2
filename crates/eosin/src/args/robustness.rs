//! What can be typed behind `eosin robustness`.

use std::path::PathBuf;

/// `eosin robustness`.
#[derive(Debug, clap::Args)]
pub struct RobustnessArgs {
    /// Run folder; of an ensemble its members see the changed patches, too.
    pub run: PathBuf,
    /// Where the run's patches are, if they are no longer where they were.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Patches to measure on at most, of each class its share.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub patches: usize,
    /// Seed that chooses the patches. Default: the run's.
    #[arg(long)]
    pub seed: Option<u64>,
}

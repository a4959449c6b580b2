//! What can be typed after `eosin compare`.

use std::path::PathBuf;

/// `eosin compare`.
#[derive(Debug, clap::Args)]
pub struct CompareArgs {
    /// Folders of finished runs (or ensembles) on the same patches; the first is what the others are
    /// held to.
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Also say what answers are worth where this share of patches is positive, such as 0.05.
    #[arg(long, value_name = "SHARE")]
    pub prevalence: Option<f64>,
    /// File to write everything to, as JSON.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file if it is there.
    #[arg(long, requires = "out")]
    pub overwrite: bool,
}

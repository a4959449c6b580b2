//! What can be typed after `eosin report`.

use std::path::PathBuf;

/// `eosin report`.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// Folder of a finished run or ensemble.
    pub run: PathBuf,
    /// Where its patches are now. Default: where they were; when they are gone, no pictures are shown.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Also print it to a PDF, with the Chromium or Chrome on the PATH or the one that `EOSIN_BROWSER` names.
    #[arg(long)]
    pub pdf: bool,
    /// Also say what answers are worth where this share of patches is positive, such as 0.05.
    #[arg(long, value_name = "SHARE")]
    pub prevalence: Option<f64>,
    /// What the model is for and who is to use it, a sentence or two for page one.
    #[arg(long, value_name = "TEXT")]
    pub intended_use: Option<String>,
    /// File to write instead of report.html in the run folder; the model card goes beside it.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace files that are there.
    #[arg(long, requires = "out")]
    pub overwrite: bool,
}

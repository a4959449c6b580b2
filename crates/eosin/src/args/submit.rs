//! What can be typed after `eosin submit`.

use std::path::PathBuf;

use clap::Subcommand;
use eosin_metrics::Metric;

/// `eosin submit`.
#[derive(Debug, Subcommand)]
pub enum SubmitCommand {
    /// List submissions with what came back, say how far the best score flatters, and which of some
    /// runs to submit next.
    Plan {
        /// Folders of finished runs that may be submitted.
        runs: Vec<PathBuf>,
        /// Folder of the contest.
        #[arg(long, value_name = "DIR")]
        ledger: PathBuf,
    },
    /// Write a run's test predictions as lines `<key> <class>`, and note what they are of.
    Make(MakeSubmissionArgs),
    /// Write down the score that came back.
    Record {
        /// Number of the submission.
        submission: usize,
        /// The score.
        #[arg(allow_negative_numbers = true)]
        score: f64,
        /// Folder of the contest.
        #[arg(long, value_name = "DIR")]
        ledger: PathBuf,
        /// Correct a score that was written down before.
        #[arg(long)]
        overwrite: bool,
    },
}

/// `eosin submit make`. What is said of the contest is remembered in its folder.
#[derive(Debug, clap::Args)]
pub struct MakeSubmissionArgs {
    /// Folder of a finished run.
    pub run: PathBuf,
    /// Folder of the contest; made when there is none.
    #[arg(long, value_name = "DIR")]
    pub ledger: PathBuf,
    /// File to write, too.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file if it is there.
    #[arg(long, requires = "out")]
    pub overwrite: bool,
    /// The contest's metric, such as accuracy; at first khd. Remembered, as all that follows.
    #[arg(long, value_name = "METRIC")]
    pub metric: Option<Metric>,
    /// Submissions that the contest allows within '--quota-secs'; at first 1.
    #[arg(long, value_name = "N")]
    pub quota: Option<usize>,
    /// Seconds that the quota is for; at first 3600.
    #[arg(long, value_name = "SECS")]
    pub quota_secs: Option<u64>,
    /// Size of all weights of a submission together at most, in bytes; at first 300000000.
    #[arg(long, value_name = "BYTES")]
    pub max_bytes: Option<u64>,
}

//! What can be typed behind `eosin audit`.

use std::path::PathBuf;

use super::JobArgs;

/// `eosin audit`.
#[derive(Debug, clap::Args)]
pub struct AuditArgs {
    /// The job: patches, folds, and the network whose embeddings name candidates.
    #[command(flatten)]
    pub job: JobArgs,
    /// A finished run on these patches: its folds count, and its out-of-fold probabilities say which
    /// labels are probably wrong.
    #[arg(long, value_name = "RUN")]
    pub run: Option<PathBuf>,
    /// Folder for `audit.json`, `audit.html` and `groups.csv`, which 'eosin run --data' takes; default: a
    /// new one under `audits`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace the audit that the folder holds.
    #[arg(long)]
    pub overwrite: bool,
}

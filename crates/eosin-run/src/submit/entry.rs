//! What the log of a contest holds, a line each.

use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::rules::SubmissionRules;
use crate::weights_used::WeightsUsed;

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    /// Rules that hold from here on.
    Rules(SubmissionRules),
    /// A submission was made.
    Made(Box<Submission>),
    /// A score came back.
    Returned(ReturnedEntry),
}

/// A submission.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// Its number, from 1.
    pub number: usize,
    /// When it was made, RFC 3339.
    pub made: String,
    /// What it was made of.
    pub run: SubmissionRun,
    /// Its lines: test patches.
    pub patches: usize,
    /// Groups that these are worth, where those of patches judged out of fold are the measure.
    pub test_groups: usize,
    /// The class that binary metrics are about.
    pub positive: String,
    /// BLAKE3 of its lines, hex.
    pub lines_blake3: String,
    /// BLAKE3 of the keys of the test patches, sorted, hex: what test set it is of.
    pub test_blake3: String,
    /// BLAKE3 of what its model decided out of fold, as it is kept, hex.
    pub judged_blake3: String,
}

/// The run that a submission was made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubmissionRun {
    /// What it is called: the name of its folder.
    pub name: String,
    /// Where it was.
    pub dir: PathBuf,
    /// BLAKE3 of its `run.json`, hex.
    pub blake3: String,
    /// BLAKE3 of its `predictions.csv`, hex.
    pub predictions_blake3: String,
    /// BLAKE3 of its configuration, hex.
    pub config_blake3: String,
    /// The configuration, TOML.
    pub config: String,
    /// All weights that it predicts with.
    pub weights: Vec<WeightsUsed>,
}

impl SubmissionRun {
    /// Bytes of all weights together.
    pub fn bytes(&self) -> u64 {
        self.weights.iter().map(|one| one.bytes).sum()
    }
}

/// A score that came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ReturnedEntry {
    pub number: usize,
    pub score: f64,
    /// When it was written down, RFC 3339.
    pub at: String,
}

/// A time as it is written.
pub(super) fn written(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

/// A time as it was written.
///
/// # Errors
/// When it is none.
pub(super) fn time(text: &str) -> Result<SystemTime> {
    humantime::parse_rfc3339(text).with_context(|| format!("'{text}' is no time"))
}

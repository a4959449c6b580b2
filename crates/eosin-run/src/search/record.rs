//! What a study says of itself, and what its processes write.

use std::path::PathBuf;

use eosin_core::Config;
use eosin_metrics::Metric;
use eosin_search::{Assignment, Goal, Method, Space};
use serde::{Deserialize, Serialize};

use super::args::Prune;
use super::outcome::Outcome;
use super::seen::Seen;

/// File with what a study says of itself.
pub(super) const FILE: &str = "study.json";

/// What a study says of itself; it is written once, before the first trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyRecord {
    /// Version of this format: [`StudyRecord::FORMAT`].
    pub format: u32,
    /// Version of eosin that made the study.
    pub eosin_version: String,
    /// When, RFC 3339.
    pub created: String,
    /// The command line that made it, program first.
    pub command: Vec<String>,
    /// Where the patches are.
    pub data: PathBuf,
    /// Hash of the manifest (keys, labels, groups), hex.
    pub manifest_hash: String,
    /// Hash of the patches' contents, hex.
    pub patches_hash: String,
    /// How trials are suggested.
    pub method: Method,
    /// How they are ended early.
    pub prune: Prune,
    /// The metric that is searched for.
    pub metric: Metric,
    /// Which of its values are better.
    pub goal: Goal,
    /// Share of the training patches that no trial sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer: Option<f64>,
    /// What is searched.
    pub space: Space,
    /// What is not.
    pub base: Config,
}

impl StudyRecord {
    /// The format that this version writes and reads.
    pub const FORMAT: u32 = 1;
}

/// What a process writes of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(super) enum TrialEvent {
    /// It has its values, and begins.
    Begun {
        trial: u64,
        claim: u32,
        /// What the values followed from.
        seen: Seen,
        assignment: Assignment,
    },
    /// It has been looked at after some epochs.
    Rung {
        trial: u64,
        claim: u32,
        epochs: usize,
        value: f64,
    },
    /// It has ended.
    Ended {
        trial: u64,
        claim: u32,
        secs: f64,
        #[serde(flatten)]
        outcome: Outcome,
    },
}

//! What an ensemble is made of.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::require;
use super::{Config, ConfigError, EnsembleMethod, TrainMode};

/// The runs that an ensemble is made of, and how their answers become one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnsembleConfig {
    /// Folders of finished runs on the same patches and folds; empty: the run is no ensemble.
    pub members: Vec<PathBuf>,
    /// How their answers become one.
    pub method: EnsembleMethod,
}

impl EnsembleConfig {
    /// Members at most: every subset of them can be looked at.
    pub const MOST_MEMBERS: usize = 12;

    /// Whether the run is no ensemble.
    pub const fn is_none(&self) -> bool {
        self.members.is_empty()
    }
}

impl Default for EnsembleConfig {
    fn default() -> Self {
        Self {
            members: Vec::new(),
            method: EnsembleMethod::Geometric,
        }
    }
}

impl Config {
    pub(super) fn check_ensemble(&self) -> Result<(), ConfigError> {
        let EnsembleConfig { members, method } = &self.ensemble;
        if members.is_empty() {
            let usual = *method == Self::default().ensemble.method;
            let expected = "left out without ensemble.members, the runs that an ensemble is of";
            return require(usual, "ensemble.method", method, expected);
        }
        let most = EnsembleConfig::MOST_MEMBERS;
        let expected = format!("at most {most} runs: every subset of them is looked at");
        require(
            members.len() <= most,
            "ensemble.members",
            members.len(),
            &expected,
        )?;
        if *method != EnsembleMethod::Concat {
            return Ok(());
        }
        let (mode, head) = (self.train.mode, self.train.head);
        let expected = "probe with ensemble.method concat: one head is solved on all embeddings";
        require(mode == TrainMode::Probe, "train.mode", mode, expected)?;
        let expected = "linear with ensemble.method concat: logistic, ridge, lda or prototypes";
        require(head.is_linear(), "train.head", head, expected)
    }
}

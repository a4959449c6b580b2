//! What is asked of a search.

use std::path::PathBuf;
use std::time::Duration;

use eosin_search::{Method, Space};

use crate::job::Job;

eosin_core::choice::choices! {
    /// How trials that promise nothing are ended early.
    pub enum Prune {
        /// None is.
        None => "none",
        /// Where folds are trained one after another: when paired folds say that it is worse than the
        /// best so far (Wilcoxon).
        Folds => "folds",
        /// With mode head: after 1, 3, 9, ... epochs those below the best third.
        Halving => "halving",
        /// The same, and some trials pass the first of these unseen.
        Hyperband => "hyperband",
    }
}

/// What is asked of a search.
pub struct SearchArgs {
    /// The base: what is not searched.
    pub base: Job,
    /// The study's folder.
    pub study: PathBuf,
    /// Trials in all, those of other processes and of before among them; `None`: the whole grid, or 100.
    pub trials: Option<usize>,
    /// What is searched; `None`: as the study does, or what is usual for the mode.
    pub space: Option<Space>,
    /// How; `None`: as the study does, or by Parzen estimators.
    pub method: Option<Method>,
    /// How trials are ended early; `None`: as the study does, or not at all.
    pub prune: Option<Prune>,
    /// Share of the training patches that no trial sees, and that the winner is judged on in the end;
    /// `None`: as the study does, or none.
    pub outer: Option<f64>,
    /// How long nothing is heard of a process of another machine before it counts as dead.
    pub grace: Duration,
    /// The command line that asked for it, to be noted.
    pub command: Vec<String>,
}

//! What happens while a job is made and carried out.

use anyhow::Result;
use eosin_core::{Config, Flow, Watch, WatchError};
use eosin_data::Inspection;
use eosin_train::{Event, TrainError};

/// What happens while a job is made and carried out.
#[derive(Clone, Copy, Debug)]
pub enum RunEvent<'a> {
    /// Something that the user should know, in a sentence.
    Note(&'a str),
    /// So many patches have been looked at.
    Inspecting {
        /// Patches looked at.
        done: u64,
        /// Patches in all.
        total: u64,
    },
    /// All patches have been looked at.
    Inspected(&'a Inspection),
    /// Some of them cannot be used.
    Problems(&'a Inspection),
    /// So many patches have been looked at, or pairs of them laid on each other, by an audit.
    Comparing {
        /// Patches or pairs done.
        done: usize,
        /// Patches or pairs in all, as far as is known.
        total: usize,
    },
    /// Weights are on their way.
    Fetching {
        /// What they are called.
        name: &'a str,
        /// Bytes received.
        received: u64,
        /// Bytes in all, where that is known.
        total: Option<u64>,
    },
    /// Weights have come.
    Fetched {
        /// What they are called.
        name: &'a str,
        /// Bytes of the file.
        bytes: u64,
    },
    /// A run begins, or is gone on with.
    Begins {
        /// Its configuration.
        config: &'a Config,
        /// Number of folds, over all cross-validations.
        folds: usize,
    },
    /// So many trials of a search have ended, whoever did them.
    Trials {
        /// Trials that ended.
        ended: usize,
        /// Trials there are to be.
        total: usize,
        /// The best value so far.
        best: Option<f64>,
    },
    /// Embedding and training.
    Training(&'a Event),
}

/// Whoever watches jobs and runs.
pub trait WatchRun: for<'a> Watch<RunEvent<'a>> {}

impl<W: for<'a> Watch<RunEvent<'a>> + ?Sized> WatchRun for W {}

/// Tells whoever watches a run what training tells.
pub(crate) struct WatchTraining<'a> {
    pub watch: &'a dyn WatchRun,
}

impl Watch<Event> for WatchTraining<'_> {
    fn event(&self, event: &Event) -> Result<Flow, WatchError> {
        self.watch.event(&RunEvent::Training(event))
    }
}

/// Tells whoever watches a run nothing of training but that it goes on.
pub(crate) struct QuietTraining<'a> {
    pub watch: &'a dyn WatchRun,
}

impl Watch<Event> for QuietTraining<'_> {
    fn event(&self, _event: &Event) -> Result<Flow, WatchError> {
        self.watch.event(&RunEvent::Training(&Event::Pulse))
    }
}

/// Tells `watch`, and ends the work when it says so.
pub(crate) fn tell(watch: &dyn WatchRun, event: &RunEvent<'_>) -> Result<()> {
    match watch.event(event).map_err(TrainError::Watch)? {
        Flow::GoOn => Ok(()),
        Flow::Stop => Err(TrainError::Interrupted.into()),
    }
}

/// Says nothing but that work goes on, and ends it when `watch` says so.
pub(crate) fn pulse(watch: &dyn WatchRun) -> Result<()> {
    tell(watch, &RunEvent::Training(&Event::Pulse))
}

/// Tells a sentence.
pub(crate) fn note(watch: &dyn WatchRun, text: &str) -> Result<()> {
    tell(watch, &RunEvent::Note(text))
}

//! Ctrl-C and the wish of a batch system to end the process.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, Result};
use eosin_store::names;
use eosin_train::TrainError;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Exit code of an interrupted process.
pub const EXIT_CODE: u8 = 130;

/// A flag that the first Ctrl-C (or SIGTERM) sets; the second ends the process at once. The process
/// has one, from the first call on: call this where the flag will be looked at.
///
/// # Errors
/// When the operating system lets nobody listen.
pub fn flag() -> Result<&'static AtomicBool> {
    static STOP: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let first = STOP.get().is_none();
    let stop = STOP.get_or_init(Arc::default);
    if first {
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_shutdown(signal, EXIT_CODE.into(), Arc::clone(stop))
                .and_then(|_| flag::register(signal, Arc::clone(stop)))
                .context("cannot listen for Ctrl-C")?;
        }
    }
    Ok(stop)
}

/// A run was stopped in good order.
#[derive(Debug)]
pub struct Interrupted {
    /// Its folder, when it can be resumed.
    pub run: Option<PathBuf>,
    /// The study that it took part in.
    pub study: Option<PathBuf>,
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(study) = &self.study {
            return write!(
                f,
                "interrupted; all trials that ended are in {}: give the command again to go on",
                study.display()
            );
        }
        match &self.run {
            Some(run) => write!(
                f,
                "interrupted; everything so far is saved: go on with 'eosin run --resume {}'",
                run.display()
            ),
            None => f.write_str("interrupted; what was embedded stays: give the command again"),
        }
    }
}

impl std::error::Error for Interrupted {}

/// `error`, said in this program's words when it is an interruption; `run` is the folder of the run
/// that was to be written, if one was.
pub fn explain(error: anyhow::Error, run: Option<&Path>) -> anyhow::Error {
    match error.downcast_ref() {
        Some(TrainError::Interrupted) => {
            let begun = run.filter(|run| run.join(names::START).is_file());
            let run = begun.map(Path::to_owned);
            Interrupted { run, study: None }.into()
        }
        _ => error,
    }
}

/// The same of a search in the folder `study`.
pub fn explain_study(error: anyhow::Error, study: &Path) -> anyhow::Error {
    match error.downcast_ref() {
        Some(TrainError::Interrupted) => {
            let study = Some(study.to_owned());
            Interrupted { run: None, study }.into()
        }
        _ => error,
    }
}

//! Whoever sits before the terminal, as the one who watches: bars, notes, Ctrl-C.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::Result;
use eosin_core::config::DoctorPolicy;
use eosin_core::{Flow, Watch, WatchError};
use eosin_data::{Inspection, Problem};
use eosin_run::RunEvent;
use eosin_train::Event;

use crate::interrupt;
use crate::output::{bytes, note};
use crate::progress::{Progress, small};
use crate::tell;

/// Problems with patches printed in full before "and N more".
const PROBLEMS_SHOWN: usize = 20;

/// Shows what happens on standard error. From the beginning of a run on Ctrl-C (or SIGTERM) ends the
/// work in order; before, where nothing is lost, it ends the process.
#[derive(Default)]
pub struct Terminal {
    stop: OnceLock<&'static AtomicBool>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The bar of what is being done.
    bar: Option<Progress>,
    policy: Option<DoctorPolicy>,
    folds: usize,
    /// Epochs of all folds, and those that have ended.
    epochs: usize,
    ended: usize,
}

impl Terminal {
    /// From now on interruptions end the work in order.
    ///
    /// # Errors
    /// When the operating system lets nobody listen for them.
    pub fn listen(&self) -> Result<()> {
        let stop = interrupt::flag()?;
        self.stop.get_or_init(|| stop);
        Ok(())
    }

    fn flow(&self) -> Flow {
        let stop = self.stop.get();
        if stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            Flow::Stop
        } else {
            Flow::GoOn
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes away the bar, if there is one.
    pub fn end_bar(&self) {
        self.state().bar = None;
    }

    /// Ends the bar of the training, if there is one.
    pub fn end_training(&self) {
        let mut state = self.state();
        let folds = state.folds;
        state.finish(&format!("{folds} folds"));
    }
}

impl Watch<RunEvent<'_>> for Terminal {
    fn event(&self, event: &RunEvent<'_>) -> Result<Flow, WatchError> {
        match event {
            RunEvent::Note(text) => note(text),
            RunEvent::Inspecting { done, total } => {
                // Told from many threads: who finds another at it has nothing to add.
                if let Ok(mut state) = self.state.try_lock() {
                    state.update("inspect", "patches", [*done, *total].map(small), "");
                }
            }
            RunEvent::Inspected(inspection) => self.state().inspected(inspection),
            RunEvent::Problems(inspection) => list_problems(inspection),
            RunEvent::Fetching {
                name,
                received,
                total,
            } => self
                .state()
                .fetching(name, *received, total.unwrap_or(*received)),
            RunEvent::Fetched { name, bytes: count } => {
                self.state().finish(&format!("{name}, {}", bytes(*count)));
            }
            RunEvent::Comparing { done, total } => {
                self.state().update("compare", "", [*done, *total], "");
            }
            RunEvent::Trials { ended, total, best } => {
                let best = best.map_or_else(String::new, |best| format!("best {best:.4}"));
                self.state().trials([*ended, *total], &best);
            }
            RunEvent::Begins { config, folds } => {
                self.listen()?;
                *self.state() = State {
                    policy: Some(config.train.doctor),
                    folds: *folds,
                    epochs: config.train.epochs * folds,
                    ..State::default()
                };
            }
            RunEvent::Training(Event::Pulse) => {}
            RunEvent::Training(event) => self.state().training(event),
        }
        Ok(self.flow())
    }
}

impl Watch<Event> for Terminal {
    fn event(&self, event: &Event) -> Result<Flow, WatchError> {
        self.event(&RunEvent::Training(event))
    }
}

impl State {
    fn update(&mut self, stage: &'static str, unit: &str, [done, total]: [usize; 2], text: &str) {
        self.bar(stage, unit).update(done, total, text);
    }

    /// The bar of a stage; that of another gives way, as a search does while a trial embeds.
    fn bar(&mut self, stage: &'static str, unit: &str) -> &mut Progress {
        if self.bar.as_ref().is_some_and(|bar| bar.stage() != stage) {
            self.bar = None;
        }
        self.bar.get_or_insert_with(|| Progress::new(stage, unit))
    }

    fn finish(&mut self, result: &str) {
        if let Some(bar) = self.bar.take() {
            bar.finish(result);
        }
    }

    fn inspected(&mut self, inspection: &Inspection) {
        self.bar
            .get_or_insert_with(|| Progress::new("inspect", "patches"));
        let (patches, problems) = (inspection.patches, inspection.problems.len());
        self.finish(&format!("{patches} patches, {problems} problems"));
    }

    fn fetching(&mut self, name: &str, received: u64, total: u64) {
        if self.bar.is_none() {
            note(&format!("fetching {name}"));
        }
        self.update("fetch", "bytes", [received, total].map(small), "");
    }

    fn trials(&mut self, [ended, total]: [usize; 2], best: &str) {
        self.update("search", "trials", [ended, total], best);
        if ended == total {
            self.finish(&format!("{total} trials, {best}"));
        }
    }

    fn training(&mut self, event: &Event) {
        match event {
            Event::Pulse => {}
            Event::Cost { .. } => tell::cost(event),
            Event::Precision { precision, effect } => tell::precision(*precision, effect),
            Event::Embedding { done, total } => {
                self.update("embed", "patches", [*done, *total], "");
            }
            Event::Embedded { found, computed } => {
                self.bar("embed", "patches");
                self.finish(&format!(
                    "{computed} embeddings computed, {found} found in the cache"
                ));
            }
            Event::Stained { fit } => tell::stain(fit),
            Event::Examined { findings } => {
                tell::findings(findings, self.policy.unwrap_or(DoctorPolicy::Leaks));
            }
            Event::Step { fold, done, total } => {
                self.update("train", "steps", [*done, *total], &format!("fold {fold}"));
            }
            Event::Solved { fold, record } => {
                self.ended += 1;
                self.update(
                    "train",
                    "heads",
                    [self.ended, self.folds],
                    &tell::strength(record),
                );
                tell::doubtful(*fold, record);
            }
            Event::Epoch { record, .. } => {
                self.ended += 1;
                let metric = record.val_metric;
                let metric = metric.map_or_else(String::new, |value| format!("{value:.4}"));
                self.update("train", "epochs", [self.ended, self.epochs], &metric);
            }
        }
    }
}

/// Prints the first problems with patches, each with what to do, and where all of them are.
pub fn list_problems(inspection: &Inspection) {
    let problems = &inspection.problems;
    let shown = problems.len().min(PROBLEMS_SHOWN);
    list_all(&problems[..shown]);
    let more = problems.len() - shown;
    if more > 0 {
        note(&format!(
            "  and {more} more: 'eosin inspect --data DIR --json' lists all"
        ));
    }
}

/// Prints problems with patches, each with what to do.
pub fn list_all(problems: &[Problem]) {
    for problem in problems {
        let Problem {
            key, message, fix, ..
        } = problem;
        // What a message names itself is not said before it, too.
        let named = message.starts_with(key.as_str())
            || (problem.path.ends_with(key.as_str()) && message.contains(problem.path.as_str()));
        if named {
            note(&format!("  {message}; {fix}"));
        } else {
            note(&format!("  {key}: {message}; {fix}"));
        }
    }
}

//! What a run writes as it happens.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Result, bail};
use eosin_core::{Flow, Watch, WatchError};
use eosin_store::{AppendLog, RunFolder, names};
use eosin_train::{Event, StainFit};

use crate::event::{RunEvent, WatchRun};
use crate::tensorboard::TensorBoard;
use crate::timings::Timings;

/// Writes `events.jsonl`, `doctor.json`, `precision.json`, `stain.json` and TensorBoard's files, takes the times,
/// and passes every event on.
pub(crate) struct RunLog<'a> {
    folder: &'a RunFolder,
    watch: &'a dyn WatchRun,
    begun: Instant,
    state: Mutex<State>,
}

struct State {
    log: AppendLog,
    board: Option<TensorBoard>,
    embed_secs: f64,
}

impl<'a> RunLog<'a> {
    /// Writes into `folder`.
    pub(crate) fn new(
        folder: &'a RunFolder,
        board: Option<TensorBoard>,
        watch: &'a dyn WatchRun,
    ) -> Result<Self> {
        Ok(Self {
            folder,
            watch,
            begun: Instant::now(),
            state: Mutex::new(State {
                log: folder.event_log()?,
                board,
                embed_secs: 0.0,
            }),
        })
    }

    /// How long embedding and training took.
    pub(crate) fn finish(self) -> Timings {
        let state = self.state.into_inner();
        let embed_secs = state.unwrap_or_else(PoisonError::into_inner).embed_secs;
        Timings {
            embed_secs,
            train_secs: self.begun.elapsed().as_secs_f64() - embed_secs,
            total_secs: 0.0,
        }
    }

    fn write(&self, event: &Event) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Precision { effect, .. } => self.folder.write_json(names::PRECISION, effect)?,
            Event::Stained { fit } => {
                if self.folder.has(names::STAIN) {
                    refuse_other_stain(self.folder, fit)?;
                }
                self.folder.write_json(names::STAIN, fit)?;
                state.log.append(event)?;
            }
            Event::Examined { findings } => self.folder.write_json(names::DOCTOR, findings)?,
            Event::Embedded { .. } => state.embed_secs = self.begun.elapsed().as_secs_f64(),
            Event::Epoch { fold, record } => {
                state.log.append(event)?;
                if let Some(board) = &mut state.board {
                    board.epoch(*fold, record)?;
                }
            }
            Event::Solved { .. } => state.log.append(event)?,
            Event::Cost { .. } | Event::Embedding { .. } | Event::Step { .. } | Event::Pulse => {}
        }
        Ok(())
    }
}

impl Watch<Event> for RunLog<'_> {
    fn event(&self, event: &Event) -> Result<Flow, WatchError> {
        if !matches!(event, Event::Pulse) {
            self.write(event)?;
        }
        self.watch.event(&RunEvent::Training(event))
    }
}

/// What a run goes on with must be stained as what it began with.
fn refuse_other_stain(folder: &RunFolder, fit: &StainFit) -> Result<()> {
    let begun: StainFit = folder.read_json(names::STAIN)?;
    if begun.stain == fit.stain {
        return Ok(());
    }
    bail!(
        "what patches are made like in stain ({}) is no longer what the run began with ({}, {} has it); \
         restore it, or begin a new run",
        fit.made_like,
        begun.made_like,
        folder.path(names::STAIN).display()
    )
}

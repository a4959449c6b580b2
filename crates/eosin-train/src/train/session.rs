//! What every training needs beside its subject: a place for checkpoints and somebody to tell.

use std::sync::atomic::{AtomicBool, Ordering};

use eosin_core::{Flow, Watch};

use crate::checkpoint::keeper::Keeper;
use crate::error::TrainError;
use crate::event::Event;

/// One sitting of a training: it can be watched, stopped, left and gone on with.
pub struct Session<'a> {
    /// Where its state is kept.
    pub keeper: Keeper<'a>,
    watch: &'a dyn Watch<Event>,
    stopped: AtomicBool,
}

impl<'a> Session<'a> {
    /// A training that `watch` hears of.
    pub const fn new(keeper: Keeper<'a>, watch: &'a dyn Watch<Event>) -> Self {
        Self {
            keeper,
            watch,
            stopped: AtomicBool::new(false),
        }
    }

    /// Tells of `event`, from any thread; the answer is remembered.
    ///
    /// # Errors
    /// When the watcher fails.
    pub fn tell(&self, event: &Event) -> Result<Flow, TrainError> {
        let flow = self.watch.event(event).map_err(TrainError::Watch)?;
        if flow == Flow::Stop {
            self.stopped.store(true, Ordering::Relaxed);
        }
        Ok(self.flow())
    }

    /// As [`tell`](Self::tell), where stopping loses nothing.
    ///
    /// # Errors
    /// When the watcher fails, or wants the work to stop.
    pub fn tell_or_stop(&self, event: &Event) -> Result<(), TrainError> {
        match self.tell(event)? {
            Flow::GoOn => Ok(()),
            Flow::Stop => Err(TrainError::Interrupted),
        }
    }

    /// Whether to go on, as far as has been told.
    pub fn flow(&self) -> Flow {
        if self.stopped.load(Ordering::Relaxed) {
            Flow::Stop
        } else {
            Flow::GoOn
        }
    }
}

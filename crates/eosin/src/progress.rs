//! Progress on stderr: a bar on a terminal, plain lines elsewhere.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use eosin_run::duration;

use crate::output::note;

/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// The progress of one stage.
pub struct Progress {
    bar: ProgressBar,
    stage: &'static str,
    begun: Instant,
    last_line: Instant,
    first: Option<usize>,
}

impl Progress {
    /// A stage called `stage`, counting `unit`s.
    ///
    /// # Panics
    /// Never: the template is constant.
    pub fn new(stage: &'static str, unit: &str) -> Self {
        let template = format!(
            "{{prefix:>9}} {{bar:30}} {{human_pos}}/{{human_len}} {unit}  {{per_sec}}  {{eta}} left  {{msg}}"
        );
        let style = ProgressStyle::with_template(&template).expect("the template is constant");
        // Hidden when stderr is no terminal.
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr())
            .with_style(style)
            .with_prefix(stage);
        let now = Instant::now();
        Self {
            bar,
            stage,
            begun: now,
            last_line: now,
            first: None,
        }
    }

    /// What the stage is called.
    pub const fn stage(&self) -> &'static str {
        self.stage
    }

    /// `done` of `total` are done; `message` is shown behind.
    pub fn update(&mut self, done: usize, total: usize, message: &str) {
        self.bar.set_length(total as u64);
        let first = *self.first.get_or_insert_with(|| {
            // What was there at the start does not count towards the rate.
            self.bar.set_position(done as u64);
            self.bar.reset_eta();
            done
        });
        self.bar.set_position(done as u64);
        self.bar.set_message(message.to_owned());
        if self.bar.is_hidden() && self.last_line.elapsed() >= LINE_EVERY && done > first {
            self.last_line = Instant::now();
            let rate = (done - first) as f64 / self.begun.elapsed().as_secs_f64();
            let left = duration((total - done) as f64 / rate);
            let stage = self.stage;
            note(&format!(
                "{stage}: {done}/{total}, {rate:.0}/s, {left} left {message}"
            ));
        }
    }

    /// The stage is over; `result` says what came of it.
    pub fn finish(self, result: &str) {
        self.bar.finish_and_clear();
        let spent = duration(self.begun.elapsed().as_secs_f64());
        note(&format!("{:>9}  {result}  ({spent})", self.stage));
    }
}

/// A count as bars take it.
pub fn small(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// Does `work`, which may tell its progress (done, in all) from any thread, and gives the stage
/// back to be finished.
pub fn watch_threads<T>(
    stage: &'static str,
    unit: &str,
    work: impl FnOnce(&(dyn Fn(u64, u64) + Sync)) -> T,
) -> (T, Progress) {
    let progress = Mutex::new(Progress::new(stage, unit));
    let result = work(&|done, total| {
        if let Ok(mut progress) = progress.try_lock() {
            progress.update(small(done), small(total), "");
        }
    });
    (
        result,
        progress
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner),
    )
}

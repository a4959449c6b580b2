//! Hearing of long work, and ending it.

/// Whether work goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It goes on.
    GoOn,
    /// It ends in order, as soon as it can.
    Stop,
}

/// What a watcher failed with.
pub type WatchError = Box<dyn std::error::Error + Send + Sync>;

/// Whoever watches work: a bar, a log, a server, a signal handler. It is told of every event `E`,
/// from any thread, and its failure is the work's.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use eosin_core::{Flow, Watch, WatchError};
///
/// struct AtMost(usize, AtomicUsize);
/// impl Watch<str> for AtMost {
///     fn event(&self, _step: &str) -> Result<Flow, WatchError> {
///         let before = self.1.fetch_add(1, Ordering::Relaxed);
///         Ok(if before + 1 < self.0 { Flow::GoOn } else { Flow::Stop })
///     }
/// }
/// let watch = AtMost(2, AtomicUsize::new(0));
/// assert_eq!(watch.event("first").unwrap(), Flow::GoOn);
/// assert_eq!(watch.event("second").unwrap(), Flow::Stop);
/// ```
pub trait Watch<E: ?Sized>: Sync {
    /// Hears of `event` and says whether to go on.
    ///
    /// # Errors
    /// Whatever keeps the watcher from its own work, such as a full disk.
    fn event(&self, event: &E) -> Result<Flow, WatchError>;
}

/// Nobody: work goes on to its end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl<E: ?Sized> Watch<E> for Unwatched {
    fn event(&self, _event: &E) -> Result<Flow, WatchError> {
        Ok(Flow::GoOn)
    }
}

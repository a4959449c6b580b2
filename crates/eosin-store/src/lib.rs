//! What eosin keeps on disk: the folder of a run, and the cache of embeddings.
//!
//! Every file is either replaced whole ([`write_atomic`]), or grows at its end in units that say
//! of themselves whether they are complete: lines ([`AppendLog`]) and checksummed records
//! ([`cache`]). [`Checkpoints`] hold the state of a training. A process killed at any moment leaves files that the next one can use.

pub mod atomic;
pub mod cache;
pub mod checkpoints;
pub mod error;
pub mod log;
pub mod names;
pub mod record;
mod run_claim;
pub mod run_folder;

pub use atomic::{write_atomic, write_atomic_with};
pub use cache::{Cache, CacheError, Entry, Reader, Recipe};
pub use checkpoints::{Checkpoints, LoadedCheckpoint};
pub use error::{FileError, RunError};
pub use log::{AppendLog, read_log};
pub use record::{Normalisation, RunRecord};
pub use run_folder::{Existing, RunFolder};

//! What eosin keeps on disk: the folder of a run, the cache of embeddings, and folders that several
//! processes share.
//!
//! Every file is either replaced whole ([`write_atomic`]), or grows at its end in units that say
//! of themselves whether they are complete: lines ([`AppendLog`]), lines that hold each other
//! ([`CheckedLog`]) and checksummed records ([`cache`]). [`Checkpoints`] hold the state of a training.
//! A process killed at any moment leaves files that the next one can use.
//! Work that several processes do together is claimed without locks ([`shared`]).
//!
//! ```
//! use eosin_store::{Existing, RunFolder, names};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let run = RunFolder::create(folder.path().join("run"), Existing::Refuse)?;
//! run.write_json(names::METRICS, &vec![0.5, 0.25])?;
//! // One writer at a time, and nothing is replaced unasked.
//! assert!(RunFolder::create(run.dir(), Existing::Resume).is_err());
//! assert_eq!(run.read_json::<Vec<f64>>(names::METRICS)?, [0.5, 0.25]);
//! # Ok(())
//! # }
//! ```

mod atomic;
pub mod cache;
mod checked_log;
mod checkpoints;
mod decision_record;
mod error;
mod log;
pub mod names;
mod record;
mod replaced;
mod run_claim;
mod run_folder;
pub mod shared;
mod start_record;
pub mod weights;

pub use atomic::{write_atomic, write_atomic_with};
pub use cache::{Cache, CacheError, Entry, Reader, Recipe};
pub use checked_log::{CheckedLog, CheckedLogError, read_checked_log};
pub use checkpoints::{Checkpoints, LoadedCheckpoint};
pub use decision_record::{DecisionRecord, ThresholdRecord};
pub use error::{FileError, RunError};
pub use log::{AppendLog, read_log};
pub use names::FoldFile;
pub use record::{OtherSize, RunRecord, StainRecord};
pub use run_folder::{Existing, RunFolder};
pub use start_record::{
    EmbeddingsRecord, EnsembleRecord, KeysRecord, MemberRecord, NetworkRecord, StartRecord,
};
pub use weights::WeightStore;

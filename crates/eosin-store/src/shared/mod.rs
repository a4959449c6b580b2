//! Folders that several processes work in at once, on one machine or many, without locks.
//!
//! Work is divided into named units. A process takes one by a claim ([`Claims`]): a file that it
//! makes and nobody else can. What it finds it writes into a file of its own, line by line, each with
//! a checksum ([`OwnLog`]); everybody reads the files of all ([`SharedLog`]). A unit is done when a
//! whole line says so. Who dies leaves a claim, and at worst half a line, which is never read: the
//! next process that finds it dead takes the unit over, by another file that only one can make.
//!
//! A folder may show the writes of other machines late. Then a unit may be computed twice, by one
//! process for each claim of it; which of them counts is for the reader to say by the claim's number.
//!
//! ```
//! use std::time::Duration;
//! use eosin_store::shared::{Claims, DirectView, OwnLog, SharedLog, Worker};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let [me, other] = [Worker::new(), Worker::new()];
//! let grace = Duration::from_secs(60);
//! let mine = Claims::open(folder.path(), me.clone(), grace, DirectView)?;
//! let others = Claims::open(folder.path(), other, grace, DirectView)?;
//! assert!(mine.claim("slide-7")?.is_some());
//! assert!(others.claim("slide-7")?.is_none());
//!
//! OwnLog::new(folder.path(), &me).append(&("slide-7", 0.25))?;
//! let all = SharedLog::<(String, f64)>::new(folder.path(), DirectView).refresh()?;
//! assert_eq!(all, [("slide-7".to_owned(), 0.25)]);
//! # Ok(())
//! # }
//! ```

mod claims;
mod error;
mod heart;
mod line;
mod own_log;
mod shared_log;
mod view;
mod worker;

pub use claims::{Claim, Claims};
pub use error::SharedError;
pub use own_log::OwnLog;
pub use shared_log::SharedLog;
pub use view::{DirectView, View};
pub use worker::{Life, Worker};

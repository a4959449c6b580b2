//! The embedding cache: each view of an image has one embedding, computed once and read for ever.
//!
//! A folder holds one *entry* per [`Recipe`], that is per combination of everything a value
//! depends on besides the image; its name is the recipe's hash. Within an entry, `records.bin`
//! holds one checksummed record per view, found by the hash of the image's bytes and the view. Nothing is ever
//! looked up by a path or a time stamp, so a changed ingredient cannot meet a stale value.
//!
//! Locks, all advisory and released by the operating system when a process ends:
//!
//! | file | shared by | exclusive for |
//! |---|---|---|
//! | `cache.lock` | - | opening an entry, evicting entries |
//! | `<entry>/use.lock` | every live [`Entry`] and [`Reader`] | evicting that entry (tried, never waited for) |
//! | `ledger.lock` | - | appending to the [`Ledger`] |
//! | `<entry>/write.lock` | verification | appending a batch |

mod entry;
mod error;
mod evict;
mod folder;
mod format;
mod ledger;
pub(crate) mod lock;
mod open;
mod place;
mod reader;
mod recipe;
mod scan;
mod survey;

pub use entry::Entry;
pub use error::CacheError;
pub use evict::{Evicted, Prune};
pub use folder::{Cache, default_cache_dir};
pub use format::round_as_stored;
pub use ledger::Ledger;
pub use reader::{EmbeddingRow, Reader};
pub use recipe::{ImageHash, Recipe, ViewKey, hex, image_hash};
pub use survey::{EntryInfo, VerifyReport};

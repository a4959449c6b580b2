//! Searching configurations: a study is a folder that several processes work in at once.
//!
//! | file | holds |
//! |---|---|
//! | `study.json` | what is searched: the base, the space, data and folds by their hashes; never changed |
//! | `claims/N.C` | who took trial N; C counts how often it was taken over from the dead |
//! | `beats/` | heartbeats of the processes |
//! | `found/*.jsonl` | what each process found, in its own file, a line an event, with a checksum |
//! | `winner.toml` | the configuration of the best trial |
//! | `held_out.json` | what it came to on patches that no trial saw, where some were held out |
//!
//! A trial is a run that keeps less: its configuration is the base's with the values of the trial's
//! assignment, on the same patches and folds. See [`eosin_search`] for what is tried next and
//! [`eosin_store::shared`] for how processes share the folder.

mod args;
mod columns;
mod default_space;
mod evaluator;
mod findings;
mod hold_out;
mod honest;
mod journal;
mod keys;
mod outcome;
mod pruning;
mod record;
mod replay;
mod seen;
mod study;
mod trials;
mod work;

pub use args::{Prune, SearchArgs};
pub use findings::{ChangedKey, SearchFindings, TrialRow, findings};
pub use hold_out::HeldOut;
pub use honest::HonestScore;
pub use journal::export_journal;
pub use outcome::{Outcome, Score};
pub use record::StudyRecord;
pub use replay::{Replayed, replay};
pub use work::{Searched, search};

//! A run over HTTP.
//!
//! [`serve`] listens, and answers for a [`ServedRun`] until it is told to stop: images in, probabilities out, the
//! same as `eosin predict` gives, bit by bit. Requests that wait are predicted together (`batches.rs`); what waits is
//! bounded, and whoever comes too late is told when to come again. Uploads are strangers' data: how many there are,
//! how large, how slow and how deep is bounded in `limits.rs`, and who may ask is decided in `guard.rs`.
//!
//! ```
//! use eosin_serve::Limits;
//!
//! let limits = Limits::default();
//! assert!(limits.body_bytes < limits.all_bytes);
//! ```

mod answers;
mod batches;
mod claims;
mod guard;
mod limits;
mod numbers;
mod openapi;
mod pages;
mod routes;
mod served_run;
mod server;
mod uploads;

pub use guard::{Guard, GuardError};
pub use limits::Limits;
pub use served_run::ServedRun;
pub use server::{Listening, serve};

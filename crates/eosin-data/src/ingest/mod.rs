//! From a folder or a CSV file to a [`Manifest`](crate::Manifest).

mod check;
mod datathon;
mod detect;
mod error;
mod folders;
mod table;
mod walk;

pub use detect::{IngestOptions, read_manifest};
pub use error::IngestError;

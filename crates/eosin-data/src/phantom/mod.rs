//! Synthetic H&E-like patches, for demonstrations and tests.

mod error;
mod noise;
mod nuclei;
mod options;
mod patch;
mod stain;
mod tissue;
mod write;

pub use error::PhantomError;
pub use options::{PhantomOptions, PhantomPosition, PhantomSummary};
pub use patch::{phantom_patch, phantom_stains};
pub use write::write_phantom;

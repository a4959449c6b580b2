//! The words every other crate shares: symmetries, seeds, splits and the resolved configuration.
//!
//! Nothing here reads a file or holds a tensor. A run begins as a [`config::Config`] parsed once
//! into checked types, every random draw comes from a [`Seed`] sub-stream that is named after what
//! it is for, and the eight symmetries of the square ([`D4`]) are the algebra that the embedding
//! cache rests on.

pub mod choice;
pub mod config;
pub mod d4;
pub mod model;
pub mod seed;
pub mod split;
pub mod task;

pub use config::Config;
pub use d4::D4;
pub use model::BackboneName;
pub use seed::{Rng, Seed, Stream};
pub use split::Split;

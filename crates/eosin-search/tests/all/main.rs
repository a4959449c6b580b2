//! The crate from outside.

mod goldens;
mod searching;
mod spaces;

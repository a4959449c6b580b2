//! The words every other crate shares: symmetries, seeds, splits and the resolved configuration.
//!
//! Nothing here reads a file or holds a tensor. A run begins as a [`config::Config`] parsed once
//! into checked types, every random draw comes from a [`Seed`] sub-stream that is named after what
//! it is for, and the eight symmetries of the square ([`D4`]) are the algebra that the embedding
//! cache rests on.
//!
//! ```
//! use eosin_core::{Config, D4, Seed, Stream};
//!
//! let config = Config::from_toml("seed = 7\n[train]\nepochs = 3\n")?;
//! assert_eq!((config.seed, config.train.epochs), (Seed(7), 3));
//! // The same stream at the same place gives the same draws, whoever else has drawn.
//! let mut one = config.seed.stream(Stream::Shuffle, &[0, 2]);
//! let mut other = config.seed.stream(Stream::Shuffle, &[0, 2]);
//! assert_eq!(D4::ALL.len(), 8);
//! # use rand::RngExt as _;
//! assert_eq!(one.random::<u64>(), other.random::<u64>());
//! # Ok::<(), eosin_core::config::ConfigError>(())
//! ```

mod calibrator;
pub mod choice;
pub mod config;
mod cut;
pub mod d4;
mod fold;
pub mod layout;
pub mod model;
mod preprocess;
pub mod seed;
pub mod split;
pub mod task;
mod threshold_rule;
mod watch;
mod words;

pub use calibrator::{Calibrator, Knot, prob_of};
pub use config::Config;
pub use cut::Cut;
pub use d4::D4;
pub use fold::{FoldId, FoldIdError};
pub use layout::{FolderLayout, Layout, Level};
pub use model::BackboneName;
pub use preprocess::{Normalisation, Preprocess, Resize};
pub use seed::{Rng, Seed, Stream};
pub use split::Split;
pub use task::{Decision, Task, log_odds};
pub use threshold_rule::{CutRate, CutScore, ThresholdRule, ThresholdRuleError};
pub use watch::{Flow, Unwatched, Watch, WatchError};
pub use words::bytes_in_words;

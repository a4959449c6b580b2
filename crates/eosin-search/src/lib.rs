//! What to try next: spaces of configurations, and the ways to search them.
//!
//! A [`Space`] says which keys of the configuration are searched, and between which values. A
//! [`Method`] suggests an [`Assignment`] of values to keys from the trials that have been seen
//! ([`SeenTrial`]): by a grid, at random, or by tree-structured Parzen estimators ([`tpe`]) with the
//! defaults of Optuna 5. Trials that promise nothing are ended early by paired folds
//! ([`wilcoxon`]) or by epochs ([`halving`]), and [`importance`] says which keys mattered.
//!
//! Nothing here reads a file, trains or asks for the time: what is suggested follows from the space,
//! the random stream and the trials seen, and from nothing else.
//!
//! ```
//! use eosin_core::{Seed, Stream};
//! use eosin_search::{Goal, History, Method, Space};
//!
//! let space = Space::from_toml("[train]\nstrength = { float = [1e-4, 1.0], log = true }")?;
//! let mut rng = Seed(7).stream(Stream::Trial, &[0]);
//! let history = History { trials: Vec::new(), goal: Goal::Maximise };
//! let first = Method::Tpe.suggest(&space, &history, 0, &mut rng)?;
//! assert!(first.contains_key("train.strength"));
//! # Ok::<(), eosin_search::SpaceError>(())
//! ```

mod domain;
mod error;
mod grid;
pub mod halving;
mod history;
pub mod importance;
mod method;
mod normal;
mod random;
mod read;
mod space;
pub mod tpe;
mod value;
mod whole;
pub mod wilcoxon;

pub use domain::{Domain, Scale};
pub use error::SpaceError;
pub use grid::grid;
pub use history::{Goal, History, SeenTrial};
pub use method::Method;
pub use random::suggest as suggest_at_random;
pub use space::{Condition, Parameter, Space};
pub use value::{Assignment, Value};

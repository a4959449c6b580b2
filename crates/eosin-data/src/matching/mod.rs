//! Names in tables against names on disk, and labels against predictions: one way of matching.

mod keys;
mod rule;
mod table_names;

pub use keys::{Keys, MatchError, Matched, match_keys};
pub use rule::{By, Leniency, Rule};
pub(crate) use table_names::{NameMatcher, NoMatch};

//! Names in tables against names on disk, labels against predictions, patches against rows of
//! embeddings: one way of matching.

mod keys;
mod rows;
mod rule;
mod table_names;

pub use keys::{Keys, MatchError, Matched, match_keys};
pub use rows::match_rows;
pub use rule::{By, Leniency, Rule};
pub(crate) use table_names::{NameMatcher, NoMatch};

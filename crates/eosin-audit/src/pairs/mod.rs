//! Pairs of patches that show the same tissue.

mod found;
mod judged;
mod search;
mod ways;

pub use self::found::{Compared, Effort, FoundPair, PairKind, PairSearch, PairsFound, Pulse};
pub use self::search::find_pairs;

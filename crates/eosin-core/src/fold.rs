//! Which fold of which cross-validation.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One fold of one cross-validation, both counted from 0.
///
/// ```
/// use eosin_core::FoldId;
///
/// let fold: FoldId = "1.2".parse().unwrap();
/// assert_eq!((fold.repeat, fold.fold), (1, 2));
/// assert_eq!(FoldId::new(0, 2).to_string(), "2");
/// assert_eq!(FoldId::new(0, 2).stem(), "0.2");
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct FoldId {
    /// Which cross-validation.
    pub repeat: usize,
    /// Which fold of it.
    pub fold: usize,
}

impl FoldId {
    /// Fold `fold` of cross-validation `repeat`.
    pub const fn new(repeat: usize, fold: usize) -> Self {
        Self { repeat, fold }
    }

    /// What files of the fold are called: always `<repeat>.<fold>`.
    pub fn stem(self) -> String {
        format!("{}.{}", self.repeat, self.fold)
    }
}

/// `2`, or `1.2` for fold 2 of repeat 1.
impl fmt::Display for FoldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.repeat > 0 {
            write!(f, "{}.", self.repeat)?;
        }
        write!(f, "{}", self.fold)
    }
}

/// A word that names no fold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no fold; write its number, or REPEAT.FOLD when the cross-validation was repeated"
)]
pub struct FoldIdError(String);

impl FromStr for FoldId {
    type Err = FoldIdError;

    fn from_str(word: &str) -> Result<Self, FoldIdError> {
        let (repeat, fold) = word.split_once('.').unwrap_or(("0", word));
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten()
        };
        match (number(repeat), number(fold)) {
            (Some(repeat), Some(fold)) => Ok(Self { repeat, fold }),
            _ => Err(FoldIdError(word.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_stems_parse_back() {
        for id in [FoldId::new(0, 0), FoldId::new(0, 12), FoldId::new(3, 1)] {
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(id.stem().parse(), Ok(id));
        }
        for word in ["", ".", "1.", ".2", "-1", "+1", "a", "1.2.3", "best"] {
            assert!(word.parse::<FoldId>().is_err(), "{word}");
        }
    }
}

//! `McNemar`'s test.

use serde::{Deserialize, Serialize};

use crate::distribution::coin_cdf;

/// What `McNemar`'s exact test says of two models' decisions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// Rows that the base gets right and the other wrong.
    pub lost: u64,
    /// Rows that the other gets right and the base wrong.
    pub won: u64,
    /// The chance of a split at least as uneven where either is as likely.
    pub p: f64,
}

/// `McNemar`'s exact test, `min(1, 2 P(X <= min(lost, won)))` for `X` binomial over both at one half: 1
/// when there are none. It takes rows for independent. Reference: statsmodels `mcnemar(exact=True)`.
///
/// # Panics
/// When the lengths differ.
pub fn mcnemar(base_right: &[bool], other_right: &[bool]) -> McNemar {
    assert_eq!(base_right.len(), other_right.len(), "the same rows");
    let pairs = || base_right.iter().zip(other_right);
    let lost = pairs().filter(|(base, other)| **base && !**other).count() as u64;
    let won = pairs().filter(|(base, other)| !**base && **other).count() as u64;
    McNemar {
        lost,
        won,
        p: exact_p(lost, won),
    }
}

/// See [`mcnemar`].
pub(crate) fn exact_p(lost: u64, won: u64) -> f64 {
    (2.0 * coin_cdf(lost.min(won), lost + won)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_against_none_is_the_least_that_tells() {
        assert!((exact_p(0, 6) - 0.03125).abs() < 1e-15);
        assert!((exact_p(0, 5) - 0.0625).abs() < 1e-15);
        assert!((exact_p(0, 0) - 1.0).abs() < 1e-15);
        assert!((exact_p(3, 3) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn lost_and_won_are_from_the_bases_side() {
        let found = mcnemar(&[true, true, false, true], &[true, false, true, false]);
        assert_eq!((found.lost, found.won), (2, 1));
    }
}

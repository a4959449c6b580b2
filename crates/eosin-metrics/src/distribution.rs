//! The distributions that tests refer to.

use std::f64::consts::SQRT_2;

use statrs::function::beta::beta_reg;
use statrs::function::erf::{erfc, erfc_inv};

use crate::interval::Z_95;

/// The share of the standard normal below `x`.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x / SQRT_2)
}

/// The value below which the share `p` of the standard normal lies, infinite at 0 and 1.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    -SQRT_2 * erfc_inv(2.0 * p)
}

/// The share of Student's t with `df` degrees of freedom, more than 0, beyond `size` on both sides.
fn t_beyond(size: f64, df: f64) -> f64 {
    beta_reg(df / 2.0, 0.5, df / (df + size * size))
}

/// What a standardised estimate is distributed like where nothing is to be found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reference {
    /// The standard normal.
    Normal,
    /// Student's t.
    T {
        /// Its degrees of freedom, more than 0.
        df: f64,
    },
}

impl Reference {
    /// Student's t of a variance that so many groups give, one less.
    pub(crate) fn of_groups(groups: usize) -> Self {
        Self::T {
            df: groups.saturating_sub(1).max(1) as f64,
        }
    }

    /// Student's t of a variance that is made of the sums of groups, which are to have a mean of about 0.
    ///
    /// The variance of `n` normal values has `n - 1` degrees of freedom. It is itself less certain where
    /// a few groups make up most of it, `2 / (n - 1) + k / n` times its square for an excess kurtosis
    /// `k`, so the degrees of freedom that are worth as much are `2 / (2 / (n - 1) + k / n)`; a kurtosis
    /// below the normal's is taken for that (Box, Biometrika 1953).
    pub(crate) fn of_sums(sums: impl Iterator<Item = f64>) -> Self {
        let (mut count, mut squares, mut fourths) = (0.0, 0.0, 0.0);
        for sum in sums {
            count += 1.0;
            squares += sum * sum;
            fourths += sum.powi(4);
        }
        let kurtosis = if squares > 0.0 {
            (count * fourths / (squares * squares) - 3.0).max(0.0)
        } else {
            0.0
        };
        Self::T {
            df: 2.0 / (2.0 / (count - 1.0_f64).max(1.0) + kurtosis / f64::max(count, 1.0)),
        }
    }

    /// Degrees of freedom; `None` of the normal.
    pub const fn df(self) -> Option<f64> {
        match self {
            Self::Normal => None,
            Self::T { df } => Some(df),
        }
    }

    /// The one with fewer degrees of freedom.
    pub(crate) fn wider(self, other: Self) -> Self {
        match (self.df(), other.df()) {
            (Some(own), Some(others)) if others < own => other,
            (None, Some(_)) => other,
            _ => self,
        }
    }

    /// The chance of a value at least as far from 0 as `statistic`.
    pub fn two_sided_p(self, statistic: f64) -> f64 {
        let size = statistic.abs();
        match self {
            Self::Normal => erfc(size / SQRT_2),
            Self::T { df } => t_beyond(size, df),
        }
    }

    /// The value that a share of 0.025 lies above.
    pub fn quantile_95(self) -> f64 {
        match self {
            Self::Normal => Z_95,
            Self::T { df } => t_quantile_95(df),
        }
    }
}

/// By halving: the share beyond falls with the size, and a few calls a table cost nothing.
fn t_quantile_95(df: f64) -> f64 {
    let (mut low, mut high) = (1.0, 2.0);
    while t_beyond(high, df) > 0.05 {
        (low, high) = (high, high * 2.0);
    }
    while high - low > 1e-13 * high {
        let middle = f64::midpoint(low, high);
        if t_beyond(middle, df) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
        if middle <= low && middle >= high {
            break;
        }
    }
    f64::midpoint(low, high)
}

/// The chance of at most `hits` heads in `trials` throws of a fair coin.
pub(crate) fn coin_cdf(hits: u64, trials: u64) -> f64 {
    if hits >= trials {
        return 1.0;
    }
    beta_reg((trials - hits) as f64, (hits + 1) as f64, 0.5)
}

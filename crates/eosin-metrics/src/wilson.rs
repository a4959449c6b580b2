//! Wilson's score interval.

use crate::interval::{Interval, Z_95};

/// Wilson's 95 % score interval of a proportion of `successes` in `trials`, with `p` the proportion
/// and `z` the normal quantile:
///
/// `(p + z^2/2n -+ z sqrt(p (1 - p) / n + z^2/4n^2)) / (1 + z^2/n)`
///
/// Within 0 to 1 and of positive width at 0 and 1 too, where a Wald interval collapses. Undefined
/// without trials. No continuity correction. Source: Wilson, JASA 1927. Reference:
/// `scipy.stats.binomtest(...).proportion_ci(method="wilson")`.
pub fn wilson(successes: u64, trials: u64) -> Option<Interval> {
    if trials == 0 || successes > trials {
        return None;
    }
    let p = successes as f64 / trials as f64;
    Some(score_interval(p, trials as f64, Z_95))
}

/// The score interval of a proportion `p` of `n` trials, which need not be a whole number, at the
/// normal's (or another's) quantile.
pub(crate) fn score_interval(p: f64, n: f64, quantile: f64) -> Interval {
    let squared = quantile * quantile;
    let centre = p + squared / (2.0 * n);
    let half = quantile * (p * (1.0 - p) / n + squared / (4.0 * n * n)).sqrt();
    let scale = 1.0 + squared / n;
    Interval {
        ci_low: if p <= 0.0 {
            0.0
        } else {
            (centre - half) / scale
        },
        ci_high: if p >= 1.0 {
            1.0
        } else {
            (centre + half) / scale
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_trials_leave_the_interval_undefined() {
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn extreme_proportions_keep_a_width() {
        let all = wilson(20, 20).unwrap();
        assert!(all.ci_low < 0.9 && all.ci_high >= 1.0, "{all:?}");
        let none = wilson(0, 20).unwrap();
        assert!(none.ci_low <= 0.0 && none.ci_high > 0.1, "{none:?}");
    }
}

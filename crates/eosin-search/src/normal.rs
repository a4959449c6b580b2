//! The normal distribution and pieces of it, by logarithms: tails stay exact where probabilities
//! would be rounded to nothing.

use std::f64::consts::{PI, SQRT_2};

/// `ln` of the probability of a value below `x`.
pub fn log_cdf(x: f64) -> f64 {
    if x > 6.0 {
        return -upper_tail(x);
    }
    if x > -20.0 {
        return (0.5 * libm::erfc(-x / SQRT_2)).ln();
    }
    // The asymptotic series of Mills' ratio, up to its smallest term.
    let (mut sum, mut term) = (1.0, 1.0);
    for index in 1..20 {
        let next: f64 = -term * f64::from(2 * index - 1) / (x * x);
        if next.abs() < f64::EPSILON || next.abs() > f64::abs(term) {
            break;
        }
        term = next;
        sum += term;
    }
    -0.5 * x * x - (-x).ln() - 0.5 * (2.0 * PI).ln() + sum.ln()
}

/// The probability of a value above `x`.
pub fn upper_tail(x: f64) -> f64 {
    0.5 * libm::erfc(x / SQRT_2)
}

/// `ln` of the density at `x`.
pub fn log_density(x: f64) -> f64 {
    -0.5 * x * x - 0.5 * (2.0 * PI).ln()
}

/// `ln` of the probability of a value between two.
pub fn log_mass(low: f64, high: f64) -> f64 {
    if high <= 0.0 {
        log_difference(log_cdf(high), log_cdf(low))
    } else if low > 0.0 {
        log_difference(log_cdf(-low), log_cdf(-high))
    } else {
        (-upper_tail(-low) - upper_tail(high)).ln_1p()
    }
}

/// The value of a standard normal between `low` and `high` below which lies the share `share` of
/// such values: found by halving, to the last bit.
pub fn truncated_quantile(share: f64, low: f64, high: f64) -> f64 {
    let mass = log_mass(low, high);
    if low > 0.0 {
        // From the other tail, where probabilities are small and exact.
        let target = log_sum(log_cdf(-high), (-share).ln_1p() + mass);
        return -halve(target, -high, -low);
    }
    halve(log_sum(log_cdf(low), share.ln() + mass), low, high)
}

/// Where `log_cdf` is `target`.
fn halve(target: f64, mut low: f64, mut high: f64) -> f64 {
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle.clamp(low, high);
        }
        if log_cdf(middle) < target {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// `ln(exp(one) - exp(other))`
fn log_difference(one: f64, other: f64) -> f64 {
    one + (-(other - one).exp()).ln_1p()
}

/// `ln(exp(one) + exp(other))`
pub fn log_sum(one: f64, other: f64) -> f64 {
    let (more, less) = if one > other {
        (one, other)
    } else {
        (other, one)
    };
    if less == f64::NEG_INFINITY {
        return more;
    }
    more + (less - more).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_of_the_tail_continues_the_error_function() {
        let (above, below) = (log_cdf(-19.999_999), log_cdf(-20.000_001));
        let slope = (above - below) / 2e-6;
        // The derivative of ln Phi at -20 is about 20 + 1/20.
        assert!((slope - 20.0498).abs() < 1e-2, "{slope}");
    }

    #[test]
    fn quantiles_are_where_the_mass_below_is_the_share() {
        for (low, high) in [(-1.0, 2.0), (3.0, 4.0), (-30.0, -28.0), (25.0, 40.0)] {
            for share in [0.01, 0.5, 0.99] {
                let at = truncated_quantile(share, low, high);
                assert!((low..=high).contains(&at));
                let got = (log_mass(low, at) - log_mass(low, high)).exp();
                assert!((got - share).abs() < 1e-9, "{low} {high} {share}: {got}");
            }
        }
    }
}

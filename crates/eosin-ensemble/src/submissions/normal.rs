//! The standard normal distribution.

/// Beyond this all of it lies on one side, to the last digit.
const FAR: f64 = 8.0;
/// Steps of the integral for the largest of many draws.
const STEPS: i32 = 4000;

/// Its density.
pub(super) fn density(x: f64) -> f64 {
    (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// The share below `x`: `1/2 + density(x) (x + x^3/3 + x^5/(3 5) + ...)` (Marsaglia, J. Stat. Softw.
/// 2004), to about 1e-15.
pub(super) fn below(x: f64) -> f64 {
    if x.abs() > FAR {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut sum, mut term, mut next) = (x, x, 1.0);
    loop {
        next += 2.0;
        term *= x * x / next;
        let more = sum + term;
        if more.to_bits() == sum.to_bits() {
            return 0.5 + sum * density(x);
        }
        sum = more;
    }
}

/// What the largest of `count` independent draws is on average:
/// `integral of x count density(x) below(x)^(count - 1)`, by the trapezoidal rule.
pub(super) fn largest_of(count: usize) -> f64 {
    let step = 2.0 * FAR / f64::from(STEPS);
    let n = count as f64;
    let at = |place: i32| {
        let x = f64::from(place) * step - FAR;
        x * n * density(x) * below(x).powf(n - 1.0)
    };
    (0..=STEPS).map(at).sum::<f64>() * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_tables() {
        for (x, share) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746_1),
            (-1.959_963_984_5, 0.025),
        ] {
            assert!((below(x) - share).abs() < 1e-10, "{x} {}", below(x));
        }
        assert!(below(-9.0) < 1e-15 && below(9.0) > 1.0 - 1e-15);
    }

    #[test]
    fn the_largest_of_some_draws_is_that_of_tables() {
        // Expected normal order statistics (Harter 1961).
        for (count, expected) in [(1, 0.0), (2, 0.564_19), (5, 1.162_96), (20, 1.867_48)] {
            assert!((largest_of(count) - expected).abs() < 1e-4, "{count}");
        }
    }
}

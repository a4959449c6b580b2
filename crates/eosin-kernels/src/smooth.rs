//! Smooth functions that the compiler can vectorise: no calls, no branches, no tables.

/// `exp(x)` within 2 units in the last place, for `x` clamped to ±87 (the range of normal `f32`).
///
/// Cody and Waite's reduction `x = n ln 2 + r` and the degree-6 polynomial of Cephes' `expf`
/// (Moshier 1989). A NaN stays NaN.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    /// 1.5 * 2^23: adding it rounds to an integer that then stands in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 87.0 { 87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * LN2_HIGH - n * LN2_LOW;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_199_9e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 0.5;
    let scale = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    (p * r * r + r + 1.0) * scale
}

/// `1 / (1 + exp(-x))`
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The error function within 4 units in the last place: the rational approximation of degree 13
/// over 8 on [-4, 4] that Eigen uses (`generic_fast_erf_float`).
#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
    let x = if x < -4.0 { -4.0 } else { x };
    let x = if x > 4.0 { 4.0 } else { x };
    let s = x * x;
    let mut p = -2.726_142_3e-10;
    p = p * s + 2.770_681_4e-8;
    p = p * s - 2.101_024e-6;
    p = p * s - 5.692_506_4e-5;
    p = p * s - 7.349_906_4e-4;
    p = p * s - 2.954_6e-3;
    p = p * s - 1.609_603_3e-2;
    let mut q = -1.456_607_2e-5;
    q = q * s - 2.133_740_5e-4;
    q = q * s - 1.682_827e-3;
    q = q * s - 7.373_329e-3;
    q = q * s - 1.426_473_9e-2;
    x * p / q
}

#[cfg(test)]
mod tests {
    use super::{erf, exp, sigmoid};

    fn grid(from: f32, to: f32) -> impl Iterator<Item = f32> {
        (0..=20_000).map(move |i| from + (to - from) * (i as f32 / 20_000.0))
    }

    #[test]
    fn the_exponential_is_exact_to_two_units_in_the_last_place() {
        for x in grid(-87.0, 87.0) {
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 2.4e-7, "exp({x}): relative error {error:e}");
        }
        assert!(exp(f32::NAN).is_nan());
        assert!((sigmoid(0.0) - 0.5).abs() < 1e-7);
        assert!(sigmoid(-1000.0) < 1e-37 && sigmoid(1000.0) > 0.999_999_9);
    }

    #[test]
    fn the_error_function_equals_its_series() {
        for x in grid(-5.0, 5.0) {
            let z = f64::from(x);
            // Maclaurin's series in f64 is exact to 1e-11 on this interval.
            let (mut term, mut sum) = (z, z);
            for n in 1..150_u32 {
                term *= -z * z / f64::from(n);
                sum += term / f64::from(2 * n + 1);
            }
            let exact = (sum * std::f64::consts::FRAC_2_SQRT_PI).clamp(-1.0, 1.0);
            assert!(
                (f64::from(erf(x)) - exact).abs() < 4e-7,
                "erf({x}) is {exact}, got {}",
                erf(x)
            );
        }
        assert!(erf(f32::NAN).is_nan());
    }
}

//! Student's distribution.

use eosin_metrics::Z_95;

/// The quantile for 2 to 9 degrees of freedom, as tables have it.
const FEW: [f64; 8] = [4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/// The 97.5 % quantile of Student's distribution; from 10 degrees of freedom on, to a thousandth, by
/// the expansion of Cornish and Fisher (Abramowitz & Stegun 26.7.5). `None` under 2.
pub(super) fn t_95(degrees: usize) -> Option<f64> {
    if let Some(quantile) = FEW.get(degrees.checked_sub(2)?) {
        return Some(*quantile);
    }
    let (z, n) = (Z_95, degrees as f64);
    let (z3, z5, z7) = (z.powi(3), z.powi(5), z.powi(7));
    let one = (z3 + z) / 4.0;
    let two = (5.0 * z5 + 16.0 * z3 + 3.0 * z) / 96.0;
    let three = (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / 384.0;
    Some(z + one / n + two / n.powi(2) + three / n.powi(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_tables() {
        let table = [(2, 4.303), (4, 2.776), (5, 2.571), (10, 2.228), (30, 2.042)];
        for (degrees, expected) in table {
            let found = t_95(degrees).unwrap();
            assert!((found - expected).abs() < 2e-3, "{degrees} {found}");
        }
        assert_eq!((t_95(0), t_95(1)), (None, None));
    }
}

//! How far a slice falls below what is expected of it.

/// Rows of a slice, those that were decided rightly, and how many were to be expected.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally {
    pub rows: f64,
    pub right: f64,
    pub expected: f64,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.right += other.right;
        self.expected += other.expected;
    }

    /// The deviance `n (m ln(m / e) + (1 - m) ln((1 - m) / (1 - e)))` of the share `m` that is right from the
    /// share `e` that was expected, 0 where it is not below: what a small and a large slice can be compared
    /// by, since one wrong row of two is less of a surprise than ten of twenty.
    pub(super) fn shortfall(self) -> f64 {
        if self.right >= self.expected || self.rows <= 0.0 {
            return 0.0;
        }
        let (m, e) = (self.right / self.rows, self.expected / self.rows);
        let part = |seen: f64, expected: f64| {
            if seen > 0.0 {
                seen * (seen / expected).ln()
            } else {
                0.0
            }
        };
        self.rows * (part(m, e) + part(1.0 - m, 1.0 - e)).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shortfall(rows: f64, right: f64, expected: f64) -> f64 {
        let tally = Tally {
            rows,
            right,
            expected,
        };
        tally.shortfall()
    }

    #[test]
    fn it_grows_with_size_and_is_nothing_where_nothing_is_missing() {
        assert!(shortfall(20.0, 10.0, 18.0) > 5.0 * shortfall(2.0, 1.0, 1.8));
        assert_eq!(shortfall(10.0, 9.0, 9.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(shortfall(10.0, 10.0, 9.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(shortfall(0.0, 0.0, 0.0).to_bits(), 0.0_f64.to_bits());
        // 3 ln(1 / 0.1)
        assert!((shortfall(3.0, 0.0, 2.7) - 3.0 * 10.0_f64.ln()).abs() < 1e-12);
    }
}

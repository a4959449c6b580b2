//! Several tests at once.

/// Holm's adjusted p-values: of `m` tests that are defined, sorted, the `i`-th (from 0) is
/// `max over j <= i of min(1, (m - j) p_j)`. Undefined ones stay so and do not count.
///
/// Source: Holm, Scandinavian Journal of Statistics 1979.
pub fn holm(ps: &[Option<f64>]) -> Vec<Option<f64>> {
    let defined = |at: &usize| ps[*at].is_some();
    let mut order: Vec<usize> = (0..ps.len()).filter(defined).collect();
    order.sort_by(|a, b| ps[*a].unwrap_or(1.0).total_cmp(&ps[*b].unwrap_or(1.0)));
    let mut adjusted = vec![None; ps.len()];
    let mut largest = 0.0_f64;
    for (rank, at) in order.iter().enumerate() {
        let tests = (order.len() - rank) as f64;
        let value = ps[*at].map(|p| (tests * p).min(1.0));
        largest = largest.max(value.unwrap_or(0.0));
        adjusted[*at] = Some(largest);
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_tests_do_not_count_and_order_is_kept() {
        let found = holm(&[Some(0.04), None, Some(0.01), Some(0.03)]);
        let expected = [Some(0.06), None, Some(0.03), Some(0.06)];
        for (found, expected) in found.iter().zip(expected) {
            match (found, expected) {
                (Some(a), Some(b)) => assert!((a - b).abs() < 1e-12),
                (a, b) => assert_eq!(*a, b),
            }
        }
        assert_eq!(holm(&[Some(0.9), Some(0.8)]), [Some(1.0), Some(1.0)]);
        assert!(holm(&[]).is_empty());
    }
}

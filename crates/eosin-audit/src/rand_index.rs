//! How well two ways of grouping agree.

use std::collections::BTreeMap;

/// Adjusted Rand index (Hubert & Arabie 1985): 1 for the same groups, 0 as for groups at random.
/// `None` where both put everything into one group or each by itself, or there are no items.
///
/// # Panics
/// When both are not of the same items.
pub fn adjusted_rand_index(one: &[usize], other: &[usize]) -> Option<f64> {
    assert_eq!(one.len(), other.len(), "the same items");
    let pairs = |count: usize| (count * count.saturating_sub(1)) as f64 / 2.0;
    let mut both: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let (mut ones, mut others) = (BTreeMap::new(), BTreeMap::new());
    for (a, b) in one.iter().zip(other) {
        *both.entry((*a, *b)).or_default() += 1;
        *ones.entry(*a).or_default() += 1;
        *others.entry(*b).or_default() += 1;
    }
    let sum = |counts: &BTreeMap<usize, usize>| counts.values().map(|n| pairs(*n)).sum::<f64>();
    let (together, first, second) = (
        both.values().map(|n| pairs(*n)).sum::<f64>(),
        sum(&ones),
        sum(&others),
    );
    let expected = first * second / pairs(one.len()).max(1.0);
    let most = f64::midpoint(first, second);
    (most > expected).then(|| (together - expected) / (most - expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_equal_scikit_learn() {
        let close = |a: Option<f64>, b: f64| assert!((a.unwrap() - b).abs() < 1e-12, "{a:?} {b}");
        close(adjusted_rand_index(&[0, 0, 1, 1], &[5, 5, 2, 2]), 1.0);
        // sklearn.metrics.adjusted_rand_score
        close(
            adjusted_rand_index(&[0, 0, 1, 2], &[0, 0, 1, 1]),
            0.571_428_571_428_571_4,
        );
        close(adjusted_rand_index(&[0, 0, 1, 1], &[0, 1, 0, 1]), -0.5);
        assert_eq!(adjusted_rand_index(&[0, 0], &[1, 1]), None);
    }
}

//! How far two lists agree in order.

/// Spearman's rank correlation of `a` and `b`, tied values sharing the mean of their ranks; `None` of fewer than two
/// values, or where all of one list are equal.
///
/// # Panics
/// When they are not equally long.
pub fn rank_correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    assert_eq!(a.len(), b.len(), "one value of each list for each row");
    let mean = (a.len() as f64 - 1.0) / 2.0;
    let ranks = [a, b].map(|values| {
        let ranks = midranks(values).into_iter().map(|rank| rank - mean);
        ranks.collect::<Vec<f64>>()
    });
    let product = |one: &[f64], other: &[f64]| {
        let products = one.iter().zip(other).map(|(one, other)| one * other);
        products.sum::<f64>()
    };
    let [of_a, of_b] = [0, 1].map(|at| product(&ranks[at], &ranks[at]));
    (of_a > 0.0 && of_b > 0.0).then(|| product(&ranks[0], &ranks[1]) / (of_a * of_b).sqrt())
}

/// The rank of each score, from 0 on, the mean of them where scores are equal.
pub(crate) fn midranks(scores: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let mut ranks = vec![0.0; scores.len()];
    let mut below = 0;
    #[expect(clippy::float_cmp, reason = "a tie is exact equality")]
    for tied in order.chunk_by(|a, b| scores[*a] == scores[*b]) {
        for row in tied {
            ranks[*row] = below as f64 + (tied.len() - 1) as f64 / 2.0;
        }
        below += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.spearmanr` 1.15.
    #[test]
    fn ties_share_ranks_as_in_scipy() {
        let a = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
        let b = [2.0, 7.0, 1.0, 8.0, 2.0, 8.0, 1.0, 8.0];
        let found = rank_correlation(&a, &b).unwrap();
        assert!((found - 0.198_853_681_209_924_67).abs() < 1e-12, "{found}");
        assert_eq!(rank_correlation(&a, &[1.0; 8]), None);
        assert_eq!(rank_correlation(&[], &[]), None);
    }
}

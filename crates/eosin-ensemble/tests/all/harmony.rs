//! How members go together.

use eosin_ensemble::{Labels, Pool, harmony};
use eosin_metrics::Metric;

use crate::support::Made;

/// Three members of four patches, of which members 0 and 1 are the same.
fn by_hand() -> Pool {
    let member = |second: [f32; 4]| second.iter().flat_map(|logit| [0.0, *logit]).collect();
    let members = vec![
        member([-1.0, 2.0, 1.0, 3.0]),
        member([-1.0, 2.0, 1.0, 3.0]),
        member([-1.0, -1.5, -0.4, 0.5]),
    ];
    let labels = Labels {
        targets: vec![0, 0, 1, 1],
        classes: 2,
        positive: 1,
        folds: vec![0, 1, 0, 1],
        groups: vec![0, 1, 2, 3],
    };
    Pool::new(members, labels).expect("members fit")
}

#[test]
fn matrices_and_shares_are_those_worked_by_hand() {
    let found = harmony(&by_hand(), &[0, 1, 2], Metric::Auroc).unwrap();
    // Members 0 and 1 err on the second patch, member 2 on the third.
    assert_eq!(found.disagreement[0], [0.0, 0.0, 0.5]);
    assert_eq!(found.double_fault[0], [0.25, 0.25, 0.0]);
    assert_eq!(found.q_statistic[0], [Some(1.0), Some(1.0), Some(-1.0)]);
    let correlation = found.error_correlation[0][2].unwrap();
    assert!((correlation + 1.0 / 3.0).abs() < 1e-12);
    assert_eq!(found.empty, Some(0.5));
    let scores: Vec<_> = found.shares.iter().map(|share| share.score).collect();
    assert_eq!(scores, [Some(0.75), Some(0.75), Some(1.0)]);
    // Members 0 and 1 have 0.75 together, with member 2 alone each has 1 (-2, 0.5, 0.6, 3.5), and all
    // have 0.75 (-3, 2.5, 1.6, 6.5).
    assert_eq!(found.together, Some(0.75));
    let loo: Vec<_> = found
        .shares
        .iter()
        .map(|share| share.leave_one_out)
        .collect();
    assert_eq!(loo, [Some(-0.25), Some(-0.25), Some(0.0)]);
    // Of members 0 and 1: a third of 0.25 alone, nothing after one other, a third of -0.25 after both.
    // Of member 2: a third of 0.5 alone, a third of 0.25 after one of the others, nothing after both.
    let expected = [0.0, 0.0, 0.5 / 3.0 + 0.25 / 3.0];
    for (share, expected) in found.shares.iter().zip(expected) {
        assert!(
            (share.shapley.unwrap() - expected).abs() < 1e-9,
            "{share:?}"
        );
    }
}

#[test]
fn shapley_values_sum_to_the_gain_of_all_whatever_the_metric() {
    let pool = Made::of(&[0.8, 0.5, 0.2, 0.0, 0.6]).pool(4);
    for metric in [
        Metric::Auroc,
        Metric::LogLoss,
        Metric::Brier,
        Metric::Accuracy,
    ] {
        let found = harmony(&pool, &[0, 2, 3, 4], metric).unwrap();
        let sum: f64 = found
            .shares
            .iter()
            .map(|share| share.shapley.unwrap())
            .sum();
        let gain = found.together.unwrap() - found.empty.unwrap();
        let gain = if metric.higher_is_better() {
            gain
        } else {
            -gain
        };
        assert!((sum - gain).abs() < 1e-9, "{metric} {sum} {gain}");
    }
}

#[test]
fn members_that_are_not_there_are_refused() {
    let pool = by_hand();
    let message = |subset: &[usize]| {
        harmony(&pool, subset, Metric::Auroc)
            .unwrap_err()
            .to_string()
    };
    let expected = "member 3 is not in the pool of 3, or is named twice";
    assert_eq!(message(&[0, 3]), expected);
    assert_eq!(message(&[]), "no member to combine; pass at least one");
}

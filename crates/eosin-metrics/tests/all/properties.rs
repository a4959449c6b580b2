//! What must hold for any predictions.

use eosin_metrics::{Metric, MetricSet, Ranking, auroc};
use proptest::prelude::*;

/// Rows of (target, score in whole percent): coarse enough to be full of ties.
fn rows() -> impl Strategy<Value = Vec<(bool, i32)>> {
    prop::collection::vec((any::<bool>(), 0..=100), 1..60)
}

fn unzip(rows: &[(bool, i32)], map: impl Fn(f64) -> f64) -> (Vec<bool>, Vec<f64>) {
    rows.iter()
        .map(|&(positive, score)| (positive, map(f64::from(score))))
        .unzip()
}

fn metrics(rows: &[(bool, i32)], positive: usize) -> MetricSet {
    let targets: Vec<usize> = rows.iter().map(|row| usize::from(row.0)).collect();
    let probs: Vec<f64> = rows
        .iter()
        .flat_map(|row| [f64::from(100 - row.1) / 100.0, f64::from(row.1) / 100.0])
        .collect();
    MetricSet::new(&targets, &probs, 2, positive).unwrap()
}

fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-12,
        (a, b) => a == b,
    }
}

proptest! {
    #[test]
    fn auroc_is_unchanged_by_strictly_increasing_maps(rows in rows()) {
        let (positive, scores) = unzip(&rows, |score| score);
        let plain = auroc(&positive, &scores).unwrap();
        let maps: [fn(f64) -> f64; 4] =
            [|s| 3.0 * s - 7.0, |s| s.powi(3), |s| (s / 10.0).exp(), |s| -1.0 / (s + 1.0)];
        for map in maps {
            let (positive, scores) = unzip(&rows, map);
            prop_assert_eq!(auroc(&positive, &scores).unwrap(), plain);
        }
    }

    #[test]
    fn auroc_is_the_share_of_pairs_won(rows in rows()) {
        let (positive, scores) = unzip(&rows, |score| score);
        let (mut wins, mut pairs) = (0.0, 0.0);
        for i in (0..rows.len()).filter(|&i| positive[i]) {
            for j in (0..rows.len()).filter(|&j| !positive[j]) {
                pairs += 1.0;
                wins += if scores[i] > scores[j] { 1.0 }
                    else if scores[i] < scores[j] { 0.0 } else { 0.5 };
            }
        }
        let expected = (pairs > 0.0).then_some(wins / pairs);
        prop_assert!(close(auroc(&positive, &scores).unwrap(), expected));
    }

    #[test]
    fn the_roc_curve_encloses_the_auroc_and_pr_steps_the_auprc(rows in rows()) {
        let (positive, scores) = unzip(&rows, |score| score);
        let ranking = Ranking::new(&positive, &scores).unwrap();
        let area = ranking.roc_curve().map(|points| {
            points.windows(2).map(|pair| {
                let width = pair[1].false_positive_rate - pair[0].false_positive_rate;
                width * (pair[0].true_positive_rate + pair[1].true_positive_rate) / 2.0
            }).sum()
        });
        prop_assert!(close(area, ranking.auroc()));
        let steps = ranking.pr_curve().map(|points| {
            let mut reached = 0.0;
            points.iter().map(|point| {
                let width = point.recall - reached;
                reached = point.recall;
                width * point.precision
            }).sum()
        });
        prop_assert!(close(steps, ranking.auprc()));
    }

    #[test]
    fn no_metric_depends_on_the_order_of_rows(
        (rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    ) {
        let (a, b) = (metrics(&rows, 1), metrics(&shuffled, 1));
        for &metric in Metric::ALL {
            prop_assert!(close(a.get(metric), b.get(metric)), "{}", metric);
        }
        prop_assert_eq!(a.auroc, b.auroc);
        prop_assert!(a.intervals.keys().eq(b.intervals.keys()));
        for (one, other) in a.intervals.values().zip(b.intervals.values()) {
            prop_assert!((one.ci_low - other.ci_low).abs() < 1e-12);
            prop_assert!((one.ci_high - other.ci_high).abs() < 1e-12);
        }
    }

    #[test]
    fn the_other_class_as_positive_mirrors_every_metric(rows in rows()) {
        let (a, b) = (metrics(&rows, 1), metrics(&rows, 0));
        for (left, right) in [
            (Metric::Recall, Metric::Specificity),
            (Metric::Precision, Metric::Npv),
            (Metric::Auroc, Metric::Auroc),
            (Metric::Accuracy, Metric::Accuracy),
            (Metric::BalancedAccuracy, Metric::BalancedAccuracy),
            (Metric::Mcc, Metric::Mcc),
            (Metric::LogLoss, Metric::LogLoss),
            (Metric::Brier, Metric::Brier),
        ] {
            prop_assert!(close(a.get(left), b.get(right)), "{} {}", left, right);
            prop_assert!(close(a.get(right), b.get(left)), "{} {}", left, right);
        }
    }

    #[test]
    fn a_metric_set_survives_json_and_names_every_metric(rows in rows()) {
        let before = metrics(&rows, 1);
        let json = serde_json::to_value(&before).unwrap();
        for (name, value) in before.names_values() {
            prop_assert_eq!(json[name].as_f64(), value, "{}", name);
        }
        let after: MetricSet = serde_json::from_value(json).unwrap();
        prop_assert_eq!(after, before);
    }

    #[test]
    fn an_interval_holds_its_value(rows in rows()) {
        let set = metrics(&rows, 1);
        for (metric, interval) in &set.intervals {
            let value = set.get(*metric).unwrap();
            prop_assert!(interval.ci_low <= value && value <= interval.ci_high, "{}", metric);
            prop_assert!(interval.ci_low >= 0.0 && interval.ci_high <= 1.0, "{}", metric);
        }
    }
}

//! Metrics against scikit-learn and `SciPy`: `goldens/make_goldens.py` says how the file was made.

use std::collections::BTreeMap;

use eosin_metrics::{
    AveragedMetrics, ClassMetrics, Metric, MetricSet, Probs, Ranking, accuracy, per_class,
};
use serde::Deserialize;

/// Both sides compute in 64 bits and differ by the order of their sums only.
const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Goldens {
    cases: Vec<Case>,
}

type Values = BTreeMap<String, Option<f64>>;

#[derive(Deserialize)]
struct Case {
    name: String,
    class_count: usize,
    positive: usize,
    targets: Vec<usize>,
    probs: Vec<f64>,
    confusion: Vec<Vec<u64>>,
    expected: Values,
    per_class: BTreeMap<String, Vec<Option<f64>>>,
    auroc_variance: Option<f64>,
    wilson: Option<BTreeMap<String, Option<[f64; 2]>>>,
    roc: Option<Vec<[f64; 2]>>,
    pr: Option<Vec<[f64; 2]>>,
    averages: Option<BTreeMap<String, Values>>,
}

impl Case {
    fn metrics(&self) -> MetricSet {
        MetricSet::new(&self.targets, &self.probs, self.class_count, self.positive).unwrap()
    }

    fn ranking(&self) -> Ranking {
        let probs = Probs::new(&self.targets, &self.probs, self.class_count).unwrap();
        let truth: Vec<bool> = self.targets.iter().map(|&t| t == self.positive).collect();
        Ranking::new(&truth, &probs.column(self.positive)).unwrap()
    }
}

fn cases() -> Vec<Case> {
    let goldens: Goldens = serde_json::from_str(include_str!("goldens/goldens.json")).unwrap();
    assert!(goldens.cases.len() > 30);
    goldens.cases
}

fn assert_close(got: Option<f64>, expected: Option<f64>, what: &str) {
    let agree = match (got, expected) {
        (Some(got), Some(expected)) => {
            (got - expected).abs() <= TOLERANCE * expected.abs().max(1e-3)
        }
        (got, expected) => got == expected,
    };
    assert!(agree, "{what}: got {got:?}, expected {expected:?}");
}

fn class_value(class: &ClassMetrics, name: &str) -> Option<f64> {
    match name {
        "precision" => class.precision,
        "recall" => class.recall,
        "specificity" => class.specificity,
        "npv" => class.npv,
        "f1" => class.f1,
        "auroc" => class.auroc,
        "auprc" => class.auprc,
        other => panic!("the goldens name an unknown metric {other}"),
    }
}

fn averaged_value(averages: &AveragedMetrics, name: &str) -> Option<f64> {
    match name {
        "precision" => averages.precision,
        "recall" => averages.recall,
        "f1" => averages.f1,
        "auroc" => averages.auroc,
        "auprc" => averages.auprc,
        other => panic!("the goldens name an unknown metric {other}"),
    }
}

#[test]
fn every_metric_equals_scikit_learns_and_is_undefined_where_it_is_0_over_0() {
    for case in cases() {
        let metrics = case.metrics();
        assert_eq!(
            Vec::from(metrics.confusion.clone()),
            case.confusion,
            "{}",
            case.name
        );
        for (name, expected) in &case.expected {
            let metric: Metric = name.parse().unwrap();
            assert_close(
                metrics.get(metric),
                *expected,
                &format!("{}: {name}", case.name),
            );
        }
    }
}

#[test]
fn one_vs_rest_values_equal_scikit_learns_for_every_class() {
    for case in cases() {
        for class in &case.metrics().per_class {
            for (name, expected) in &case.per_class {
                let what = format!("{}: {name} of class {}", case.name, class.class);
                assert_close(class_value(class, name), expected[class.class], &what);
            }
        }
    }
}

#[test]
fn micro_and_weighted_averages_equal_scikit_learns() {
    let mut checked = 0;
    for case in cases() {
        let (metrics, Some(averages)) = (case.metrics(), &case.averages) else {
            continue;
        };
        for (kind, got) in [("micro", &metrics.micro), ("weighted", &metrics.weighted)] {
            let got = got.as_ref().unwrap();
            for (name, expected) in &averages[kind] {
                // scikit-learn has no weighted AUROC or AUPRC when a class is missing; eosin leaves
                // a class without weight out.
                let missing = metrics.per_class.iter().any(|class| class.targets == 0);
                if missing && name.starts_with("au") {
                    continue;
                }
                assert_close(
                    averaged_value(got, name),
                    *expected,
                    &format!("{}: {kind} {name}", case.name),
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 30);
}

#[test]
fn intervals_equal_scipys_wilson_and_delong_by_all_pairs() {
    for case in cases().iter().filter(|case| case.class_count == 2) {
        let metrics = case.metrics();
        assert_close(
            case.ranking().auroc_variance(),
            case.auroc_variance,
            &case.name,
        );
        for (name, expected) in case.wilson.as_ref().unwrap() {
            let got = metrics.interval(name.parse().unwrap());
            let what = format!("{}: interval of {name}", case.name);
            assert_close(got.map(|ci| ci.ci_low), expected.map(|ci| ci[0]), &what);
            assert_close(got.map(|ci| ci.ci_high), expected.map(|ci| ci[1]), &what);
        }
    }
}

#[test]
fn curves_equal_scikit_learns_point_by_point() {
    let mut checked = 0;
    for case in cases() {
        let (Some(roc), Some(pr)) = (&case.roc, &case.pr) else {
            continue;
        };
        let got = case.ranking().roc_curve().unwrap();
        assert_eq!(got.len(), roc.len(), "{}", case.name);
        for (point, expected) in got.iter().zip(roc) {
            assert_close(
                Some(point.false_positive_rate),
                Some(expected[0]),
                &case.name,
            );
            assert_close(
                Some(point.true_positive_rate),
                Some(expected[1]),
                &case.name,
            );
        }
        let got = case.ranking().pr_curve().unwrap();
        assert_eq!(got.len(), pr.len(), "{}", case.name);
        for (point, expected) in got.iter().zip(pr) {
            assert_close(Some(point.recall), Some(expected[0]), &case.name);
            assert_close(Some(point.precision), Some(expected[1]), &case.name);
        }
        checked += 1;
    }
    assert!(checked > 6);
}

#[test]
fn micro_recall_is_accuracy() {
    for case in cases().iter().filter(|case| case.class_count > 2) {
        let metrics = case.metrics();
        let micro = metrics.micro.as_ref().unwrap();
        assert_close(micro.recall, accuracy(&metrics.confusion), &case.name);
        let recalls = per_class(&metrics.confusion, eosin_metrics::recall);
        assert_eq!(recalls.len(), case.class_count);
    }
}

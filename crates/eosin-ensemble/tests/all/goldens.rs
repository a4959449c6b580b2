//! Fitted methods against scikit-learn and scipy.

use eosin_ensemble::{Combiner, Fitted, Labels, Method};
use eosin_metrics::Metric;
use serde::Deserialize;

#[derive(Deserialize)]
struct Goldens {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    classes: usize,
    targets: Vec<usize>,
    members: Vec<Vec<f32>>,
    weights: Vec<f64>,
    logistic: Vec<f64>,
    ridge: Option<Vec<f64>>,
}

impl Case {
    fn all() -> Vec<Self> {
        let text = include_str!("../goldens/scikit_learn.json");
        serde_json::from_str::<Goldens>(text)
            .expect("the script wrote it")
            .cases
    }

    fn fit(&self, method: Method) -> Combiner {
        let patches = self.targets.len();
        let labels = Labels {
            targets: self.targets.clone(),
            classes: self.classes,
            positive: 1,
            folds: vec![0; patches],
            groups: (0..patches).collect(),
        };
        Combiner::fit(method, &self.borrowed(), &labels, Metric::Auroc).expect("members fit")
    }

    fn borrowed(&self) -> Vec<&[f32]> {
        self.members.iter().map(Vec::as_slice).collect()
    }

    /// Log odds of two classes, of more the logits about their mean.
    fn logits(&self, method: Method) -> Vec<f64> {
        let logits = self
            .fit(method)
            .logits(&self.borrowed())
            .expect("members fit");
        let rows = logits.chunks_exact(self.classes);
        let of_row = |row: &[f32]| -> Vec<f64> {
            let row: Vec<f64> = row.iter().map(|logit| f64::from(*logit)).collect();
            if let [zero, one] = row[..] {
                return vec![one - zero];
            }
            let mean = row.iter().sum::<f64>() / row.len() as f64;
            row.iter().map(|logit| logit - mean).collect()
        };
        rows.flat_map(of_row).collect()
    }
}

fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    let largest = expected
        .iter()
        .fold(0.0_f64, |most, one| most.max(one.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 1e-4 * largest,
            "{found} {expected}"
        );
    }
}

#[test]
fn logistic_stacking_is_scikit_learns_and_the_objectives_optimum() {
    for case in Case::all() {
        assert_near(&case.logits(Method::Logistic), &case.logistic);
    }
}

#[test]
fn ridge_stacking_is_scikit_learns_up_to_the_factor_and_the_share_of_the_class() {
    for case in Case::all() {
        let Some(expected) = &case.ridge else {
            continue;
        };
        let found = case.logits(Method::Ridge);
        let shares = case.targets.iter().sum::<usize>() as f64 / case.targets.len() as f64;
        let prior = (shares / (1.0 - shares)).ln();
        let added: Vec<f64> = found.iter().map(|logit| logit - prior).collect();
        let square = |one: &[f64], other: &[f64]| -> f64 {
            one.iter().zip(other).map(|(one, other)| one * other).sum()
        };
        let factor = square(&added, expected) / square(expected, expected);
        assert!(factor > 1.0, "{factor}");
        let expected: Vec<f64> = expected.iter().map(|one| factor * one).collect();
        assert_near(&added, &expected);
    }
}

#[test]
fn convex_weights_are_scipys() {
    for case in Case::all() {
        let combiner = case.fit(Method::Weighted);
        let Fitted::Weights(weights) = combiner.fitted() else {
            panic!("{combiner:?}");
        };
        assert_near(weights, &case.weights);
    }
}

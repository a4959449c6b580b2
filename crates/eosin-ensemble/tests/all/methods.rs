//! Methods against numbers worked by hand.

use eosin_ensemble::{Combiner, EnsembleError, Labels, Method};
use eosin_metrics::Metric;

fn logits_of(probs: &[f32]) -> Vec<f32> {
    probs.iter().map(|prob| prob.ln()).collect()
}

fn probs_of(logits: &[f32], classes: usize) -> Vec<f32> {
    let rows = logits.chunks_exact(classes);
    rows.flat_map(|row| {
        let sum: f32 = row.iter().map(|logit| logit.exp()).sum();
        row.iter().map(move |logit| logit.exp() / sum)
    })
    .collect()
}

fn unfitted(method: Method, members: &[Vec<f32>], classes: usize) -> Vec<f32> {
    let combiner = Combiner::unfitted(method, members.len(), classes).expect("members fit");
    let members: Vec<&[f32]> = members.iter().map(Vec::as_slice).collect();
    probs_of(&combiner.logits(&members).expect("members fit"), classes)
}

fn labels(targets: &[usize]) -> Labels {
    Labels {
        targets: targets.to_vec(),
        classes: 2,
        positive: 1,
        folds: (0..targets.len()).map(|at| at % 2).collect(),
        groups: (0..targets.len()).collect(),
    }
}

fn assert_near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (one, other) in found.iter().zip(expected) {
        assert!((one - other).abs() < 1e-5, "{found:?} {expected:?}");
    }
}

#[test]
fn means_and_votes_are_those_worked_by_hand() {
    let members = [[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]].map(|probs| logits_of(&probs));
    assert_near(&unfitted(Method::Soft, &members, 2), &[0.5, 0.5]);
    // One vote to two, half a vote each beside them; a thousandth of each vote goes by probabilities, whose
    // sums are 1.5 and 1.5.
    assert_near(
        &unfitted(Method::Hard, &members, 2),
        &[(1.5 + 0.0005) / 4.0, (2.5 - 0.0005) / 4.0],
    );
    let products = [0.072_f32, 0.048].map(f32::cbrt);
    let sum = products[0] + products[1];
    assert_near(
        &unfitted(Method::Geometric, &members, 2),
        &products.map(|product| product / sum),
    );
    let roots = [1.01_f32, 1.01].map(f32::sqrt);
    let sum = roots[0] + roots[1];
    assert_near(
        &unfitted(Method::Power, &members, 2),
        &roots.map(|root| root / sum),
    );
}

#[test]
fn a_sure_member_weighs_more_in_a_power_mean() {
    let members = [[0.95, 0.05], [0.4, 0.6], [0.4, 0.6]].map(|probs| logits_of(&probs));
    let power = unfitted(Method::Power, &members, 2);
    let roots = [1.2225_f32, 0.7225].map(f32::sqrt);
    assert_near(&power, &roots.map(|root| root / (roots[0] + roots[1])));
    assert!(power[0] < unfitted(Method::Soft, &members, 2)[0]);
}

#[test]
fn ranks_are_normalised_means_over_members() {
    let one = logits_of(&[0.8, 0.2, 0.6, 0.4, 0.4, 0.6, 0.2, 0.8]);
    let other = logits_of(&[0.7, 0.3, 0.3, 0.7, 0.7, 0.3, 0.4, 0.6]);
    let members: [&[f32]; 2] = [&one, &other];
    let labels = labels(&[0, 0, 1, 1]);
    let combiner = Combiner::fit(Method::Rank, &members, &labels, Metric::Auroc).unwrap();
    let probs = probs_of(&combiner.logits(&members).unwrap(), 2);
    // Ranks of class 1: 1/8, 3/8, 5/8, 7/8 and 2/8, 7/8, 2/8, 5/8.
    let second = [3.0 / 16.0, 10.0 / 16.0, 7.0 / 16.0, 12.0 / 16.0];
    assert_near(&probs, &second.map(|prob| [1.0 - prob, prob]).concat());
}

#[test]
fn extreme_logits_stay_finite_under_every_method() {
    let one = [-3e4, 3e4, 500.0, -500.0, 0.0, 0.0, 9.0, 1.0_f32];
    let other = [3e4, -3e4, 1e30, -1e30, 0.0, 1e-30, -4.0, 1.0_f32];
    let members: [&[f32]; 2] = [&one, &other];
    for method in Method::COMBINING {
        let combiner =
            Combiner::fit(method, &members, &labels(&[1, 0, 1, 0]), Metric::Auroc).unwrap();
        let logits = combiner.logits(&members).unwrap();
        assert!(
            logits.iter().all(|logit| logit.is_finite()),
            "{method} {logits:?}"
        );
    }
}

#[test]
fn combiners_survive_json_and_damaged_ones_are_refused() {
    let one = logits_of(&[0.8, 0.2, 0.6, 0.4, 0.4, 0.6, 0.2, 0.8]);
    let other = logits_of(&[0.7, 0.3, 0.3, 0.7, 0.7, 0.3, 0.4, 0.6]);
    let members: [&[f32]; 2] = [&one, &other];
    for method in Method::COMBINING {
        let combiner =
            Combiner::fit(method, &members, &labels(&[0, 1, 0, 1]), Metric::Auroc).unwrap();
        let json = serde_json::to_string(&combiner).unwrap();
        assert_eq!(serde_json::from_str::<Combiner>(&json).unwrap(), combiner);
        let damaged = json.replace("\"members\":2", "\"members\":0");
        assert!(
            serde_json::from_str::<Combiner>(&damaged).is_err(),
            "{method}"
        );
        if method.is_fitted() {
            let damaged = json.replace("\"members\":2", "\"members\":3");
            assert!(
                serde_json::from_str::<Combiner>(&damaged).is_err(),
                "{method}"
            );
            let error = Combiner::unfitted(method, 2, 2).unwrap_err();
            assert_eq!(error, EnsembleError::NeedsLabels { method });
        }
    }
}

#[test]
fn wrong_members_are_refused_by_name() {
    let combiner = Combiner::unfitted(Method::Soft, 2, 2).unwrap();
    let one = [0.0, 1.0_f32];
    let message = |members: &[&[f32]]| combiner.logits(members).unwrap_err().to_string();
    assert_eq!(message(&[&one]), "members: 1 given, 2 expected");
    assert_eq!(
        message(&[&one, &[0.0]]),
        "logits of a member: 1 given, 2 expected"
    );
    let labels = Labels {
        groups: vec![0, 1],
        ..labels(&[1, 1])
    };
    let members: [&[f32]; 1] = [&[0.0, 1.0, 0.0, 2.0]];
    let error = Combiner::fit(Method::Weighted, &members, &labels, Metric::Auroc).unwrap_err();
    assert_eq!(
        error.to_string(),
        "method weighted is fitted on patches none of which is of class 0; use fewer folds, or a \
         method that fits nothing (hard, soft, geometric, power)"
    );
}

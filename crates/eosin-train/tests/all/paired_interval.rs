//! How often the interval of a paired difference holds the true difference.
//!
//! Patients differ in how much a change helps them, so patches of one patient are no independent
//! witnesses. Of intervals that are called 95 % ones, the share that holds the truth is to be near
//! that: from 0.89 to 0.99 is asked for, three standard errors of the simulation of 120 sets. An interval that takes patches for independent is shown to fail.

use eosin_core::config::GroupBy;
use eosin_core::{Rng, Seed, Stream, Task};
use eosin_metrics::Metric;
use eosin_train::{GroupNames, Part, PatchGroups, Prediction, paired_difference};
use rand::RngExt as _;

const PATIENTS: usize = 30;
const PATCHES: usize = 8;
/// How often the base is right, for every patient.
const BASE: f64 = 0.6;
/// How often the variant is right, for one patient in two each.
const VARIANT: [f64; 2] = [0.95, 0.35];
/// What the accuracies of both differ by over all patients there could be.
const TRUTH: f64 = f64::midpoint(VARIANT[0], VARIANT[1]) - BASE;

/// A prediction that is right with probability `right`.
fn predicted(key: &str, target: usize, right: f64, rng: &mut Rng) -> Prediction {
    let pred = if rng.random::<f64>() < right {
        target
    } else {
        1 - target
    };
    let mut probs = vec![0.2, 0.2];
    probs[pred] = 0.8;
    Prediction {
        key: key.to_owned(),
        part: Part::OutOfFold,

        fold: Some(eosin_core::FoldId::default()),
        target: Some(target),
        probs,
    }
}

/// What both runs say of a set of patients drawn anew.
fn drawn_set(rng: &mut Rng) -> [Vec<Prediction>; 2] {
    let mut runs = [Vec::new(), Vec::new()];
    for patient in 0..PATIENTS {
        let variant = VARIANT[usize::from(rng.random::<bool>())];
        for patch in 0..PATCHES {
            let (key, target) = (format!("{patient:02}/{patch}"), patch % 2);
            runs[0].push(predicted(&key, target, BASE, rng));
            runs[1].push(predicted(&key, target, variant, rng));
        }
    }
    runs
}

/// The share of `sets` simulated sets whose interval holds the truth.
fn coverage(sets: u64, kept: GroupBy) -> f64 {
    let task = Task::new(["benign", "malignant"].map(str::to_owned).into(), 1);
    let named = |at: usize| {
        let (patient, patch) = (format!("{:02}", at / PATCHES), at % PATCHES);
        let key = format!("{patient}/{patch}");
        let names = GroupNames {
            patient: (kept == GroupBy::Patient).then_some(patient),
            ..GroupNames::default()
        };
        (key, names)
    };
    let groups = PatchGroups::new(kept, (0..PATIENTS * PATCHES).map(named).collect());
    let holds = |set: &u64| {
        let mut rng = Seed(7).stream(Stream::Bootstrap, &[u64::MAX, *set]);
        let [base, variant] = drawn_set(&mut rng);
        let found = paired_difference(
            &base,
            &variant,
            &groups,
            Metric::Accuracy,
            &task,
            Seed(*set),
        )
        .expect("two runs on the same patches");
        let (low, high) = (
            found.ci_low.expect("an end"),
            found.ci_high.expect("an end"),
        );
        low <= TRUTH && TRUTH <= high
    };
    (0..sets).filter(holds).count() as f64 / sets as f64
}

#[test]
fn an_interval_over_patients_holds_the_truth_as_often_as_it_says() {
    let share = coverage(120, GroupBy::Patient);
    assert!((0.89..=0.99).contains(&share), "{share}");
}

#[test]
fn an_interval_over_patches_of_few_patients_would_hold_it_far_too_seldom() {
    let share = coverage(40, GroupBy::None);
    assert!(share < 0.85, "{share}: this test could not tell them apart");
}

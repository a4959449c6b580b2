//! How often a 95 % interval of the AUROC by patient holds the truth. `examples/coverage.rs` measures more.

use eosin_core::{Rng, Seed, Stream};
use eosin_metrics::{AurocEstimate, Groups, Interval, Placements};
use rand::RngExt as _;
use rand_distr::{Distribution as _, StandardNormal};

/// A score is 1.19 where a patch is positive, plus normal parts of the patient and of the patch: an AUROC
/// of 0.8 among patches of different patients.
const MU: f64 = 1.190_232_3;
const AUROC: f64 = 0.8;

fn normal(rng: &mut Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// The interval of a set drawn anew, of patients of one class each, half of them positive.
fn interval(patients: usize, rho: f64, by_patient: bool, rng: &mut Rng) -> Option<Interval> {
    let (mut positive, mut scores, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for patient in 0..patients {
        let common = normal(rng) * rho.sqrt();
        for _ in 0..rng.random_range(5..=20) {
            positive.push(patient % 2 == 1);
            let shift = if patient % 2 == 1 { MU } else { 0.0 };
            scores.push(shift + common + normal(rng) * (1.0 - rho).sqrt());
            names.push(patient);
        }
    }
    let groups = if by_patient {
        Groups::named(&names)
    } else {
        Groups::apart(names.len())
    };
    let placements = Placements::new(&positive, &scores).unwrap()?;
    AurocEstimate::of(&positive, &placements, &groups)?.logit_interval()
}

fn coverage(patients: usize, rho: f64, by_patient: bool) -> f64 {
    let holds = |set: u64| {
        let mut rng = Seed(5).stream(Stream::Phantom, &[set]);
        let found = interval(patients, rho, by_patient, &mut rng)?;
        Some(found.ci_low <= AUROC && AUROC <= found.ci_high)
    };
    let held: Vec<bool> = (0..2000).filter_map(holds).collect();
    held.iter().filter(|held| **held).count() as f64 / held.len() as f64
}

#[test]
fn by_patient_the_truth_is_held_about_as_often_as_is_said_and_by_patch_far_too_seldom() {
    for (patients, rho) in [(10, 0.5), (20, 0.1), (20, 0.3), (30, 0.5)] {
        let share = coverage(patients, rho, true);
        assert!((0.93..=0.98).contains(&share), "{patients} {rho}: {share}");
    }
    let by_patch = coverage(20, 0.3, false);
    assert!(
        by_patch < 0.75,
        "{by_patch}: this test could not tell them apart"
    );
}

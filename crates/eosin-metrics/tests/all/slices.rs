//! The worst of many slices: null behaviour, and a slice that is worse.

use eosin_core::{Seed, Stream};
use eosin_metrics::{Groups, SliceComparison, SliceTest, SlicedBy, SlicedRows};
use rand::RngExt as _;

/// Simulated sets.
const SETS: u64 = 400;

/// How rows of a simulated set come about.
#[derive(Clone, Copy)]
struct Made {
    groups: usize,
    /// Half as many at least, and at most half as many more: of slices of one size many are as bad as the worst.
    rows_of_a_group: usize,
    slices: usize,
    /// Share of the groups that are right or wrong as a whole.
    together: f64,
    /// By how much rows of slice 0 are less often right.
    worse: f64,
}

/// Rows of both classes, of which 95 % of the first and 85 % of the second are right.
fn compared(made: Made, set: u64) -> SliceComparison {
    let mut rng = Seed(9).stream(Stream::Bootstrap, &[set]);
    let (mut targets, mut preds, mut names, mut slice_of) = (vec![], vec![], vec![], vec![]);
    for group in 0..made.groups {
        let class = usize::from(rng.random::<f64>() < 0.4);
        let of_group = rng.random::<f64>();
        let is_whole = rng.random::<f64>() < made.together;
        let slice = if made.slices == made.groups {
            group
        } else {
            rng.random_range(0..made.slices)
        };
        let half = made.rows_of_a_group / 2;
        for _ in 0..rng.random_range(half.max(1)..=made.rows_of_a_group + half) {
            let of_row = rng.random::<f64>();
            let wrong = [0.05, 0.15][class] + if slice == 0 { made.worse } else { 0.0 };
            let is_wrong = if is_whole { of_group } else { of_row } < wrong;
            targets.push(class);
            preds.push(if is_wrong { 1 - class } else { class });
            names.push(group);
            slice_of.push(Some(slice));
        }
    }
    let groups = Groups::named(&names);
    let probs = vec![0.5; targets.len()];
    let rows = SlicedRows::new(&targets, &preds, &probs, 2, Some(1), &groups).unwrap();
    let test = SliceTest {
        seed: Seed(5),
        number: set,
        draws: 199,
    };
    let by = if made.slices == made.groups {
        SlicedBy::Belonging
    } else {
        SlicedBy::Feature
    };
    test.compare(&rows, &slice_of, made.slices, by)
}

/// Shares of sets whose p is at most 0.05, 0.25, 0.5, 0.75. Where no slice falls below, p is 1.
fn shares(made: Made) -> [f64; 4] {
    let ps: Vec<f64> = (0..SETS)
        .map(|set| compared(made, set).worst.map_or(1.0, |worst| worst.p))
        .collect();
    [0.05, 0.25, 0.5, 0.75].map(|at| {
        let below = ps.iter().filter(|p| **p <= at + 1e-9).count();
        below as f64 / ps.len() as f64
    })
}

const PATIENTS: Made = Made {
    groups: 30,
    rows_of_a_group: 16,
    slices: 30,
    together: 0.0,
    worse: 0.0,
};
const CENTRES: Made = Made {
    groups: 120,
    rows_of_a_group: 6,
    slices: 5,
    together: 0.6,
    worse: 0.0,
};

#[test]
fn where_slices_do_not_differ_p_is_uniform_for_rows_and_for_groups_that_go_together() {
    for made in [PATIENTS, CENTRES] {
        // Three standard errors of 400 sets.
        for (found, at) in shares(made).into_iter().zip([0.05, 0.25, 0.5, 0.75]) {
            let error: f64 = (at * (1.0 - at) / SETS as f64).sqrt();
            assert!((found - at).abs() < 3.0 * error, "{found} at {at}");
        }
    }
}

#[test]
fn rows_that_go_together_would_be_taken_for_bad_slices_if_they_were_dealt_by_themselves() {
    // Slices that are groups themselves: only rows can be dealt, so that it is told that groups differ.
    let made = Made {
        together: 0.6,
        ..PATIENTS
    };
    assert!(shares(made)[0] > 0.8);
    assert!(!compared(made, 1).of_groups);
    assert!(compared(CENTRES, 1).of_groups);
}

#[test]
fn a_slice_that_is_worse_is_found_and_named() {
    for (made, share) in [(PATIENTS, 0.7), (CENTRES, 0.7)] {
        let worse = Made { worse: 0.4, ..made };
        let found = (0..100).filter(|set| {
            let worst = compared(worse, *set).worst;
            worst.is_some_and(|worst| worst.slice == 0 && worst.p <= 0.05)
        });
        let found = found.count() as f64 / 100.0;
        assert!(found >= share, "{found}");
    }
}

#[test]
fn slices_of_a_few_rows_are_too_small_and_of_all_right_rows_none_is_worst() {
    let small = Made {
        groups: 40,
        rows_of_a_group: 1,
        slices: 40,
        ..PATIENTS
    };
    let found = compared(small, 3);
    assert!(found.too_small.iter().all(|too_small| *too_small));
    assert_eq!(found.worst, None);
    let targets = [0, 1, 0, 1, 0, 1];
    let groups = Groups::apart(6);
    let rows = SlicedRows::new(&targets, &targets, &[0.5; 6], 2, Some(1), &groups).unwrap();
    let slice_of = [Some(0), Some(0), Some(0), Some(1), Some(1), None];
    let found = SliceTest::new(Seed(1), 0).compare(&rows, &slice_of, 2, SlicedBy::Feature);
    assert_eq!(found.worst, None);
}

#[test]
fn features_of_one_group_each_are_not_told_from_the_groups() {
    // Three sites of a patient each: bad as the first may be, it may be its patient.
    let (targets, preds): (Vec<usize>, Vec<usize>) = (0..120)
        .map(|row| (row % 2, if row < 40 { 1 - row % 2 } else { row % 2 }))
        .unzip();
    let of: Vec<usize> = (0..120).map(|row| row / 40).collect();
    let slice_of: Vec<Option<usize>> = of.iter().copied().map(Some).collect();
    let groups = Groups::named(&of);
    let rows = SlicedRows::new(&targets, &preds, &[0.5; 120], 2, Some(1), &groups).unwrap();
    let compare = |by| SliceTest::new(Seed(1), 0).compare(&rows, &slice_of, 3, by);
    let sites = compare(SlicedBy::Feature);
    assert_eq!((sites.too_small, sites.worst), (vec![true; 3], None));
    let patients = compare(SlicedBy::Belonging);
    assert!(
        patients
            .worst
            .is_some_and(|worst| worst.slice == 0 && worst.p < 0.01)
    );
}

#[test]
fn the_same_seed_gives_the_same_p_and_draws_are_a_tests_own() {
    let worse = Made {
        worse: 0.1,
        ..PATIENTS
    };
    assert_eq!(compared(worse, 7), compared(worse, 7));
}

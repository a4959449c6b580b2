//! What holds for every split.

use std::collections::BTreeSet;

use eosin_core::config::GroupBy;
use eosin_core::{FoldId, Seed, Split};
use eosin_data::{Manifest, SplitMethod, SplitOptions, split};
use proptest::prelude::*;

use crate::fixtures::{manifest, two_classes};

fn options(k: usize, seed: u64) -> SplitOptions {
    SplitOptions {
        k,
        seed: Seed(seed),
        ..SplitOptions::default()
    }
}

/// Patches in slides of random size and class mix; slides 0 and 1 have both classes.
fn slides() -> impl Strategy<Value = Vec<Vec<usize>>> {
    let slide = prop::collection::vec(0..2_usize, 1..12);
    prop::collection::vec(slide, 4..16).prop_map(|mut slides| {
        slides[0].extend([0, 1]);
        slides[1].extend([0, 1]);
        slides
    })
}

fn manifest_of(slides: &[Vec<usize>]) -> Manifest {
    let rows: Vec<_> = slides
        .iter()
        .enumerate()
        .flat_map(|(slide, classes)| {
            classes.iter().enumerate().map(move |(at, &class)| {
                (
                    format!("{slide:02}/{at:02}.png"),
                    class,
                    Some(format!("S{slide}")),
                    None,
                )
            })
        })
        .collect();
    manifest(&rows)
}

proptest! {
    #[test]
    fn folds_partition_the_patches_and_keep_class_ratios(
        benign in 10..80_usize, malignant in 10..80_usize, k in 2..10_usize, seed: u64,
    ) {
        let manifest = two_classes(benign, malignant);
        let (folds, _) = split(&manifest, &options(k, seed)).unwrap();
        let mut seen = BTreeSet::new();
        for fold in folds.resolve(&manifest).unwrap() {
            prop_assert_eq!(fold.train.len() + fold.val.len(), manifest.patches.len());
            prop_assert!(fold.val.iter().all(|at| seen.insert(*at)));
            let counts = manifest.class_counts_of(fold.val.iter().copied());
            for (n, total) in counts.iter().zip([benign, malignant]) {
                prop_assert!(*n == total / k || *n == total.div_ceil(k));
            }
            let all = benign + malignant;
            prop_assert!(fold.val.len() == all / k || fold.val.len() == all.div_ceil(k));
        }
        prop_assert_eq!(seen.len(), manifest.patches.len());
    }

    #[test]
    fn slides_never_cross_folds_and_every_fold_has_patches(
        slides in slides(), k in 2..5_usize, seed: u64,
    ) {
        let manifest = manifest_of(&slides);
        let Ok((folds, _)) = split(&manifest, &options(k, seed)) else {
            // A training part without a class is refused; nothing more to check.
            return Ok(());
        };
        prop_assert_eq!(folds.group, GroupBy::Slide);
        let mut seen = BTreeSet::new();
        for fold in folds.resolve(&manifest).unwrap() {
            let slides = |part: &[usize]| -> BTreeSet<String> {
                part.iter().filter_map(|&at| manifest.patches[at].slide.clone()).collect()
            };
            prop_assert!(slides(&fold.train).is_disjoint(&slides(&fold.val)));
            prop_assert!(!fold.val.is_empty());
            prop_assert!(fold.val.iter().all(|at| seen.insert(*at)));
        }
        prop_assert_eq!(seen.len(), manifest.patches.len());
    }

    #[test]
    fn the_seed_fixes_the_folds_whatever_the_order_of_rows(
        slides in slides(), seed: u64, rotation in 0..50_usize,
    ) {
        let one = manifest_of(&slides);
        let mut rows: Vec<_> = one.patches.iter()
            .map(|patch| (patch.key.clone(), patch.class.unwrap(), patch.slide.clone(), None))
            .collect();
        let by = rotation % rows.len();
        rows.rotate_left(by);
        let other = manifest(&rows);
        let folds = |manifest: &Manifest| split(manifest, &options(3, seed));
        prop_assert_eq!(folds(&one), folds(&other));
    }

    #[test]
    fn a_hold_out_has_about_its_share_of_every_class(
        benign in 10..200_usize, malignant in 10..200_usize, seed: u64, percent in 10..60_u32,
    ) {
        let manifest = two_classes(benign, malignant);
        let fraction = f64::from(percent) / 100.0;
        let hold_out = SplitOptions {
            method: SplitMethod::HoldOut,
            val_fraction: fraction,
            ..options(0, seed)
        };
        let (folds, _) = split(&manifest, &hold_out).unwrap();
        prop_assert_eq!(folds.len(), 1);
        let val = folds.resolve(&manifest).unwrap().remove(0).val;
        let counts = manifest.class_counts_of(val);
        for (n, total) in counts.iter().zip([benign, malignant]) {
            prop_assert!((*n as f64 - total as f64 * fraction).abs() <= 0.5 + 1e-9);
        }
    }
}

#[test]
fn grouped_folds_are_nearly_as_stratified_as_independent_ones() {
    let slides: Vec<Vec<usize>> = (0..40)
        .map(|slide| {
            (0..10 + slide % 7)
                .map(|at| usize::from((at + slide) % 10 < 3))
                .collect()
        })
        .collect();
    let manifest = manifest_of(&slides);
    let (folds, warnings) = split(&manifest, &options(5, 3)).unwrap();
    assert_eq!(warnings, []);
    let totals = manifest.class_counts();
    for fold in folds.resolve(&manifest).unwrap() {
        let counts = manifest.class_counts_of(fold.val);
        for (n, total) in counts.iter().zip(&totals) {
            let share = *n as f64 / *total as f64;
            assert!((share - 0.2).abs() < 0.04, "{counts:?} of {totals:?}");
        }
    }
}

#[test]
fn grouped_hold_outs_come_near_their_share() {
    let slides: Vec<Vec<usize>> = (0..30)
        .map(|slide| vec![usize::from(slide % 3 == 0); 8])
        .collect();
    let manifest = manifest_of(&slides);
    let hold_out = SplitOptions {
        method: SplitMethod::HoldOut,
        ..options(0, 5)
    };
    let (folds, _) = split(&manifest, &hold_out).unwrap();
    let val = folds.resolve(&manifest).unwrap().remove(0).val;
    assert_eq!(
        manifest.class_counts_of(val),
        [32, 16],
        "a fifth of 160 and 80"
    );
}

#[test]
fn repeats_are_drawn_anew_and_the_first_equals_a_single_one() {
    let manifest = two_classes(30, 20);
    let thrice = SplitOptions {
        repeats: 3,
        ..options(5, 9)
    };
    let (folds, _) = split(&manifest, &thrice).unwrap();
    assert_eq!((folds.len(), folds.k, folds.repeats), (15, 5, 3));
    let (single, _) = split(&manifest, &options(5, 9)).unwrap();
    assert_eq!(folds.folds[..5], single.folds[..]);
    assert_ne!(folds.folds[0].val, folds.folds[5].val);
    assert_eq!(folds.folds[7].id, FoldId::new(1, 2));
}

#[test]
fn test_patches_never_enter_a_fold() {
    let rows: Vec<_> = (0..40)
        .map(|at| {
            let part = (at % 4 == 0).then_some(Split::Test);
            (format!("{at:02}.png"), at / 20, None, part)
        })
        .collect();
    let manifest = manifest(&rows);
    let (folds, _) = split(&manifest, &options(3, 2)).unwrap();
    for fold in folds.resolve(&manifest).unwrap() {
        assert_eq!(fold.train.len() + fold.val.len(), 30);
        let all = fold.train.iter().chain(&fold.val);
        assert!(all.into_iter().all(|&at| !manifest.patches[at].is_test()));
    }
}

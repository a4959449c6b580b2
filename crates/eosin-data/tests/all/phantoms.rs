//! Synthetic patches.

use eosin_core::Seed;
use eosin_data::{
    IngestOptions, InspectOptions, NoLedger, PhantomOptions, PhantomPosition, inspect,
    phantom_patch, read_manifest, write_phantom,
};
use tempfile::tempdir;

fn few() -> PhantomOptions {
    PhantomOptions {
        patients: 4,
        test_patients: 2,
        slides_per_patient: 2,
        patches_per_slide: 5,
        size_px: 64,
        seed: Seed(3),
        ..PhantomOptions::default()
    }
}

#[test]
fn a_written_set_is_a_sound_set() {
    let dir = tempdir().unwrap();
    let folder = dir.path().join("phantom");
    let summary = write_phantom(&folder, &few(), &|_, _| {}).unwrap();
    let manifest = read_manifest(&folder, &IngestOptions::default()).unwrap();
    assert_eq!(manifest.classes, ["benign", "malignant"]);
    assert_eq!(
        manifest.class_counts_of(manifest.training_pool()),
        summary.train
    );
    assert_eq!(manifest.class_counts_of(manifest.test_part()), summary.test);
    assert_eq!(
        (manifest.patches.len(), manifest.test_part().len()),
        (60, 20)
    );
    let decode = InspectOptions {
        decode: true,
        ..InspectOptions::default()
    };
    let found = inspect(&manifest, &decode, &NoLedger, &|_, _| {}).inspection;
    assert_eq!(found.problems, []);
    assert_eq!(
        (found.groups.patients, found.groups.slides),
        (Some(6), Some(12))
    );
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        1,
        "no partial folder stays"
    );
}

#[test]
fn the_seed_fixes_every_byte_and_counts_change_nothing() {
    let position = PhantomPosition {
        patient: 1,
        slide: 1,
        patch: 2,
    };
    let reference = phantom_patch(&few(), 1, position);
    let more = PhantomOptions {
        patients: 50,
        patches_per_slide: 100,
        ..few()
    };
    assert_eq!(phantom_patch(&more, 1, position), reference);
    assert_eq!(more.class_of(position), few().class_of(position));
    let reseeded = PhantomOptions {
        seed: Seed(4),
        ..few()
    };
    assert_ne!(phantom_patch(&reseeded, 1, position), reference);
    assert_ne!(phantom_patch(&few(), 0, position), reference);
}

#[test]
fn the_share_of_malignant_patches_is_about_the_one_asked_for() {
    for fraction in [0.1, 0.3, 0.4, 0.8] {
        let options = PhantomOptions {
            patients: 40,
            test_patients: 0,
            malignant_fraction: fraction,
            ..few()
        };
        let positions = options.positions();
        let malignant: usize = positions.iter().map(|&at| options.class_of(at)).sum();
        let share = malignant as f64 / positions.len() as f64;
        assert!((share - fraction).abs() < 0.021, "{share} for {fraction}");
    }
}

#[test]
fn malignant_patches_hold_more_haematoxylin_on_average() {
    let darkness = |class: usize| -> f64 {
        (0..24)
            .map(|patient| {
                let position = PhantomPosition {
                    patient,
                    slide: 0,
                    patch: 0,
                };
                // Red is what haematoxylin absorbs and eosin does not.
                let patch = phantom_patch(&few(), class, position);
                let red = patch
                    .pixels
                    .iter()
                    .step_by(3)
                    .map(|&value| f64::from(value));
                255.0 - red.sum::<f64>() / (patch.width_px * patch.height_px) as f64
            })
            .sum::<f64>()
            / 24.0
    };
    let (benign, malignant) = (darkness(0), darkness(1));
    assert!(
        malignant > benign + 5.0,
        "benign {benign:.1}, malignant {malignant:.1}"
    );
}

#[test]
fn an_occupied_folder_and_impossible_options_are_refused() {
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("mine.txt"), "precious").unwrap();
    let error = write_phantom(dir.path(), &few(), &|_, _| {})
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("is not empty; give a new or empty folder"),
        "{error}"
    );
    let hard = PhantomOptions {
        difficulty: 1.5,
        ..few()
    };
    let error = write_phantom(&dir.path().join("new"), &hard, &|_, _| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        "phantom option difficulty is 1.5, expected 0 to 1"
    );
}

//! Splits that cannot be made or used, each with its text, and the warnings.

use eosin_core::config::GroupBy;
use eosin_core::{Seed, Split};
use eosin_data::{Folds, Manifest, SplitMethod, SplitOptions, SplitWarning, split};

use crate::fixtures::{manifest, two_classes};

fn k_fold(k: usize) -> SplitOptions {
    SplitOptions {
        k,
        seed: Seed(1),
        ..SplitOptions::default()
    }
}

fn error_of(manifest: &Manifest, options: &SplitOptions) -> String {
    split(manifest, options).unwrap_err().to_string()
}

/// `per_group` patches of each class listed, in each group.
fn grouped(
    groups: &[(&str, &[usize])],
    split: Option<Split>,
) -> Vec<(String, usize, Option<String>, Option<Split>)> {
    groups
        .iter()
        .flat_map(|(group, classes)| {
            classes.iter().enumerate().map(move |(at, &class)| {
                (
                    format!("{group}-{at}.png"),
                    class,
                    Some((*group).to_owned()),
                    split,
                )
            })
        })
        .collect()
}

#[test]
fn one_image_per_class_and_too_large_a_k_are_named() {
    assert_eq!(
        error_of(&two_classes(1, 1), &k_fold(2)),
        "2 parts were asked for, but class 'benign' has 1; one image of a class cannot be \
         cross-validated: add patches of that class"
    );
    assert_eq!(
        error_of(&two_classes(20, 4), &k_fold(5)),
        "5 parts were asked for, but class 'malignant' has 4; use '--folds 4' at most"
    );
    let three = manifest(&grouped(
        &[("S1", &[0, 1]), ("S2", &[0, 1]), ("S3", &[0, 1])],
        None,
    ));
    assert_eq!(
        error_of(&three, &k_fold(4)),
        "4 parts were asked for, but there are 3 groups by slide; use '--folds 3' at most"
    );
    let one = manifest(&grouped(&[("S1", &[0, 1])], None));
    assert!(
        error_of(&one, &k_fold(2)).ends_with("one slide cannot be cross-validated: add another")
    );
    assert_eq!(
        error_of(&two_classes(5, 5), &k_fold(1)),
        "split.folds is 1; cross-validation needs at least 2"
    );
}

#[test]
fn a_class_in_one_group_cannot_be_split_by_groups() {
    let rows = grouped(&[("S1", &[0, 0]), ("S2", &[0, 1, 1]), ("S3", &[0])], None);
    assert_eq!(
        error_of(&manifest(&rows), &k_fold(2)),
        "class 'malignant' occurs in one slide only ('S2'), so no grouped split can train and \
         validate on it; add a slide with that class, or --group none to accept the leak"
    );
}

#[test]
fn partly_known_groups_are_refused_and_both_fixes_are_named() {
    let mut rows = grouped(&[("S1", &[0, 1]), ("S2", &[0, 1])], None);
    rows[3].2 = None;
    assert_eq!(
        error_of(&manifest(&rows), &k_fold(2)),
        "the slide is known for 3 of 4 patches (missing for S2-1.png); fill in the slide column, or \
         leave it out with --group none"
    );
    let by_patient = SplitOptions {
        group: GroupBy::Patient,
        ..k_fold(2)
    };
    assert_eq!(
        error_of(&manifest(&rows), &by_patient),
        "no patch has a patient; add a 'patient' column to the manifest, or use --group none"
    );
}

#[test]
fn a_group_on_both_sides_of_predefined_parts_is_an_error() {
    let mut rows = grouped(&[("S1", &[0, 1]), ("S2", &[0, 1])], Some(Split::Train));
    rows.extend(grouped(&[("S3", &[0, 1])], Some(Split::Val)));
    rows.extend(grouped(&[("S4", &[0, 1])], Some(Split::Test)));
    let predefined = SplitOptions {
        method: SplitMethod::Predefined,
        ..k_fold(2)
    };
    let (folds, warnings) = split(&manifest(&rows), &predefined).unwrap();
    assert_eq!(folds.folds[0].val, ["S3-0.png", "S3-1.png"]);
    assert_eq!((folds.len(), warnings), (1, vec![]));
    rows[0].2 = Some("S3".into());
    let expected = "slide S3 is in both train and val (1 slides in all); move all its patches to \
                    one side";
    assert_eq!(error_of(&manifest(&rows), &predefined), expected);
    rows[0].2 = Some("S4".into());
    let error = error_of(&manifest(&rows), &predefined);
    assert!(
        error.starts_with("slide S4 is in both train and test"),
        "{error}"
    );
}

#[test]
fn a_predefined_val_part_is_not_ignored_by_k_fold() {
    let mut rows = grouped(&[("S1", &[0, 1]), ("S2", &[0, 1])], Some(Split::Train));
    rows.extend(grouped(&[("S3", &[0, 1])], Some(Split::Val)));
    assert_eq!(
        error_of(&manifest(&rows), &k_fold(2)),
        "2 patches are in the part val, which would be the only validation part, but '--folds' was \
         given too; leave out '--folds', or put these patches into train to draw over all of them"
    );
    let predefined = SplitOptions {
        method: SplitMethod::Predefined,
        ..k_fold(2)
    };
    assert_eq!(
        error_of(&two_classes(3, 3), &predefined),
        "the predefined split needs patches in both train and val, got 6 in train and 0 in val; \
         name them in the manifest's split column"
    );
}

#[test]
fn a_class_that_cannot_be_in_every_fold_is_a_warning() {
    let groups: [(&str, &[usize]); 5] = [
        ("S1", &[0, 1]),
        ("S2", &[0, 1]),
        ("S3", &[0]),
        ("S4", &[0]),
        ("S5", &[0]),
    ];
    let (_, warnings) = split(&manifest(&grouped(&groups, None)), &k_fold(3)).unwrap();
    let [
        SplitWarning::ClassNotInEveryFold {
            class,
            groups,
            folds,
            ..
        },
        SplitWarning::NoDivision(why),
    ] = warnings.as_slice()
    else {
        panic!("{warnings:?}");
    };
    assert_eq!((class.as_str(), *groups, folds.len()), ("malignant", 2, 1));
    let text = warnings[0].to_string();
    assert!(text.starts_with("class 'malignant' occurs in 2 groups by slide and is missing"));
    assert_eq!(
        why.to_string(),
        "no division of 5 groups by slide into 3 parts has every class in every part, since class \
         'malignant' is in 2 of them; '--folds 2' is possible"
    );
    let (_, warnings) = split(&two_classes(6, 6), &k_fold(3)).unwrap();
    assert_eq!(warnings, [SplitWarning::NoGroups]);
}

#[test]
fn a_division_with_every_class_in_every_part_is_found_whatever_the_seed() {
    let groups: [(&str, &[usize]); 4] = [("a", &[0]), ("b", &[0, 1]), ("c", &[1, 2]), ("d", &[2])];
    let mut manifest = manifest(&grouped(&groups, None));
    manifest.classes = ["normal", "benign", "malignant"]
        .map(str::to_owned)
        .to_vec();
    for seed in 0..40 {
        for method in [SplitMethod::KFold, SplitMethod::HoldOut] {
            let options = SplitOptions {
                seed: Seed(seed),
                method,
                ..k_fold(2)
            };
            let (folds, warnings) = split(&manifest, &options).unwrap();
            assert_eq!(warnings, []);
            for fold in folds.resolve(&manifest).unwrap() {
                for part in [fold.train, fold.val] {
                    let counts = manifest.class_counts_of(part);
                    assert!(counts.iter().all(|n| *n > 0), "{seed}: {counts:?}");
                }
            }
        }
    }
}

#[test]
fn a_division_that_does_not_exist_is_refused_with_the_proof() {
    // Two classes share two of three groups each: no halves have all three.
    let groups: [(&str, &[usize]); 3] = [("a", &[0, 1]), ("b", &[1, 2]), ("c", &[0, 2])];
    let mut manifest = manifest(&grouped(&groups, None));
    manifest.classes = ["normal", "benign", "malignant"]
        .map(str::to_owned)
        .to_vec();
    let error = error_of(&manifest, &k_fold(2));
    assert!(
        error.ends_with(
            "no division of 3 groups by slide into 2 parts has every class in every part: all were \
             searched; add a slide with the rare classes"
        ),
        "{error}"
    );
    // Each fold alone lacks a class, yet no training part does.
    let (_, warnings) = split(&manifest, &k_fold(3)).unwrap();
    assert!(
        warnings
            .iter()
            .any(|w| matches!(w, SplitWarning::NoDivision(_)))
    );
}

#[test]
fn folds_of_other_patches_are_refused() {
    let made_for = two_classes(6, 6);
    let (folds, _) = split(&made_for, &k_fold(3)).unwrap();
    let text = folds.to_json().unwrap();
    assert_eq!(Folds::from_json(&text).unwrap(), folds);
    assert_eq!(folds.validate(&made_for), Ok(()));
    let error = |manifest: &Manifest| folds.validate(manifest).unwrap_err().to_string();
    let fewer = error(&two_classes(6, 5));
    assert!(
        fewer.contains("it names unknown patches: 0011.png; rebuild it with"),
        "{fewer}"
    );
    let more = error(&two_classes(6, 7));
    assert!(
        more.contains("not so for 0012.png; rebuild it with 'eosin split'"),
        "{more}"
    );
    let relabelled = error(&two_classes(5, 7));
    assert!(
        relabelled.contains("labels, groups, splits or training patches"),
        "{relabelled}"
    );
    assert_eq!(
        folds.get(7).unwrap_err().to_string(),
        "fold 7 does not exist: folds.json has 0-2"
    );
}

#[test]
fn a_group_that_crosses_a_fold_is_an_error() {
    let groups: [(&str, &[usize]); 3] = [("S1", &[0, 1]), ("S2", &[0, 1]), ("S3", &[0, 1])];
    let sound = manifest(&grouped(&groups, None));
    let (folds, _) = split(&sound, &k_fold(3)).unwrap();
    let mut crossed = sound.clone();
    crossed.patches[0].slide = Some("S2".into());
    let error = folds.validate(&crossed).unwrap_err().to_string();
    assert!(
        error.starts_with("slide S2 is in both train and val of fold "),
        "{error}"
    );
    assert!(
        error.ends_with("; rebuild with 'eosin split --group slide'"),
        "{error}"
    );
}

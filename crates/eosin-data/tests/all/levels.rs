//! Which level of folders is the class: known, or refused with the ways to read it.

use std::path::Path;

use eosin_core::Split;
use eosin_data::{IngestOptions, Manifest, read_manifest};
use tempfile::{TempDir, tempdir};

use crate::fixtures::write_text;

/// Files of these names; nobody opens images before they are inspected.
fn tree(names: &[&str]) -> TempDir {
    let dir = tempdir().unwrap();
    for name in names {
        write_text(&dir.path().join(name), "");
    }
    dir
}

fn read(dir: &Path) -> Result<Manifest, String> {
    let read = read_manifest(dir, &IngestOptions::default());
    read.map_err(|error| error.to_string().replace(&dir.display().to_string(), "DIR"))
}

/// The layout and classes that are found.
#[track_caller]
fn known(names: &[&str], layout: &str, classes: &[&str]) -> Manifest {
    let dir = tree(names);
    let manifest = read(dir.path()).unwrap();
    assert_eq!(manifest.layout.to_string(), layout, "{names:?}");
    assert_eq!(manifest.classes, classes, "{names:?}");
    manifest
}

/// The refusal, which must hold these.
#[track_caller]
fn refused(names: &[&str], parts: &[&str]) {
    let dir = tree(names);
    let error =
        read(dir.path()).map(|manifest| format!("{} {:?}", manifest.layout, manifest.classes));
    let error = error.unwrap_err();
    for part in parts {
        assert!(error.contains(part), "'{part}' is not in: {error}");
    }
}

#[test]
fn lc25000_has_organs_above_its_classes() {
    known(
        &[
            "colon_image_sets/colon_aca/1.jpeg",
            "colon_image_sets/colon_n/1.jpeg",
            "lung_image_sets/lung_aca/1.jpeg",
            "lung_image_sets/lung_n/1.jpeg",
            "lung_image_sets/lung_scc/1.jpeg",
        ],
        "organ/class",
        &["colon_aca", "colon_n", "lung_aca", "lung_n", "lung_scc"],
    );
}

#[test]
fn breakhis_is_benign_or_malignant_with_patients_from_names() {
    let manifest = known(
        &[
            "histology_slides/breast/benign/SOB/adenosis/SOB_B_A_14-22549AB/40X/SOB_B_A-14-22549AB-40-001.png",
            "histology_slides/breast/benign/SOB/adenosis/SOB_B_A_14-22549AB/100X/SOB_B_A-14-22549AB-100-001.png",
            "histology_slides/breast/malignant/SOB/ductal_carcinoma/SOB_M_DC_14-2523/40X/SOB_M_DC-14-2523-40-001.png",
        ],
        "any/any/class",
        &["benign", "malignant"],
    );
    assert_eq!(
        manifest.patches[0].patient.as_deref(),
        Some("SOB_B_A_14-22549AB")
    );
    assert!(
        manifest
            .notes
            .iter()
            .any(|note| note.starts_with("file names look like BreakHis"))
    );
}

#[test]
fn idc_has_patients_above_0_and_1() {
    let manifest = known(
        &[
            "8863/0/8863_idx5_x1_y1_class0.png",
            "8863/1/8863_idx5_x2_y1_class1.png",
            "9254/0/9254_idx5_x1_y1_class0.png",
            "9254/1/9254_idx5_x2_y1_class1.png",
        ],
        "group/class",
        &["0", "1"],
    );
    assert_eq!(manifest.patches[0].patient.as_deref(), Some("8863"));
    known(
        &["10/0/a.png", "10/1/b.png", "8863/0/c.png", "8863/1/d.png"],
        "group/class",
        &["0", "1"],
    );
}

#[test]
fn other_public_sets_are_class_folders() {
    known(
        &["ADI/1.tif", "BACK/1.tif", "DEB/1.tif", "TUM/1.tif"],
        "class",
        &["ADI", "BACK", "DEB", "TUM"],
    );
    known(
        &[
            "Photos/Benign/b1.tif",
            "Photos/InSitu/i1.tif",
            "Photos/Normal/n1.tif",
        ],
        "any/class",
        &["Benign", "InSitu", "Normal"],
    );
    known(
        &[
            "NCT-CRC-HE-100K/ADI/1.tif",
            "NCT-CRC-HE-100K/TUM/1.tif",
            "CRC-VAL-HE-7K/ADI/2.tif",
        ],
        "part/class",
        &["ADI", "TUM"],
    );
    known(
        &[
            "train/0/a.png",
            "train/1/b.png",
            "test/0/c.png",
            "test/1/d.png",
        ],
        "part/class",
        &["0", "1"],
    );
}

#[test]
fn parts_are_known_in_any_spelling_and_language() {
    for [train, val, test] in [
        ["Train", "Val", "Test"],
        ["TRAINING", "Validation", "Testing"],
        ["train_set", "valid_set", "test_set"],
        ["Trainingsdaten", "Validierungsdaten", "Testdaten"],
        ["entrenamiento", "validación", "prueba"],
        ["训练集", "验证集", "测试集"],
    ] {
        let names = [train, val, test]
            .map(|part| ["benign", "malignant"].map(|class| format!("{part}/{class}/1.png")));
        let names: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
        let manifest = known(&names, "part/class", &["benign", "malignant"]);
        let parts: Vec<_> = manifest
            .split_counts()
            .iter()
            .map(|part| part.split)
            .collect();
        assert_eq!(
            parts,
            [Split::Train, Split::Val, Split::Test].map(Some),
            "{train}"
        );
    }
    known(
        &[
            "benign/train/1.png",
            "malignant/test/2.png",
            "malignant/train/3.png",
        ],
        "class/part",
        &["benign", "malignant"],
    );
    known(
        &[
            "data/images/Train/benign/1.png",
            "data/images/Train/malignant/1.png",
            "data/images/Test/benign/1.png",
        ],
        "any/any/part/class",
        &["benign", "malignant"],
    );
}

#[test]
fn parts_that_are_not_clear_are_refused() {
    refused(
        &["train/a/1.png", "benign/a/1.png"],
        &["'train' beside 'benign'", "'--layout class'"],
    );
    refused(&["train/a/1.png", "Train/b/1.png"], &["mean the same part"]);
    refused(
        &[
            "fold_0/train/a/1.png",
            "fold_0/val/b/1.png",
            "fold_1/train/a/1.png",
            "fold_1/val/b/1.png",
        ],
        &["folds that each have parts", "--data DIR/fold_0"],
    );
}

#[test]
fn folders_that_are_folds_are_the_folds_of_the_run() {
    let names = ["fold_0", "fold_1", "fold_2"]
        .map(|fold| ["benign", "malignant"].map(|class| format!("{fold}/{class}/1.png")));
    let names: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
    let manifest = known(&names, "fold/class", &["benign", "malignant"]);
    assert_eq!(manifest.patches[0].fold.as_deref(), Some("fold_0"));
    assert_eq!(manifest.named_folds(), ["fold_0", "fold_1", "fold_2"]);
    let named = ["fold_0", "fold_1"].map(|fold| {
        ["benign", "malignant"].map(|class| format!("{fold}/{class}/TCGA-A1-A0S{}.png", &fold[5..]))
    });
    let named: Vec<&str> = named.iter().flatten().map(String::as_str).collect();
    let manifest = known(&named, "fold/class", &["benign", "malignant"]);
    assert_eq!(manifest.patches[0].patient, None, "folds stay whole");
}

#[test]
fn numbers_are_classes_in_the_order_of_numbers() {
    known(
        &["0/a.png", "1/a.png", "2/a.png", "10/a.png"],
        "class",
        &["0", "1", "2", "10"],
    );
    known(
        &["label_0/a.png", "label_1/a.png"],
        "class",
        &["label_0", "label_1"],
    );
    known(
        &["grade_10/a.png", "grade_9/a.png"],
        "class",
        &["grade_9", "grade_10"],
    );
}

#[test]
fn slides_and_patients_below_the_classes_keep_patches_together() {
    let manifest = known(
        &[
            "benign/slide0/1.png",
            "benign/slide1/1.png",
            "malignant/slide0/1.png",
        ],
        "class/slide",
        &["benign", "malignant"],
    );
    assert_eq!(manifest.patches[0].slide.as_deref(), Some("slide0"));
    known(
        &["tumour/patient 1/a.png", "normal/patient 2/a.png"],
        "class/patient",
        &["normal", "tumour"],
    );
    known(
        &[
            "TCGA-A1-A0SB/normal/1.png",
            "TCGA-A1-A0SB/tumor/2.png",
            "TCGA-B1-A0SC/tumor/3.png",
            "TCGA-B1-A0SC/normal/4.png",
        ],
        "patient/class",
        &["normal", "tumor"],
    );
}

#[test]
fn what_may_be_read_in_two_ways_is_refused_with_the_command_for_each() {
    let both = &["'--layout class'", "'--layout any/class'"];
    refused(
        &["red/a/1.png", "red/b/1.png", "blue/c/1.png", "blue/d/1.png"],
        both,
    );
    refused(
        &[
            "benign/adenosis/1.png",
            "benign/fibroadenoma/1.png",
            "malignant/ductal_carcinoma/1.png",
        ],
        both,
    );
    refused(
        &[
            "hospital_a/benign/1.png",
            "hospital_a/malignant/1.png",
            "hospital_b/benign/2.png",
        ],
        &[
            "'--layout any/class'",
            "'--layout group/class'",
            "benign (2), malignant (1)",
        ],
    );
    refused(
        &["P001/1/a.png", "P001/2/a.png", "P002/1/a.png"],
        &["'--layout group/class'"],
    );
    refused(
        &["P001/a.png", "P002/a.png", "P003/a.png"],
        &[
            "no level of folders that looks like classes",
            "'--layout class'",
        ],
    );
    refused(
        &[
            "tumor_001/a.png",
            "tumor_002/a.png",
            "tumor_003/a.png",
            "normal_001/a.png",
            "normal_002/a.png",
            "normal_003/a.png",
        ],
        &["no level"],
    );
    refused(&["images/a.png", "masks/a.png"], &["no level of folders"]);
    refused(&["40X/a.png", "100X/a.png"], &["no level of folders"]);
    refused(
        &[
            "colon/1.png",
            "colon/colon_aca/1.png",
            "lung/lung_n/1.png",
            "lung/lung_aca/1.png",
        ],
        &["directly in DIR/colon"],
    );
    refused(
        &["train/a/1.png", "train/b/1.png", "train/x.png"],
        &["directly in DIR/train"],
    );
}

#[test]
fn a_way_that_was_chosen_is_taken() {
    let dir = tree(&["red/a/1.png", "red/b/1.png", "blue/c/1.png", "blue/d/1.png"]);
    for (layout, classes, groups) in [
        ("class", 2, 0),
        ("any/class", 4, 0),
        ("group/class", 4, 4),
        ("class/patient", 2, 0),
    ] {
        let options = IngestOptions {
            layout: Some(layout.parse().unwrap()),
            ..IngestOptions::default()
        };
        let manifest = read_manifest(dir.path(), &options).unwrap();
        let grouped = manifest
            .patches
            .iter()
            .filter(|patch| patch.group.is_some())
            .count();
        assert_eq!(
            (manifest.classes.len(), grouped),
            (classes, groups),
            "{layout}"
        );
        assert_eq!(manifest.layout.to_string(), layout);
    }
    let options = IngestOptions {
        layout: Some("part/class".parse().unwrap()),
        ..IngestOptions::default()
    };
    let error = read_manifest(dir.path(), &options).unwrap_err().to_string();
    assert!(error.contains("blue is no part"), "{error}");
}

#[test]
fn strays_and_what_eosin_wrote_are_passed_over_and_counted() {
    let manifest = known(
        &[
            "benign/1.png",
            "benign/._1.png",
            "benign/.DS_Store",
            "benign/Thumbs.db",
            "benign/.ipynb_checkpoints/1-checkpoint.png",
            "malignant/1.png",
            "malignant/desktop.ini",
            "__MACOSX/benign/._1.png",
            "notebooks/look.ipynb",
            "scripts/run.py",
            "runs/a/run.json",
            "runs/a/report.html",
            "runs/b/start.json",
            "runs/b/config.toml",
            "cache/0f/recipe.json",
            "cache/0f/records.bin",
            "cache/weights/a.safetensors",
        ],
        "class",
        &["benign", "malignant"],
    );
    assert_eq!(manifest.patches.len(), 2);
    let notes = manifest.notes.join("\n");
    assert!(
        notes.contains("6 entries that systems or tools left behind"),
        "{notes}"
    );
    assert!(notes.contains("passed over what eosin wrote: "), "{notes}");
    assert!(notes.contains("notebooks, scripts"), "{notes}");
}

#[test]
fn a_folder_of_unknown_files_may_be_a_class_and_is_refused() {
    refused(
        &["benign/1.png", "malignant/1.png", "normal/1.dcm"],
        &["class 'normal' has no patches", "holds 1 file"],
    );
    refused(
        &["benign/1.png", "malignant/1.png", "NA/1.png"],
        &["DIR/NA stands for what is not known"],
    );
    refused(
        &[
            "train/Benign/1.png",
            "train/malignant/1.png",
            "test/benign/1.png",
        ],
        &["label 'Benign'", "and 'benign'", "write each in one way"],
    );
}

#[cfg(unix)]
#[test]
fn links_are_followed_once_and_circles_are_refused() {
    use std::os::unix::fs::symlink;
    let dir = tree(&[
        "data/benign/a/1.png",
        "data/malignant/b/1.png",
        "store/c/1.png",
        "store/d/1.png",
    ]);
    let data = dir.path().join("data");
    symlink("../../store/c", data.join("benign/c")).unwrap();
    symlink(dir.path().join("store/d"), data.join("malignant/d")).unwrap();
    let manifest = read(&data).unwrap();
    assert_eq!(manifest.class_counts(), [2, 2]);
    assert!(
        manifest
            .notes
            .contains(&"2 links to folders followed".to_owned())
    );
    symlink("..", data.join("benign/up")).unwrap();
    assert!(read(&data).unwrap_err().contains("leads back"));
    std::fs::remove_file(data.join("benign/up")).unwrap();
    symlink("../malignant/b", data.join("benign/b")).unwrap();
    assert!(read(&data).unwrap_err().contains("are one folder"));
    std::fs::remove_file(data.join("benign/b")).unwrap();
    symlink("gone", data.join("benign/e")).unwrap();
    assert!(read(&data).unwrap_err().contains("leads nowhere"));
}

#[cfg(unix)]
#[test]
fn names_in_old_encodings_stay_distinct() {
    use std::os::unix::ffi::OsStrExt as _;
    let dir = tree(&["benign/1.png", "malignant/1.png"]);
    for name in [&b"f\xe4rbung.png"[..], b"f\xf6rbung.png"] {
        std::fs::write(
            dir.path()
                .join("benign")
                .join(std::ffi::OsStr::from_bytes(name)),
            "",
        )
        .unwrap();
    }
    let manifest = read(dir.path()).unwrap();
    assert_eq!(manifest.class_counts(), [3, 1]);
    assert_eq!(manifest.patches[1].key, "benign/f\\xE4rbung.png");
}

#[test]
fn slides_in_names_are_offered_and_used_when_asked_for() {
    let names = [
        "benign/s1_x0_y0.png",
        "benign/s1_x1_y0.png",
        "malignant/s2_x0_y0.png",
    ];
    let manifest = known(&names, "class", &["benign", "malignant"]);
    assert_eq!(manifest.patches[0].slide, None);
    assert!(
        manifest.notes[0].contains("'--set data.ids=names'"),
        "{:?}",
        manifest.notes
    );
    let dir = tree(&names);
    let options = IngestOptions {
        ids: eosin_core::config::IdSource::Names,
        ..IngestOptions::default()
    };
    let manifest = read_manifest(dir.path(), &options).unwrap();
    assert_eq!(manifest.patches[0].slide.as_deref(), Some("s1"));
}

#[test]
fn a_folder_beside_the_classes_that_holds_them_again_is_no_class() {
    for name in [
        "augmented",
        "extra",
        "old",
        "new",
        "more",
        "aug",
        "original",
        "unused",
        "rejected",
        "backup",
        "copy",
    ] {
        let nested = ["benign", "malignant"].map(|class| format!("{name}/{class}/1.png"));
        for files in [
            &["benign/1.png", "malignant/2.png", &nested[0], &nested[1]][..],
            &["benign/1.png", "malignant/2.png", &nested[0]],
        ] {
            refused(
                files,
                &[
                    &format!("holds '{name}' beside its classes, which itself holds folders named"),
                    &format!("to leave it out, move it away or rename it to '.{name}'"),
                    "'--layout class'",
                ],
            );
            let hidden = files
                .iter()
                .map(|file| file.replace(name, &format!(".{name}")));
            let hidden: Vec<String> = hidden.collect();
            let hidden: Vec<&str> = hidden.iter().map(String::as_str).collect();
            known(&hidden, "class", &["benign", "malignant"]);
        }
    }
    refused(
        &["x/1.png", "y/2.png", "aug/X/1.png", "aug/y/1.png"],
        &["holds 'aug' beside its classes", "(X, y)"],
    );
    refused(
        &[
            "train/a/1.png",
            "train/b/2.png",
            "train/aug/a/3.png",
            "test/a/4.png",
            "test/b/5.png",
        ],
        &[
            "holds 'train/aug' beside",
            "'train/.aug'",
            "'--layout part/class'",
        ],
    );
    refused(
        &[
            "benign/p1/1.png",
            "malignant/p2/2.png",
            "aug/benign/p1/1.png",
            "aug/malignant/p2/2.png",
        ],
        &["holds 'aug' beside its classes"],
    );
    // A class within itself is how archives unfold.
    known(
        &["benign/benign/1.png", "malignant/2.png"],
        "class",
        &["benign", "malignant"],
    );
}

#[test]
fn symbols_are_names_of_classes() {
    known(&["🎉/1.png", "😀/2.png"], "class", &["🎉", "😀"]);
    known(&["✓/1.png", "✗/2.png"], "class", &["✓", "✗"]);
    refused(&["–/1.png", "a/2.png"], &["stands for what is not known"]);
}

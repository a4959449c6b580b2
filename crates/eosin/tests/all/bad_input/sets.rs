//! Sets of patches that cannot be trained on.

use std::fs;

use crate::scratch::{JOB, Scratch};

/// Class folders with so many patches.
fn class_folders(benign: usize, malignant: usize) -> Scratch {
    let scratch = Scratch::new();
    for (class, count) in [("benign", benign), ("malignant", malignant)] {
        fs::create_dir_all(scratch.path(&format!("data/{class}"))).expect("a new folder");
        for at in 0..count {
            scratch.write_png(&format!("data/{class}/{at}.png"), 32, 32);
        }
    }
    scratch
}

/// The datathon's layout with images 1 to 4 and these label lines.
fn datathon(labels: &str) -> Scratch {
    let scratch = Scratch::new();
    for number in 1..=4 {
        scratch.write_png(&format!("data/train/train_data/{number}.png"), 32, 32);
    }
    scratch.write("data/train/train_label", labels);
    scratch
}

#[test]
fn a_missing_folder_is_named() {
    let scratch = Scratch::new();
    let refused = scratch.eosin("run --data no/such --out run");
    refused.refused(&["no/such does not exist; give a folder of patches or a CSV manifest"]);
    assert!(
        !scratch.path("run").exists(),
        "a refused run leaves no folder"
    );
}

#[test]
fn a_folder_without_classes_says_what_a_set_looks_like() {
    let scratch = Scratch::new();
    scratch.write("data/notes.txt", "no images");
    let refused = scratch.eosin("run --data data --out run");
    refused.refused(&["data holds no class folders", "benign/*.png"]);
}

#[test]
fn an_empty_class_is_named_with_its_folder() {
    let refused = class_folders(4, 0).eosin("run --data data --out run");
    refused.refused(&[
        "class 'malignant' has no patches to train on",
        "data/malignant is empty",
    ]);
}

#[test]
fn a_single_class_is_refused() {
    let scratch = class_folders(4, 0);
    fs::remove_dir(scratch.path("data/malignant")).unwrap();
    let refused = scratch.eosin("run --data data --out run");
    refused.refused(&[
        "all patches are of one class, 'benign'",
        "at least 2 classes",
    ]);
}

#[test]
fn one_image_per_class_cannot_be_cross_validated() {
    let refused = class_folders(1, 1).eosin("run --data data --out run --folds 2");
    refused.refused(&[
        "2 parts were asked for, but class 'benign' has 1",
        "one image of a class",
    ]);
}

#[test]
fn labels_without_images_are_listed() {
    let refused = datathon("1 0\n2 1\n3 0\n4 1\n70 1\n71 0\n").eosin("run --data data --out run");
    refused.refused(&[
        "2 labels have no image: train/70, train/71",
        "add what is missing",
    ]);
}

#[test]
fn images_without_labels_are_listed() {
    let refused = datathon("1 0\n2 1\n").eosin("run --data data --out run");
    refused.refused(&[
        "2 images have no label: train/3, train/4",
        "add what is missing",
    ]);
}

#[test]
fn labels_without_images_and_images_without_labels_are_told_together() {
    let refused = datathon("1 0\n2 1\n3 1\n70 0\n").eosin("run --data data --out run");
    refused.refused(&[
        "1 label has no image: train/70",
        "1 image has no label: train/4",
    ]);
}

#[test]
fn a_label_that_is_neither_0_nor_1_is_named_with_its_line() {
    let refused = datathon("1 0\n2 1\n3 tumour\n4 0\n").eosin("run --data data --out run");
    refused.refused(&[
        "train_label",
        "line 3 is '3 tumour', expected '<integer> <0 or 1>'",
    ]);
}

#[test]
fn a_manifest_row_whose_image_is_missing_is_listed() {
    let scratch = Scratch::with_phantom();
    let key = &scratch.keys()[0];
    fs::remove_file(scratch.path(&format!("data/{key}"))).unwrap();
    let refused = scratch.eosin("run --data data --out run");
    refused.refused(&[&format!("1 name has no image in data/manifest.csv: {key}")]);
}

#[test]
fn duplicated_keys_are_listed() {
    let scratch = Scratch::with_phantom();
    let manifest = scratch.text("data/manifest.csv");
    let row = manifest.lines().nth(1).unwrap();
    scratch.write("data/manifest.csv", format!("{manifest}{row}\n"));
    let refused = scratch.eosin("run --data data --out run");
    refused.refused(&[&format!(
        "1 key occurs more than once: {}",
        scratch.keys()[0]
    )]);
}

#[test]
fn more_folds_than_groups_are_refused_with_as_many_as_there_are() {
    let scratch = Scratch::with_phantom();
    let refused = scratch.eosin("run --data data --out run --folds 7");
    refused.refused(&[
        "7 parts were asked for, but there are 6 groups by patient",
        "use '--folds 6' at most",
    ]);
    scratch
        .eosin("split --data data --folds 7 --group none")
        .done();
}

#[test]
fn a_grouping_that_the_set_does_not_have_is_refused() {
    let refused = class_folders(4, 4).eosin("run --data data --out run --group patient");
    refused.refused(&["no patch has a patient", "--group none"]);
}

#[test]
fn folds_of_another_set_are_refused() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin("split --data data --folds 3 --out folds.json")
        .done();
    let manifest = scratch.text("data/manifest.csv");
    let fewer: Vec<&str> = manifest.lines().take(40).collect();
    scratch.write("data/manifest.csv", fewer.join("\n") + "\n");
    let train = scratch.eosin(&format!(
        "train --data data --split folds.json --out run {JOB}"
    ));
    train.refused(&["folds.json does not fit", "rebuild it with 'eosin split'"]);
}

#[test]
fn folds_with_a_patient_on_both_sides_are_refused() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin("split --data data --folds 3 --out folds.json")
        .done();
    let mut folds = scratch.json("folds.json");
    let moved = folds["folds"][0]["val"]
        .as_array_mut()
        .unwrap()
        .pop()
        .unwrap();
    folds["folds"][1]["val"].as_array_mut().unwrap().push(moved);
    scratch.write("folds.json", folds.to_string());
    let train = scratch.eosin(&format!(
        "train --data data --split folds.json --out run {JOB}"
    ));
    train.refused(&[
        "patient P0",
        "is in both train and val of fold",
        "'eosin split --group patient'",
    ]);
}

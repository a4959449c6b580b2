//! The checks before training, on data that is wrong.

use std::fs;

use crate::scratch::{JOB, Scratch};

#[test]
fn good_data_passes_every_check_in_every_mode() {
    let scratch = Scratch::with_phantom();
    for mode in ["head", "last-block", "full"] {
        scratch
            .eosin(&format!(
                "run --data data {JOB} --mode {mode} --set train.doctor=refuse --out {mode}"
            ))
            .done()
            .says(&["9 of 9 checks passed"]);
        let findings = scratch.json(&format!("{mode}/doctor.json"));
        assert_eq!(findings.as_array().map(Vec::len), Some(9));
    }
}

#[test]
fn one_picture_in_training_and_validation_is_told_or_refused() {
    let scratch = Scratch::with_class_folders();
    // Every benign patch twice under other names: random folds part some of the twins.
    let folder = scratch.path("data/train/benign");
    let folder = if folder.is_dir() {
        folder
    } else {
        scratch.path("data/benign")
    };
    for entry in fs::read_dir(&folder).expect("a class folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        fs::copy(&path, folder.join(format!("copy-of-{name}"))).expect("a copy");
    }
    let words = format!("run --data data {JOB} --out");
    scratch.eosin(&format!("{words} warned")).done().says(&[
        "warning: ",
        "are the same picture, one in the training and one in the validation",
    ]);
    scratch
        .eosin(&format!("{words} refused --set train.doctor=refuse"))
        .refused(&["the checks before training failed", "are the same picture"]);
    let quiet = scratch
        .eosin(&format!("{words} quiet --set train.doctor=off"))
        .done();
    assert!(!quiet.stderr.contains("same picture"), "{}", quiet.stderr);
}

#[test]
fn swapped_channels_are_told() {
    let scratch = Scratch::with_phantom();
    for key in scratch.keys() {
        let path = scratch.path(&format!("data/{key}"));
        let mut picture = image::open(&path).expect("a patch").to_rgb8();
        picture.pixels_mut().for_each(|pixel| pixel.0.reverse());
        picture.save(&path).expect("a patch");
    }
    scratch
        .eosin(&format!("run --data data {JOB} --out run"))
        .done()
        .says(&["the channels seem to be in the order blue, green, red"]);
}

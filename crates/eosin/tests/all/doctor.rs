//! The checks before training, on data that is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::run_files::listing;
use crate::scratch::{EXAMINED, Scratch};

#[test]
fn good_data_passes_every_check_in_every_mode() {
    let scratch = Scratch::with_phantom();
    for mode in ["head", "last-block", "full"] {
        scratch
            .eosin(&format!(
                "run --data data {EXAMINED} --epochs 3 --batch-size 16 --mode {mode} --set train.doctor=refuse --out {mode}"
            ))
            .done()
            .says(&["9 of 9 checks passed"]);
        let findings = scratch.json(&format!("{mode}/doctor.json"));
        assert_eq!(findings.as_array().map(Vec::len), Some(9));
    }
}

/// Class folders with every patch twice under other names: random folds part some of the twins.
fn with_twins() -> Scratch {
    let scratch = Scratch::with_class_folders();
    for class in ["benign", "malignant"] {
        let folder = scratch.path(&format!("data/{class}"));
        for name in listing(&scratch, &format!("data/{class}")) {
            fs::copy(folder.join(&name), folder.join(format!("copy-of-{name}"))).expect("a copy");
        }
    }
    scratch
}

/// Patches whose copy is in another fold, by `folds.json`.
fn parted(scratch: &Scratch, run: &str) -> BTreeSet<String> {
    let folds = scratch.json(&format!("{run}/folds.json"));
    let mut fold_of = BTreeMap::new();
    for fold in folds["folds"].as_array().expect("a list") {
        for key in fold["val"].as_array().expect("a list") {
            fold_of.insert(
                key.as_str().expect("a key").to_owned(),
                fold["fold"].clone(),
            );
        }
    }
    let original = |key: &&String| !key.contains("copy-of-");
    let parted = |key: &&String| {
        let copy = key.replacen('/', "/copy-of-", 1);
        fold_of[*key] != fold_of[&copy]
    };
    let keys = fold_of.keys().filter(original).filter(parted);
    keys.cloned().collect()
}

#[test]
fn pictures_in_training_and_validation_are_an_error_that_lists_all() {
    let scratch = with_twins();
    let words = format!("run --data data {EXAMINED} --out");
    let refused = scratch.eosin(&format!("{words} refused"));
    let expected = parted(&scratch, "refused");
    assert!(expected.len() > 20, "{}", expected.len());
    refused.refused(&[
        &format!("{} pictures are on both sides of a split", expected.len()),
        "one in the training and one in the validation part",
        &format!("and {} more, all in doctor.json", expected.len() - 20),
        "'--set train.doctor=warn'",
    ]);
    let found = scratch.json("refused/doctor.json");
    let mut listed = BTreeSet::new();
    for leak in found[0]["leaks"].as_array().expect("a list") {
        let files = leak["files"].as_array().expect("a list");
        let mut keys: Vec<&str> = files
            .iter()
            .map(|file| file.as_str().expect("a path"))
            .map(|path| path.rsplit_once("data/").expect("a patch of the set").1)
            .collect();
        keys.sort_by_key(|key| key.len());
        assert_eq!(keys[1], keys[0].replacen('/', "/copy-of-", 1));
        assert_eq!(
            (keys.len(), leak["folds"].as_array().map(Vec::len)),
            (2, Some(2))
        );
        listed.insert(keys[0].to_owned());
    }
    assert_eq!(listed, expected);
    // Nothing was embedded before the refusal.
    let entries = listing(&scratch, "cache");
    assert!(
        entries.iter().all(|name| name.starts_with("ledger")),
        "{entries:?}"
    );
}

#[test]
fn a_run_that_cannot_be_replaced_stays() {
    let scratch = with_twins();
    let run = |words: &str| scratch.eosin(&format!("run --data data --out run {EXAMINED} {words}"));
    run("--set train.doctor=warn").done();
    let state = || (listing(&scratch, "run"), scratch.text("run/run.json"));
    let before = state();
    for words in [
        "",
        "--head knn --set train.strength=1000 --set train.doctor=warn",
        "--augment none --set cache.max_bytes=1000 --set train.doctor=warn",
    ] {
        let refused = run(&format!("{words} --overwrite"));
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        // No folder has the list, so the message has all of it.
        assert!(
            !refused.stderr.contains("doctor.json"),
            "{}",
            refused.stderr
        );
        assert_eq!(state(), before, "{words}");
    }
    run("--set train.doctor=warn --overwrite").done();
}

#[test]
fn whoever_wants_goes_on_with_a_leak() {
    let scratch = with_twins();
    let words = format!("run --data data {EXAMINED} --out");
    scratch
        .eosin(&format!("{words} warned --set train.doctor=warn"))
        .done()
        .says(&["warning: ", "pictures are on both sides of a split"]);
    scratch
        .eosin(&format!("{words} refused --set train.doctor=refuse"))
        .refused(&["the checks before training failed", "both sides of a split"]);
    let quiet = scratch
        .eosin(&format!("{words} quiet --set train.doctor=off"))
        .done();
    let told = quiet.stderr.contains("pictures are on both sides");
    assert!(!told, "{}", quiet.stderr);
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
        .eosin(&format!("run --data data {EXAMINED} --out run"))
        .done()
        .says(&["the channels seem to be in the order blue, green, red"]);
}

#[test]
fn a_folder_that_is_no_runs_is_never_written_over() {
    let scratch = Scratch::with_phantom();
    let own = "path,label,age\na.png,benign,70\n";
    std::fs::create_dir(scratch.path("own")).unwrap();
    scratch.write("own/manifest.csv", own);
    for words in ["", "--overwrite"] {
        scratch
            .eosin(&format!("run --data data {EXAMINED} --out own {words}"))
            .refused(&[
                "own holds 'manifest.csv', which is no run's",
                "name another folder",
            ]);
        scratch
            .eosin(&format!("run --data data {EXAMINED} --out data {words}"))
            .refused(&["is the folder of the patches itself"]);
    }
    assert_eq!(scratch.text("own/manifest.csv"), own);
    assert_eq!(listing(&scratch, "own"), ["manifest.csv"]);
}

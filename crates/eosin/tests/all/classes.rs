//! Which class is the positive one, and sets of more than two.

use std::fs;

use crate::scratch::{JOB, Scratch};

/// Class folders with these names in place of `benign` and `malignant`.
fn with_classes([one, other]: [&str; 2]) -> Scratch {
    let scratch = Scratch::with_class_folders();
    for (from, to) in [("benign", one), ("malignant", other)] {
        let [from, to] = [from, to].map(|name| scratch.path(&format!("data/{name}")));
        fs::rename(from, to).expect("a class folder");
    }
    scratch
}

#[test]
fn the_positive_class_is_known_by_its_name_and_not_by_the_alphabet() {
    let scratch = with_classes(["normal", "cancer"]);
    let run = scratch.eosin(&format!("run --data data --out run {JOB}"));
    assert!(run.done().stdout.contains("positive class: cancer"));
    assert_eq!(scratch.json("run/run.json")["positive"], "cancer");
}

#[test]
fn names_that_do_not_say_which_is_positive_are_refused_with_both_fixes() {
    let scratch = with_classes(["adenosis", "fibroadenoma"]);
    let job = format!("run --data data --out run {JOB}");
    scratch.eosin(&job).refused(&[
        "'--set data.positive=adenosis'",
        "'--set data.positive=fibroadenoma'",
    ]);
    assert!(!scratch.path("run").exists());
    let run = scratch.eosin(&format!("{job} --set data.positive=adenosis"));
    run.done();
    assert_eq!(scratch.json("run/run.json")["positive"], "adenosis");
    let score = "score run/predictions.csv";
    scratch
        .eosin(score)
        .refused(&["'--positive adenosis'", "'--positive fibroadenoma'"]);
    let score = scratch.eosin(&format!("{score} --positive adenosis --json"));
    let told = &scratch.json("run/metrics.json")["out_of_fold"][0];
    assert_eq!(score.done().json()["recall"], told["recall"]);
}

//! The cases that public reports describe, where the script that makes them is at hand.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::scratch::Scratch;

/// The cases, in `cases` of a new folder.
fn cases() -> Option<Scratch> {
    let python = eosin_testing::python()?;
    let script = eosin_testing::shared("cases/make_cases.py")?;
    let archive = eosin_testing::shared("data/pcam-khd.tar")?;
    let scratch = Scratch::new();
    let run = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    assert!(run(Command::new("tar")
        .arg("-xf")
        .arg(archive)
        .arg("-C")
        .arg(scratch.path(""))));
    let made = run(Command::new(python)
        .arg(script)
        .arg(scratch.path("pcam-khd/train"))
        .arg(scratch.path("cases")));
    if !made {
        eosin_testing::skip("cases", "the Python lacks numpy, pillow or tifffile");
        return None;
    }
    Some(scratch)
}

/// Patches by class as `inspect` counts them.
fn counts(scratch: &Scratch, data: &str) -> BTreeMap<String, u64> {
    let told = scratch
        .eosin(&format!("inspect --data cases/{data} --json"))
        .done()
        .json();
    let mut counts = BTreeMap::new();
    for class in told["classes"].as_array().expect("classes") {
        let name = class["class"].as_str().expect("a name").to_owned();
        *counts.entry(name).or_default() += class["patches"].as_u64().expect("a number");
    }
    counts
}

fn truth(scratch: &Scratch, case: &str) -> BTreeMap<String, u64> {
    let truth: Value = scratch.json(&format!("cases/{case}/truth.json"));
    serde_json::from_value(truth["classes"].clone()).expect("classes")
}

#[test]
fn reported_folders_and_tables_are_read_right_or_refused_by_name() {
    let Some(scratch) = cases() else {
        return;
    };
    for (case, data) in [
        ("folders-organ-first", "data"),
        ("folders-split-words", "capital"),
        ("folders-split-words", "valid"),
        ("folders-split-words", "training"),
        ("folders-split-words", "folds"),
        ("folders-links", "data"),
        ("folders-digits", "data"),
        ("folders-stray-entries", "data"),
        ("names-odd", "data"),
        ("table-semicolon", "manifest.csv"),
        ("table-cp1252", "manifest.csv"),
        ("table-utf16", "manifest.csv"),
        ("table-sep-line", "manifest.csv"),
    ] {
        let found = counts(&scratch, &format!("{case}/{data}"));
        assert_eq!(found, truth(&scratch, case), "{case}/{data}");
    }
    assert_eq!(
        counts(&scratch, "names-odd/latin1").values().sum::<u64>(),
        44
    );
    for (table, patches) in [
        ("table-ids/train_labels.csv", 40),
        ("table-ids/renamed.csv", 40),
        ("table-nfd-names/manifest.csv", 40),
        ("table-windows-paths/absolute.csv", 48),
        ("table-windows-paths/upper.csv", 48),
        ("table-absolute-paths/absolute.csv", 48),
    ] {
        let found = counts(&scratch, table);
        assert_eq!(
            (found.len(), found.values().sum::<u64>()),
            (2, patches),
            "{table}"
        );
    }
    scratch
        .eosin("inspect --data cases/table-label-case/manifest.csv")
        .refused(&["label 'benign' (line 2) and 'Benign' (line 4)"]);
    let narrow = scratch.eosin("inspect --data cases/tiff-12-bits/data");
    assert_eq!(narrow.code, Some(1));
    narrow.says(&["values up to"]);
}

#[test]
fn reported_predictions_and_scores_come_out_right() {
    let Some(scratch) = cases() else {
        return;
    };
    let files = "cases/score-files";
    let expected = scratch.json(&format!("{files}/truth.json"))["auroc"]
        .as_f64()
        .expect("a number");
    for labels in [
        "labels.csv",
        "labels_bom.csv",
        "labels_semicolon.csv",
        "labels.tsv",
        "labels_cp1252.csv",
        "labels_blank.csv",
    ] {
        let words = format!("score {files}/predictions.csv --labels {files}/{labels} --json");
        let auroc = scratch.eosin(&words).done().json()["auroc"]
            .as_f64()
            .expect("a number");
        assert!((auroc - expected).abs() < 1e-9, "{labels}: {auroc}");
    }
    let words = format!("score {files}/predictions_nan.csv --labels {files}/labels.csv");
    scratch
        .eosin(&words)
        .refused(&["predictions_nan.csv, line 9", "img_007.png is 'nan'"]);
    let folder = "cases/predict-folder";
    scratch
        .eosin(&format!(
            "run --data {folder}/data --folds 3 --mode head --epochs 1 --out run"
        ))
        .done();
    let rows = |words: &str| -> usize {
        let told = scratch
            .eosin(&format!("predict run {folder}/{words}"))
            .done();
        told.stdout.lines().count() - 1
    };
    assert_eq!(rows("plain"), 6);
    assert_eq!(rows("apple"), 6);
    assert_eq!(rows("deep"), 6);
    assert_eq!(rows("junk --skip-bad"), 6);
    assert_eq!(rows("other_size --resize square"), 3);
    scratch
        .eosin(&format!("predict run {folder}/junk"))
        .refused(&["cut.jpg", "empty.jpg", "page.png", "3 of 9 images"]);
    assert!(Path::new(&scratch.path("run/run.json")).is_file());
}

//! From patches to a model that is used, in one command and step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::run_files::{Row, answers, assert_same_run, copy_test_images, file_name, listing, rows};
use crate::scratch::{EPOCHS, EXAMINED, Scratch, TEST_PATCHES, TRAIN_PATCHES};

#[test]
fn a_run_folder_holds_every_documented_file() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("run --data data --out run {EXAMINED}"))
        .done();
    let expected = "audit.json config.toml decision.json doctor.json events.jsonl folds folds.json manifest.csv metrics.json model-card.md \
        predictions.csv report.html run.json run.lock slices.json start.json timings.json";
    assert_eq!(
        listing(&scratch, "run"),
        expected.split_whitespace().collect::<Vec<_>>()
    );
    assert_eq!(listing(&scratch, "run/folds"), ["0.0", "0.1", "0.2"]);
    assert_eq!(
        listing(&scratch, "run/folds/0.1"),
        ["outcome.json", "predictions.csv.gz", "weights.safetensors"]
    );
}

#[test]
fn every_epoch_of_every_fold_is_an_event() {
    let scratch = Scratch::with_phantom();
    let job = format!("run --data data --out run {EPOCHS} --mode head");
    scratch.eosin(&job).done();
    let text = scratch.text("run/events.jsonl");
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(events.iter().all(|event| event["event"] == "epoch"));
    let number = |event: &Value, key: &str| event[key].as_u64().unwrap();
    let seen: BTreeSet<(u64, u64)> = events
        .iter()
        .map(|event| (number(event, "fold"), number(event, "epoch")))
        .collect();
    assert_eq!(events.len(), 9);
    assert_eq!(
        seen,
        (0..3)
            .flat_map(|fold| (0..3).map(move |epoch| (fold, epoch)))
            .collect()
    );
}

#[test]
fn every_patch_is_predicted_once_by_each_part_it_is_in() {
    let scratch = Scratch::with_run();
    let manifest = rows(&scratch.text("data/manifest.csv"));
    let predictions = rows(&scratch.text("run/predictions.csv"));
    let keys = |rows: &[Row], of: &str| -> Vec<String> {
        let part = |row: &&Row| row["part"] == of;
        let mut keys: Vec<String> = rows
            .iter()
            .filter(part)
            .map(|row| row["key"].clone())
            .collect();
        keys.sort();
        keys
    };
    let of_split = |split: &str| -> Vec<String> {
        let rows = manifest.iter().filter(|row| row["split"] == split);
        let mut keys: Vec<String> = rows.map(|row| row["path"].clone()).collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&predictions, "out-of-fold"), of_split("train"));
    assert_eq!(keys(&predictions, "test-average"), of_split("test"));
    assert_eq!(keys(&predictions, "test-best"), of_split("test"));
    assert_eq!(predictions.len(), TRAIN_PATCHES + 2 * TEST_PATCHES);
    let labels: BTreeMap<&str, &str> = manifest
        .iter()
        .map(|row| (row["path"].as_str(), row["label"].as_str()))
        .collect();
    assert!(
        predictions
            .iter()
            .all(|row| labels[row["key"].as_str()] == row["target"])
    );
}

#[test]
fn a_patient_is_validated_on_in_one_fold_only() {
    let scratch = Scratch::with_run();
    let mut folds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows(&scratch.text("run/predictions.csv")) {
        if row["part"] == "out-of-fold" {
            let patient = file_name(&row["key"])[..4].to_owned();
            folds
                .entry(patient)
                .or_default()
                .insert(row["fold"].clone());
        }
    }
    assert_eq!(folds.len(), 6);
    assert!(folds.values().all(|folds| folds.len() == 1), "{folds:?}");
}

#[test]
fn the_report_needs_no_other_file() {
    let scratch = Scratch::with_run();
    let html = scratch.text("run/report.html");
    assert!(html.contains("<svg") && html.contains("data:image/"));
    for reference in [
        "src=\"http",
        "href=\"http",
        "<link",
        "@import",
        "url(http",
        "<script src",
    ] {
        assert!(!html.contains(reference), "the report has {reference}");
    }
    let images = html.matches("src=\"").count();
    assert_eq!(images, html.matches("src=\"data:image/").count());
}

#[test]
fn the_run_folder_alone_repeats_its_test_predictions_to_the_last_bit() {
    let scratch = Scratch::with_run();
    let labels = copy_test_images(&scratch);
    let told = rows(&scratch.text("run/predictions.csv"));
    fs::rename(scratch.path("run"), scratch.path("moved")).unwrap();
    fs::remove_dir_all(scratch.path("data")).unwrap();
    fs::remove_dir_all(scratch.path("cache")).unwrap();
    let average = rows(&scratch.eosin("predict moved new").done().stdout);
    assert_eq!(average.len(), labels.len());
    assert_eq!(answers(&average, ""), answers(&told, "test-average"));
    let best = rows(&scratch.eosin("predict moved new --fold best").done().stdout);
    assert_eq!(answers(&best, ""), answers(&told, "test-best"));
    let fold = scratch.json("moved/run.json")["best"]["fold"]
        .as_u64()
        .unwrap();
    let same = rows(
        &scratch
            .eosin(&format!("predict moved new --fold {fold}"))
            .done()
            .stdout,
    );
    assert_eq!(same, best);
}

#[test]
fn predictions_are_repeated_to_the_last_bit_when_the_cache_rounds() {
    let scratch = Scratch::with_phantom();
    copy_test_images(&scratch);
    for mode in ["head", "last-block"] {
        let job = format!("run --data data --out {mode} {EPOCHS} --mode {mode}");
        scratch
            .eosin(&format!("{job} --set cache.dtype=f16"))
            .done();
        let told = rows(&scratch.text(&format!("{mode}/predictions.csv")));
        let average = rows(&scratch.eosin(&format!("predict {mode} new")).done().stdout);
        let (again, told) = (answers(&average, ""), answers(&told, "test-average"));
        assert_eq!(again, told, "{mode}");
        let record = scratch.json(&format!("{mode}/run.json"));
        assert_eq!(record["cache_dtype"], "f16");
    }
}

#[test]
fn evaluating_a_run_again_changes_nothing() {
    let scratch = Scratch::with_phantom();
    let run = scratch
        .eosin(&format!("run --data data --out run {EXAMINED}"))
        .done();
    let before = scratch.read("run/metrics.json");
    let again = scratch.eosin("evaluate run").done();
    assert_eq!(again.stderr, "");
    assert!(
        run.stdout.starts_with(again.stdout.as_str()),
        "{}\n{}",
        run.stdout,
        again.stdout
    );
    let told = scratch.eosin("evaluate run --json").done().json();
    assert_eq!(told, scratch.json("run/metrics.json"));
    assert_eq!(scratch.read("run/metrics.json"), before);
}

#[test]
fn the_steps_one_by_one_come_to_what_run_comes_to() {
    let scratch = Scratch::with_run();
    fs::remove_dir_all(scratch.path("cache")).unwrap();
    scratch.eosin("inspect --data data").done();
    scratch
        .eosin(&format!("split --data data --out folds.json {EXAMINED}"))
        .done();
    scratch
        .eosin(&format!("split --data data --out folds.json {EXAMINED}"))
        .refused(&["folds.json is there already", "'--overwrite'"]);
    scratch
        .eosin(&format!("embed --data data {EXAMINED}"))
        .done();
    let train = scratch.eosin(&format!(
        "train --data data --split folds.json --out steps {EXAMINED}"
    ));
    train.done().says(&["0 embeddings computed, 48 found"]);
    assert_same_run(&scratch, "run", "steps");
}

#[test]
fn a_set_without_groups_or_test_part_runs_too() {
    let scratch = Scratch::with_class_folders();
    let run = scratch
        .eosin(&format!("run --data data --out run {EXAMINED}"))
        .done();
    run.says(&["warning: no patient, slide or group is known"]);
    assert_eq!(
        rows(&scratch.text("run/predictions.csv")).len(),
        TRAIN_PATCHES + TEST_PATCHES
    );
    assert_eq!(
        scratch.json("run/metrics.json")["test_average"],
        Value::Null
    );
}

#[test]
fn json_is_one_object_on_stdout_and_predictions_are_one_a_line() {
    let scratch = Scratch::new();
    let commands = [
        "phantom --out data --patients 4 --test-patients 2 --slides 1 --patches 3 --size 32",
        "inspect --data data",
        "split --data data --folds 2 --out folds.json",
        "embed --data data --folds 2",
        "augment --data data --patches 1 --views 1",
        "run --data data --folds 2 --mode head --epochs 1 --out run",
        "train --data data --split folds.json --folds 2 --mode head --epochs 1 --out steps",
        "ablate --data data --folds 2 --mode head --epochs 1 --out ab --factor train.epochs=2",
        "evaluate run",
        "score run/predictions.csv --part out-of-fold",
        "export run --out m.safetensors",
        "models",
        "models eosin_mini",
        "weights ls",
        "weights show run/folds/0.0/weights.safetensors",
        "weights show run/folds/0.0/weights.safetensors --backbone eosin_mini",
        "cache ls",
        "cache verify",
        "cache prune --all",
    ];
    for words in commands {
        let told = scratch.eosin(&format!("{words} --json"));
        assert!(
            told.code.is_some_and(|code| code <= 1),
            "{words}: {}",
            told.stderr
        );
        assert!(told.json().is_object(), "{words}: {}", told.stdout);
    }
    let lines = scratch
        .eosin("predict run data/benign --json")
        .done()
        .json_lines();
    assert_eq!(lines.len(), listing(&scratch, "data/benign").len());
    assert!(lines.iter().all(|line| line["probs"].is_object()));
}

#[test]
fn predictions_that_the_folds_did_not_make_are_not_evaluated() {
    let scratch = Scratch::with_run();
    let whole = scratch.text("run/predictions.csv");
    let metrics = scratch.text("run/metrics.json");
    let lines: Vec<&str> = whole.lines().collect();
    for part in ["out-of-fold", "test-average", "test-best"] {
        let of_part = |line: &&&str| line.contains(&format!(",{part},"));
        let row = lines.iter().find(of_part).unwrap();
        let mut words: Vec<&str> = row.split(',').collect();
        words[4] = match words[4] {
            "benign" => "malignant",
            _ => "benign",
        };
        let other = words.join(",");
        let (before, last) = row.rsplit_once(',').unwrap();
        let surer = format!("{before},{}", 1.0 - last.parse::<f64>().unwrap());
        for (edited, said) in [
            (whole.replace(&format!("{row}\n"), ""), "has no row"),
            (format!("{whole}{row}\n"), "stands there twice"),
            (whole.replace(*row, &other), "and the fold judged it as"),
            (whole.replace(*row, &surer), "has other probabilities"),
        ] {
            scratch.write("run/predictions.csv", edited);
            scratch
                .eosin("evaluate run")
                .refused(&["predictions.csv", said]);
            assert_eq!(scratch.text("run/metrics.json"), metrics);
        }
    }
    scratch.write("run/predictions.csv", &whole);
    scratch.eosin("evaluate run").done();
    let of_fold = scratch.path("run/folds/0.1/predictions.csv.gz");
    std::fs::copy(scratch.path("run/folds/0.0/predictions.csv.gz"), of_fold).unwrap();
    scratch
        .eosin("evaluate run")
        .refused(&["predictions.csv.gz is not the file that the fold wrote"]);
}

#[test]
fn runs_of_one_second_have_folders_of_their_own() {
    let scratch = Scratch::with_phantom();
    for _ in 0..3 {
        scratch.eosin(&format!("run --data data {EXAMINED}")).done();
    }
    assert_eq!(listing(&scratch, "runs").len(), 3);
}

//! Ways of dividing patches, as a run, its report and the terminal tell them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::run_files::{Row, answers, rows};
use crate::scratch::{EPOCHS, JOB, Scratch};

/// What the report shows of a value: four decimals, all of them on hover.
fn shown(value: &Value) -> String {
    let value = value.as_f64().expect("a defined metric");
    format!("<span title=\"{value}\">{value:.4}</span>")
}

#[test]
fn every_repeat_is_in_the_report_the_terminal_and_the_metrics_alike() {
    let scratch = Scratch::with_phantom();
    let run = scratch
        .eosin(&format!(
            "run --data data --out run {EPOCHS} --mode head --set split.repeats=2"
        ))
        .done();
    let metrics = scratch.json("run/metrics.json");
    let (report, record) = (
        scratch.text("run/report.html"),
        scratch.json("run/run.json"),
    );
    assert_eq!(metrics["folds"].as_array().map(Vec::len), Some(6));
    for metric in ["auroc", "accuracy", "log_loss"] {
        let across = &metrics["across_folds"][metric];
        let [mean, sd] = ["mean", "sd"].map(|name| across[name].as_f64().expect("a number"));
        let told = format!("{mean:.4} ± {sd:.4}");
        assert!(
            run.stdout.contains(&told),
            "{metric} {told}: {}",
            run.stdout
        );
        let told = format!("{} ± {sd:.4}", shown(&across["mean"]));
        assert!(report.contains(&told), "{metric}: {told}");
    }
    assert!(report.contains("6 folds, mean ± sd"));
    let pooled = metrics["out_of_fold"].as_array().expect("a list");
    assert_eq!(pooled.len(), 2);
    for (repeat, pooled) in pooled.iter().enumerate() {
        let column = format!("out-of-fold, repeat {repeat}");
        assert!(run.stdout.contains(&column), "{}", run.stdout);
        assert!(report.contains(&column.replacen('o', "O", 1)), "{column}");
        let auroc = pooled["auroc"].as_f64().expect("a number");
        assert!(
            run.stdout.contains(&format!("{auroc:.4} [")),
            "{}",
            run.stdout
        );
        assert!(report.contains(&shown(&pooled["auroc"])), "{column}");
    }
    for fold in ["0.0", "0.1", "0.2", "1.0", "1.1", "1.2"] {
        assert!(report.contains(&format!("Fold {fold}: epoch")), "{fold}");
    }
    let best = format!("{}.{}", record["best"]["repeat"], record["best"]["fold"]);
    run.says(&[&format!("fold {best} is the best")]);
    let marked = format!(">{best} <b class=\"best\"");
    assert!(report.contains(&marked), "{marked}");
    assert_eq!(report.matches("<b class=\"best\"").count(), 1);
}

#[test]
fn a_share_held_out_is_one_fold() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin("run --data data --out run --set split.holdout=0.4")
        .done();
    let metrics = scratch.json("run/metrics.json");
    assert_eq!(metrics["folds"].as_array().map(Vec::len), Some(1));
    let held_out = metrics["folds"][0]["metrics"]["count"]
        .as_u64()
        .expect("a count");
    assert!((6..=24).contains(&held_out), "{held_out} of 36");
    assert_eq!(metrics["out_of_fold"][0]["count"], held_out);
    let report = scratch.text("run/report.html");
    assert!(report.contains("hold-out"), "the split is not named");
}

#[test]
fn a_fold_of_any_repeat_predicts_its_validation_part_as_the_run_did() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!(
            "run --data data --out run {JOB} --set split.repeats=2"
        ))
        .done();
    let told = rows(&scratch.text("run/predictions.csv"));
    let mut by_fold: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in told.into_iter().filter(|row| row["part"] == "out-of-fold") {
        let fold = format!("{}.{}", row["repeat"], row["fold"]);
        by_fold.entry(fold).or_default().push(row);
    }
    assert_eq!(by_fold.len(), 6);
    for (fold, told) in by_fold {
        let paths = told.iter().map(|row| format!("data/{}", row["key"]));
        let paths: Vec<String> = paths.collect();
        let words = format!("predict run --fold {fold} {}", paths.join(" "));
        let again = rows(&scratch.eosin(&words).done().stdout);
        assert_eq!(
            answers(&again, ""),
            answers(&told, "out-of-fold"),
            "fold {fold}"
        );
    }
    scratch
        .eosin("predict run data/benign --fold 2.0")
        .refused(&["fold 2.0 does not exist: the run has 0.0-1.2"]);
}

#[test]
fn statistics_of_the_set_and_of_each_fold_are_kept_and_repeated() {
    let scratch = Scratch::with_phantom();
    for (normalise, of_folds) in [("dataset", 1), ("fold", 3)] {
        let job = format!("run --data data --out {normalise} {JOB} --normalise {normalise}");
        scratch.eosin(&job).done();
        let record = scratch.json(&format!("{normalise}/run.json"));
        assert_eq!(record["normalise"], normalise);
        let kept = record["preprocess"].as_array();
        assert_eq!(kept.map_or(0, Vec::len), of_folds);
        let scales: std::collections::BTreeSet<String> = kept
            .into_iter()
            .flatten()
            .map(|preprocess| preprocess["scale"]["mean"].to_string())
            .collect();
        assert_eq!(
            scales.len(),
            of_folds,
            "each fold has statistics of its own"
        );
        let told = rows(&scratch.text(&format!("{normalise}/predictions.csv")));
        let test = scratch.keys_of("test");
        let paths: Vec<String> = test.iter().map(|key| format!("data/{key}")).collect();
        let words = format!("predict {normalise} {}", paths.join(" "));
        let again = rows(&scratch.eosin(&words).done().stdout);
        assert_eq!(
            answers(&again, ""),
            answers(&told, "test-average"),
            "{normalise}"
        );
    }
}

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
    let folds = report.split("<section id=\"folds\"").nth(1);
    let folds = folds.and_then(|rest| rest.split("</section>").next());
    let folds = folds.expect("a section");
    assert_eq!(folds.matches("<b class=\"best\"").count(), 1);
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

/// The phantom's manifest with another column at its end.
fn add_column(scratch: &Scratch, name: &str, cell: impl Fn(&Row) -> String) {
    let text = scratch.text("data/manifest.csv");
    let mut lines = text.lines();
    let header = format!("{},{name}\n", lines.next().expect("a header"));
    let with_cell = |(line, row): (&str, Row)| format!("{line},{}\n", cell(&row));
    let table: String = lines.zip(rows(&text)).map(with_cell).collect();
    scratch.write("data/manifest.csv", header + &table);
}

#[test]
fn folds_that_the_table_names_are_used_and_said() {
    let scratch = Scratch::with_phantom();
    let drawn = scratch.eosin(&format!("split --data data --out folds.json {JOB}"));
    drawn.done();
    let drawn = scratch.json("folds.json");
    let fold_of = |key: &str| {
        let folds = drawn["folds"].as_array().expect("folds");
        let has = |fold: &Value| {
            let val = fold["val"].as_array().expect("keys");
            val.iter().any(|own| own == key)
        };
        folds.iter().position(has)
    };
    add_column(&scratch, "cv_fold", |row| {
        fold_of(&row["path"]).map_or_else(String::new, |fold| format!("part {}", 3 - fold))
    });
    let run = scratch.eosin("run --data data --out run").done();
    run.says(&[
        "column 'cv_fold' is read as 'fold'",
        "note: the folds are the 3 that the data name: fold 0 validates on 'part 1', \
         fold 2 on 'part 3'",
    ]);
    let named = scratch.json("run/folds.json");
    assert_eq!(named["method"], "named");
    for fold in 0..3 {
        assert_eq!(named["folds"][fold]["val"], drawn["folds"][2 - fold]["val"]);
    }
    assert!(
        scratch
            .text("run/report.html")
            .contains("named, 3 folds, group: patient")
    );
    // The run's own configuration makes the same folds again.
    scratch
        .eosin("run --data data --out again --config run/config.toml")
        .done();
    assert_eq!(named, scratch.json("again/folds.json"));
    scratch.eosin("run --data data --out other --folds 4").refused(&[
        "the data name 3 folds (in a column 'fold', or as folders), but '--folds 4' was given too; leave out \
         '--folds 4', or remove the folds",
    ]);
    assert!(!scratch.path("other").exists());
}

#[test]
fn folds_that_were_asked_for_are_not_ignored_where_the_patches_have_a_part_val() {
    let scratch = Scratch::with_phantom();
    let text = scratch.text("data/manifest.csv");
    let manifest = rows(&text);
    let of_train: Vec<&Row> = manifest
        .iter()
        .filter(|row| row["split"] == "train")
        .collect();
    let mut patients: Vec<&String> = of_train.iter().map(|row| &row["patient"]).collect();
    patients.sort();
    patients.dedup();
    // The first patients until both classes are there.
    let has_both = |n: usize| {
        let own = |row: &&&Row| patients[..n].contains(&&row["patient"]);
        let labels: std::collections::BTreeSet<&String> = of_train
            .iter()
            .filter(own)
            .map(|row| &row["label"])
            .collect();
        labels.len() == 2
    };
    let n = (1..patients.len())
        .find(|n| has_both(*n))
        .expect("both classes");
    let mut table = String::new();
    for (line, row) in text.lines().skip(1).zip(&manifest) {
        let is_val = row["split"] == "train" && patients[..n].contains(&&row["patient"]);
        let line = if is_val {
            line.replace(",train", ",val")
        } else {
            line.to_owned()
        };
        table += &(line + "\n");
    }
    let header = text.lines().next().expect("a header");
    scratch.write("data/manifest.csv", format!("{header}\n{table}"));
    let val = table.matches(",val").count();
    for (asked, named) in [
        ("--folds 3", "'--folds'"),
        ("--set split.folds=3", "'--folds'"),
        ("--set split.holdout=0.3", "split.holdout"),
    ] {
        scratch.eosin(&format!("run --data data --out run {asked}")).refused(&[&format!(
            "{val} patches are in the part val, which would be the only validation part, but {named} \
             was given too; leave out {named}, or put these patches into train to draw over all of them"
        )]);
    }
    let run = scratch.eosin("run --data data --out run").done();
    run.says(&[&format!(
        "note: the part val is the only validation part ({val} patches): no folds are drawn"
    )]);
    assert!(!scratch.text("run/config.toml").contains("folds ="));
    assert_eq!(scratch.json("run/folds.json")["method"], "predefined");
}

#[test]
fn folds_and_a_share_or_folds_of_a_file_are_not_both_taken() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin("run --data data --out run --folds 3 --set split.holdout=0.4")
        .refused(&["split.folds is 3; it must be left out with split.holdout"]);
    scratch
        .eosin(&format!("split --data data --out folds.json {JOB}"))
        .done();
    scratch
        .eosin("train --data data --split folds.json --out run --folds 5")
        .refused(&["'--folds 5' was given, but folds.json divides into 3; leave out '--folds'"]);
    scratch
        .eosin("train --data data --split folds.json --out run")
        .done();
    assert!(scratch.text("run/config.toml").contains("folds = 3"));
}

#[test]
fn a_named_fold_without_a_class_is_mended_where_folds_are_named() {
    let scratch = Scratch::new();
    let mut table = vec!["path,label,fold".to_owned()];
    for at in 0..12 {
        scratch.write_png(&format!("data/{at}.png"), 32, 32);
        // Fold 2 has benign patches only.
        let class = if at % 3 != 2 && at % 2 == 0 {
            "malignant"
        } else {
            "benign"
        };
        table.push(format!("{at}.png,{class},{}", at % 3));
    }
    scratch.write("data/manifest.csv", table.join("\n"));
    let told = scratch.eosin("run --data data --out run").done();
    assert!(!told.stderr.contains("--folds"), "{}", told.stderr);
    told.says(&[
        "the validation part of fold 2 has no patch of class 'malignant': name this fold for some of \
         that class where the data name the folds",
    ]);
}

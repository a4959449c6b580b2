//! Predictions against labels, and bounds.

use crate::run_files::{copy_test_images, rows};
use crate::scratch::Scratch;

#[test]
fn scores_of_both_formats_are_those_of_the_run() {
    let scratch = Scratch::with_run();
    let labels = copy_test_images(&scratch);
    let table = labels
        .iter()
        .map(|(name, label)| format!("new/{name},{label}\n"));
    scratch.write(
        "labels.csv",
        format!("path,label\n{}", table.collect::<String>()),
    );
    let line = |(name, label): (&String, &String)| {
        format!(
            "{} {}\n",
            name.trim_end_matches(".png"),
            u8::from(label == "malignant")
        )
    };
    scratch.write("labels.txt", labels.iter().map(line).collect::<String>());
    scratch.eosin("predict run new --out ours.csv").done();
    scratch
        .eosin("predict run new --datathon --out theirs.txt")
        .done();
    let told = &scratch.json("run/metrics.json")["test_average"];
    for files in [
        "ours.csv --labels labels.csv",
        "theirs.txt --labels labels.txt",
    ] {
        let scored = scratch
            .eosin(&format!("score {files} --json"))
            .done()
            .json();
        for metric in ["khd", "accuracy", "recall", "specificity"] {
            assert_eq!(scored[metric], told[metric], "{metric} of {files}");
        }
    }
}

#[test]
fn a_score_never_mixes_the_models_of_a_run() {
    let scratch = Scratch::with_run();
    scratch.eosin("score run/predictions.csv").refused(&[
        "several models (out-of-fold, test-average, test-best)",
        "'--part out-of-fold'",
    ]);
    let told = scratch.json("run/metrics.json");
    let parts = [
        ("out-of-fold", &told["out_of_fold"][0]),
        ("test-average", &told["test_average"]),
        ("test-best", &told["test_best"]),
    ];
    for (part, told) in parts {
        let words = format!("score run/predictions.csv --part {part} --json");
        let scored = scratch.eosin(&words).done().json();
        for metric in ["count", "khd", "accuracy", "auroc", "confusion"] {
            assert_eq!(scored[metric], told[metric], "{metric} of {part}");
        }
    }
    let other = scratch.eosin("score run/predictions.csv --part test");
    other.refused(&["has no part 'test', only out-of-fold, test-average"]);
}

#[test]
fn predictions_of_new_images_are_scored_with_the_labels_that_people_have() {
    let scratch = Scratch::with_run();
    let labels = copy_test_images(&scratch);
    let absolute = scratch.path("new").display().to_string();
    scratch.eosin("predict run new --out ours.csv").done();
    scratch
        .eosin(&format!("predict run {absolute} --out far.csv"))
        .done();
    let table = |mark: &str, key: &dyn Fn(&str) -> String| {
        let line = |(name, label): (&String, &String)| format!("{}{mark}{label}\n", key(name));
        labels.iter().map(line).collect::<String>()
    };
    let name = |name: &str| name.to_owned();
    let stem = |name: &str| name.trim_end_matches(".png").to_owned();
    let from_above = |name: &str| format!("../new/{name}");
    scratch.write("names.csv", format!("key,label\n{}", table(",", &name)));
    scratch.write("stems.tsv", format!("key\tlabel\n{}", table("\t", &stem)));
    scratch.write(
        "labels/paths.csv",
        format!("path,label\n{}", table(",", &from_above)),
    );
    let told = &scratch.json("run/metrics.json")["test_average"];
    for predictions in ["ours.csv", "far.csv"] {
        for (labels, by) in [
            ("names.csv", "by the end of their paths\n"),
            (
                "stems.tsv",
                "by the end of their paths, without the file's ending",
            ),
            ("labels/paths.csv", "by the file that they name"),
        ] {
            let words = format!("score {predictions} --labels {labels} --json");
            let scored = scratch.eosin(&words).done().says(&[by]).json();
            for metric in ["khd", "accuracy", "recall", "specificity"] {
                assert_eq!(scored[metric], told[metric], "{metric} of {labels}");
            }
        }
    }
}

#[test]
fn the_images_of_a_data_set_are_scored_with_its_manifest() {
    let scratch = Scratch::with_run();
    scratch
        .eosin("predict run data/benign data/malignant --out all.csv")
        .done();
    let score = scratch.eosin("score all.csv --labels data/manifest.csv --json");
    let scored = score.done().says(&["by the file that they name"]).json();
    let count = rows(&scratch.text("data/manifest.csv")).len();
    assert_eq!(scored["count"], count);
}

#[test]
fn a_bound_is_on_the_side_that_keeps_bad_models_out() {
    let scratch = Scratch::new();
    scratch.write(
        "p.csv",
        "key,target,prob_benign,prob_malignant\na,benign,0.9,0.1\nb,malignant,0.2,0.8\n",
    );
    let score = |bounds: &str| scratch.eosin(&format!("score p.csv {bounds}"));
    for (bounds, code) in [
        ("--at-least accuracy=1", 0),
        ("--at-least accuracy=1.1", 1),
        ("--at-most log_loss=0.2", 0),
        ("--at-most log_loss=0.1", 1),
        ("--at-least auroc=0.9 --at-least accuracy=1.1", 1),
        ("--at-least auroc=0.9 --at-most brier=0.5", 0),
    ] {
        let told = score(bounds);
        assert_eq!(told.code, Some(code), "{bounds}: {}", told.stderr);
    }
    score("--at-least log_loss=0.2").refused(&["write '--at-most log_loss=0.2'"]);
    score("--at-least ece=0.2").refused(&["write '--at-most ece=0.2'"]);
    score("--at-most auroc=0.2").refused(&["write '--at-least auroc=0.2'"]);
    score("--at-least auroc=nan").refused(&["the bound is no number"]);
}

#[test]
fn predictions_and_labels_that_do_not_match_are_refused() {
    let scratch = Scratch::new();
    scratch.write(
        "p.csv",
        "key,prob_benign,prob_malignant\na,0.9,0.1\nb,0.2,0.8\n",
    );
    let score = |labels: &str| {
        scratch.write("l.csv", labels);
        scratch.eosin("score p.csv --labels l.csv")
    };
    score("key,label\na,benign\nb,malignant\nc,benign\n")
        .refused(&["p.csv has no prediction for 1 labelled keys: c"]);
    score("key,label\na,benign\n").refused(&["p.csv predicts 1 keys that have no label: b"]);
    score("key,label\na,benign\na,benign\n").refused(&["key a stands twice"]);
    score("key,label\na,benign\nb,lymphoma\n").refused(&["label 'lymphoma' of key b"]);
    scratch
        .eosin("score p.csv")
        .refused(&["p.csv has no targets of its own", "--labels FILE"]);
}

#[test]
fn predictions_that_are_no_probabilities_are_named_by_line_with_the_fix() {
    let scratch = Scratch::new();
    scratch.write("l.csv", "key,label\na,benign\nb,malignant\n");
    for (table, parts) in [
        (
            "key,prob_benign,prob_malignant\na,0.9,0.3\nb,0.2,0.8\n",
            [
                "p.csv, line 2: the probabilities of key a sum to 1.2, not to 1",
                "apply softmax",
            ],
        ),
        (
            "key,prob_benign,prob_malignant\na,0.9,0.1\nb,20%,80%\n",
            [
                "p.csv, line 3: prob_benign of key b is '20%'",
                "a number from 0 to 1",
            ],
        ),
        (
            "key,probability\na,0.1\nb,0.8\n",
            [
                "p.csv has no column of probabilities, only key, probability",
                "call these prob_",
            ],
        ),
    ] {
        scratch.write("p.csv", table);
        scratch.eosin("score p.csv --labels l.csv").refused(&parts);
    }
}

#[test]
fn columns_that_contradict_each_other_are_said_or_refused() {
    let scratch = Scratch::new();
    let table = |header: &str, rows: &[&str]| format!("{header}\n{}\n", rows.join("\n"));
    scratch.write(
        "p.csv",
        table(
            "key,target,pred,prob_benign,prob_malignant",
            &[
                "a,benign,malignant,0.9,0.1",
                "b,malignant,malignant,0.2,0.8",
                "c,benign,benign,0.5,0.5",
                "d,malignant,malignant,0.3,0.7",
            ],
        ),
    );
    let own = scratch.eosin("score p.csv").done();
    own.says(&["the column pred of 1 rows is not the most probable class (key a: 'malignant')"]);
    scratch.write(
        "l.csv",
        "key,label\na,Benign\nb,malignant\nc,malignant\nd,malignant\n",
    );
    let told = scratch.eosin("score p.csv --labels l.csv").done();
    told.says(&[
        "1 predictions have a target of their own",
        "key c is 'benign' there and 'malignant' here",
    ]);
    scratch.write(
        "two.csv",
        table(
            "key,target,label,prob_benign,prob_malignant",
            &["a,benign,benign,0.9,0.1", "b,malignant,benign,0.2,0.8"],
        ),
    );
    scratch
        .eosin("score two.csv")
        .refused(&["line 3: key b is 'malignant' in column target and 'benign' in column label"]);
    // Labels under another name are labels.
    scratch.write(
        "named.csv",
        table(
            "key,diagnosis,prob_benign,prob_malignant",
            &["a,benign,0.9,0.1", "b,malignant,0.2,0.8"],
        ),
    );
    let scored = scratch.eosin("score named.csv --json").done().json();
    assert_eq!(scored["accuracy"].as_f64(), Some(1.0));
}

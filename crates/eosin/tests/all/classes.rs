//! Which class is the positive one, and sets of more than two.

use std::fs;

use crate::run_files::{listing, rows};
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

/// The phantom with a third class, made of half of the benign patches.
pub fn with_three_classes() -> Scratch {
    let scratch = Scratch::with_class_folders();
    fs::create_dir(scratch.path("data/stroma")).expect("a new folder");
    for name in listing(&scratch, "data/benign").iter().step_by(2) {
        let [from, to] = ["benign", "stroma"].map(|c| scratch.path(&format!("data/{c}/{name}")));
        fs::rename(from, to).expect("a patch");
    }
    scratch
}

#[test]
fn three_classes_are_trained_judged_predicted_and_scored() {
    let scratch = with_three_classes();
    let job = format!("run --data data --out run {JOB}");
    let run = scratch.eosin(&job).done();
    assert!(!run.stdout.contains("positive class"), "{}", run.stdout);
    let told = scratch.json("run/metrics.json");
    let pooled = &told["out_of_fold"][0];
    assert_eq!(pooled["class_count"], 3);
    assert_eq!(pooled["positive"], serde_json::Value::Null);
    let of_class = pooled["per_class"].as_array().expect("a list");
    let aurocs = of_class
        .iter()
        .map(|class| class["auroc"].as_f64().expect("a number"));
    let macro_mean = aurocs.sum::<f64>() / 3.0;
    assert!((pooled["auroc"].as_f64().expect("a number") - macro_mean).abs() < 1e-12);
    let report = scratch.text("run/report.html");
    assert!(report.contains("<section id=\"classes\">"));
    let score = scratch
        .eosin("score run/predictions.csv --json")
        .done()
        .json();
    assert_eq!(score["confusion"], pooled["confusion"]);
    let predicted = rows(&scratch.eosin("predict run data/stroma").done().stdout);
    for row in &predicted {
        let prob = |class: &str| {
            row[&format!("prob_{class}")]
                .parse::<f64>()
                .expect("a number")
        };
        let probs = ["benign", "malignant", "stroma"].map(prob);
        assert!((probs.iter().sum::<f64>() - 1.0).abs() < 1e-5, "{row:?}");
    }
    assert_eq!(predicted.len(), listing(&scratch, "data/stroma").len());
}

#[test]
fn a_loss_that_weighs_one_of_three_classes_asks_which() {
    let scratch = with_three_classes();
    let job = format!(
        "run --data data --out run {JOB} --set train.loss=binary --set train.label_smoothing=0"
    );
    scratch
        .eosin(&job)
        .refused(&["train.loss=binary", "'--set data.positive=NAME'"]);
    scratch
        .eosin(&format!("{job} --set data.positive=malignant"))
        .done();
}

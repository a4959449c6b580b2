//! How a run calibrates and decides, from the flag to new images.

use std::fs;

use crate::classes::with_three_classes;
use crate::run_files::{Row, answers, copy_test_images, rows};
use crate::scratch::{JOB, Scratch};

/// A phantom that is hard enough for errors, of eight patients and two to test on.
fn with_hard_phantom() -> Scratch {
    let scratch = Scratch::new();
    let options =
        "--patients 8 --test-patients 2 --slides 1 --patches 12 --size 32 --difficulty 0.5";
    scratch
        .eosin(&format!("phantom --out data {options} --seed 1"))
        .done();
    scratch
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().expect("a number")
}

/// The four counts of the rows of a part, by their column `pred`.
fn counts(rows: &[Row], part: &str) -> [u64; 4] {
    let mut counts = [0; 4];
    for row in rows.iter().filter(|row| row["part"] == part) {
        let [is, said] = ["target", "pred"].map(|column| row[column] == "malignant");
        counts[match (is, said) {
            (true, true) => 0,
            (false, true) => 1,
            (true, false) => 2,
            (false, false) => 3,
        }] += 1;
    }
    counts
}

fn told(figures: &serde_json::Value) -> [u64; 4] {
    let names = [
        "true_positives",
        "false_positives",
        "false_negatives",
        "true_negatives",
    ];
    names.map(|name| figures[name].as_u64().expect("a count"))
}

fn of_rule<'a>(found: &'a serde_json::Value, rule: &str) -> &'a serde_json::Value {
    let all = found["thresholds"].as_array().expect("a list");
    all.iter()
        .find(|one| one["rule"] == rule)
        .expect("the rule")
}

#[test]
fn a_run_that_is_not_asked_decides_as_ever_and_says_how_well_calibrated_it_is() {
    let scratch = with_hard_phantom();
    let run = scratch
        .eosin(&format!("run --data data --out run {JOB}"))
        .done();
    assert!(!run.stdout.contains("threshold") && !run.stdout.contains("calibrated"));
    assert!(!scratch.text("run/run.json").contains("\"decision\""));
    let found = scratch.json("run/decision.json");
    assert_eq!(found["applied"], serde_json::json!({}));
    let metrics = scratch.json("run/metrics.json");
    let plain = &found["calibration"][0];
    assert_eq!(plain["kind"], "none");
    for (here, there) in [
        (&plain["out_of_fold"][0], &metrics["out_of_fold"][0]),
        (&plain["test"], &metrics["test_average"]),
    ] {
        for metric in ["log_loss", "brier", "ece"] {
            let [a, b] = [here, there].map(|set| set[metric].as_f64().expect("a number"));
            assert!((a - b).abs() < 1e-6, "{metric}: {a} {b}");
        }
    }
    let likeliest = of_rule(&found, "likeliest");
    let predictions = rows(&scratch.text("run/predictions.csv"));
    assert_eq!(
        told(&likeliest["out_of_fold"]),
        counts(&predictions, "out-of-fold")
    );
    assert_eq!(
        told(&likeliest["test"]),
        counts(&predictions, "test-average")
    );
    assert_eq!(found["group"], "patient");
    assert_eq!(
        found["out_of_fold"]["decision_curve"]
            .as_array()
            .unwrap()
            .len(),
        99
    );
    let size = &found["test"]["sample_size"];
    assert_eq!(
        (&size["rows"], &size["design"]["groups"]),
        (&24.into(), &2.into())
    );
}

#[test]
fn what_was_asked_for_is_locked_in_the_run_and_applied_to_new_images() {
    let scratch = with_hard_phantom();
    let asked = "--calibrate platt --threshold sensitivity>=.9";
    let run = scratch
        .eosin(&format!("run --data data --out run {JOB} {asked}"))
        .done();
    let line = |start: &str| run.stdout.lines().any(|line| line.starts_with(start));
    assert!(
        line("calibrated by platt, as it is -> calibrated: out of fold"),
        "{}",
        run.stdout
    );
    assert!(line("threshold 0."), "{}", run.stdout);
    let applied = scratch.json("run/run.json")["decision"].clone();
    let found = scratch.json("run/decision.json");
    assert_eq!(found["applied"], applied);
    let value = |pointer: &str| applied.pointer(pointer).unwrap().as_f64().unwrap();
    let cut = value("/threshold/log_odds");
    // The file of the run keeps its own probabilities; its decisions are those of the threshold.
    let predictions = rows(&scratch.text("run/predictions.csv"));
    for row in &predictions {
        let odds = (number(row, "prob_malignant") / number(row, "prob_benign")).ln();
        assert_eq!(row["pred"] == "malignant", odds >= cut, "{row:?}");
    }
    let of_rule = of_rule(&found, "sensitivity>=0.9");
    assert_eq!(
        told(&of_rule["chosen_on"]),
        counts(&predictions, "out-of-fold")
    );
    assert_eq!(told(&of_rule["test"]), counts(&predictions, "test-average"));
    assert!(of_rule["chosen_on"]["sensitivity"].as_f64().unwrap() >= 0.9);
    // New images: calibrated, decided alike.
    copy_test_images(&scratch);
    let predicted = scratch.eosin("predict run new").done();
    let predicted = predicted.says(&[
        "probabilities are calibrated (platt",
        "judge.threshold sensitivity>=0.9",
    ]);
    let (own, shown) = (
        answers(&predictions, "test-average"),
        answers(&rows(&predicted.stdout), ""),
    );
    let (slope, intercept) = (value("/calibrator/slope"), value("/calibrator/intercept"));
    for (name, [pred, benign, malignant]) in &shown {
        assert_eq!(*pred, own[name][0]);
        let number = |text: &String| text.parse::<f64>().unwrap();
        let odds = (number(&own[name][2]) / number(&own[name][1])).ln();
        let expected = 1.0 / (1.0 + (-(slope * odds + intercept)).exp());
        assert!((number(malignant) - expected).abs() < 1e-5, "{name}");
        assert!((number(malignant) + number(benign) - 1.0).abs() < 1e-6);
        assert_eq!(
            pred == "malignant",
            number(malignant) >= value("/threshold/prob")
        );
    }
    // What a contest is sent, and what a score reads, are the same decisions.
    scratch
        .eosin("predict run new --datathon --out lines.txt")
        .done();
    for line in scratch.text("lines.txt").lines() {
        let (key, class) = line.split_once(' ').unwrap();
        assert_eq!(class == "1", shown[&format!("{key}.png")][0] == "malignant");
    }
    scratch.eosin("evaluate run").done();
    scratch
        .eosin("score run/predictions.csv --part test-average")
        .done();
}

#[test]
fn every_calibrator_is_applied_as_it_is_shown_and_goes_along_with_packs_exports_and_resumed_runs() {
    let scratch = with_hard_phantom();
    copy_test_images(&scratch);
    for (kind, threshold) in [
        ("isotonic", "youden"),
        ("temperature", "likeliest"),
        ("platt", "likeliest"),
    ] {
        let asked = format!("--calibrate {kind} --threshold {threshold}");
        let job = format!("run --data data --out {kind} {JOB} {asked}");
        scratch.eosin(&job).done();
        let predicted = scratch.eosin(&format!("predict {kind} new")).done().stdout;
        for row in rows(&predicted) {
            let prob = number(&row, "prob_malignant");
            let applied = &scratch.json(&format!("{kind}/run.json"))["decision"];
            let cut = applied["threshold"]["prob"].as_f64().unwrap_or(0.5);
            assert_eq!(
                row["pred"] == "malignant",
                prob >= cut,
                "{kind}: {row:?} {cut}"
            );
        }
        scratch
            .eosin(&format!("pack {kind} --out packed-{kind}"))
            .done();
        let packed = scratch.eosin(&format!("predict packed-{kind} new")).done();
        assert_eq!(packed.stdout, predicted);
        let of_run = scratch.text(&format!("{kind}/decision.json"));
        assert_eq!(
            scratch.text(&format!("packed-{kind}/decision.json")),
            of_run
        );
        // As if it had been killed before it was complete.
        let own = scratch.json(&format!("{kind}/run.json"))["decision"].clone();
        for name in ["run.json", "decision.json"] {
            fs::remove_file(scratch.path(&format!("{kind}/{name}"))).unwrap();
        }
        scratch.eosin(&format!("run --resume {kind}")).done();
        assert_eq!(scratch.text(&format!("{kind}/decision.json")), of_run);
        assert_eq!(scratch.json(&format!("{kind}/run.json"))["decision"], own);
    }
    scratch
        .eosin("export isotonic --out model.onnx")
        .done()
        .says(&["no model file holds", "model.decision.json"]);
    let beside = scratch.json("model.decision.json");
    assert_eq!(
        beside["decision"],
        scratch.json("isotonic/run.json")["decision"]
    );
    assert_eq!(beside["positive"], "malignant");
    scratch
        .eosin("export platt --out model.safetensors")
        .refused(&["model.decision.json", "--overwrite"]);
}

#[test]
fn an_ensemble_decides_by_its_own_answers() {
    let scratch = with_hard_phantom();
    for (name, asked) in [
        ("one", "--threshold khd"),
        (
            "other",
            "--set augment.symmetry=none --set predict.views=none",
        ),
    ] {
        scratch
            .eosin(&format!("run --data data --out {name} {JOB} {asked}"))
            .done();
    }
    scratch
        .eosin("ensemble one other --method soft --out inherits")
        .done();
    let rule = |run: &str| {
        scratch.json(&format!("{run}/run.json"))["decision"]["threshold"]["rule"].clone()
    };
    assert_eq!(rule("inherits"), "khd");
    let asked = "--threshold specificity>=0.6 --calibrate temperature";
    scratch
        .eosin(&format!(
            "ensemble other one --method soft --out asked {asked}"
        ))
        .done();
    assert_eq!(rule("asked"), "specificity>=0.6");
    let odds = |run: &str| {
        let own =
            scratch.json(&format!("{run}/run.json"))["decision"]["threshold"]["log_odds"].clone();
        own.as_f64().unwrap()
    };
    assert!((odds("inherits") - odds("one")).abs() > 1e-12);
    copy_test_images(&scratch);
    let predicted = scratch.eosin("predict inherits new").done();
    let of_run = rows(&scratch.text("inherits/predictions.csv"));
    assert_eq!(
        answers(&rows(&predicted.stdout), ""),
        answers(&of_run, "test-average")
    );
}

#[test]
fn three_classes_have_a_temperature_and_no_threshold() {
    let scratch = with_three_classes();
    let job = format!("run --data data --out run {JOB}");
    for asked in [
        "--threshold khd",
        "--calibrate platt",
        "--calibrate isotonic",
    ] {
        scratch
            .eosin(&format!("{job} {asked}"))
            .refused(&["which is for two classes, and there are 3"]);
    }
    let run = scratch.eosin(&format!("{job} --calibrate temperature"));
    assert!(run.done().stdout.contains("calibrated by temperature"));
    let found = scratch.json("run/decision.json");
    let kinds = found["calibration"].as_array().unwrap().iter();
    let kinds: Vec<_> = kinds.map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["none", "temperature"]);
    assert_eq!(found["thresholds"], serde_json::json!([]));
    assert_eq!(found["out_of_fold"], serde_json::Value::Null);
    let temperature = found["applied"]["calibrator"]["temperature"]
        .as_f64()
        .unwrap();
    let own = scratch.text("run/predictions.csv");
    let own = rows(&own);
    let shown = rows(&scratch.eosin("predict run data/stroma").done().stdout);
    assert!(own.len() > shown.len() && temperature > 0.0);
    for row in &shown {
        let names = ["prob_benign", "prob_malignant", "prob_stroma"];
        let sum: f64 = names.iter().map(|name| number(row, name)).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{row:?}");
    }
}

#[test]
fn what_cannot_be_is_refused_or_told() {
    let scratch = Scratch::with_phantom();
    let refused = |words: &str| {
        let refused = scratch.eosin(&format!("run --data data --out run {JOB} {words}"));
        assert!(!scratch.path("run").exists(), "{}", refused.stderr);
        refused
    };
    refused("--threshold yuden").refused(&["'--threshold yuden'", "did you mean 'youden'?"]);
    refused("--threshold cost:0").refused(&["is no cost", "cost:10"]);
    refused("--set judge.threshold=npv>=2").refused(&["is no bound", "npv>=0.95"]);
    refused("--calibrate plat").refused(&["plat"]);
    let factor = "--factor judge.threshold=khd";
    scratch
        .eosin(&format!("ablate --data data --out ablation {JOB} {factor}"))
        .refused(&["how a run decides"]);
    // What cannot be chosen is told, and nothing stands in for it.
    scratch
        .eosin(
            "run --data data --out same --set split.holdout=0.5 --threshold khd --calibrate platt",
        )
        .done()
        .says(&[
            "warning: judge.calibrate platt cannot be fitted: all predictions are the same",
            "warning: judge.threshold khd cannot be chosen",
            "the most probable class counts",
        ]);
    assert!(!scratch.text("same/run.json").contains("\"decision\""));
}

#[test]
fn one_fold_has_a_threshold_and_nothing_to_judge_it_by_but_the_test_part() {
    let scratch = with_hard_phantom();
    let one = "--set split.holdout=0.5 --threshold khd --calibrate platt";
    let run = scratch
        .eosin(&format!("run --data data --out one {one}"))
        .done();
    assert!(
        run.stdout.contains("there is one validation part"),
        "{}",
        run.stdout
    );
    let found = scratch.json("one/decision.json");
    let khd = of_rule(&found, "khd");
    assert_eq!(khd["out_of_fold"], serde_json::Value::Null);
    assert_eq!(
        found["calibration"][2]["out_of_fold"],
        serde_json::json!([])
    );
    assert!(khd["threshold"]["log_odds"].is_f64());
}

//! How a run does on parts of its patches.

use serde_json::Value;

use crate::scratch::{JOB, Scratch, TEST_PATCHES, TRAIN_PATCHES};

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

/// The slices of a kind in a part; `Null` where there are none.
fn kind<'a>(record: &'a Value, part: usize, name: &str) -> &'a Value {
    let mut kinds = list(&record["parts"][part]["kinds"]).iter();
    kinds
        .find(|kind| kind["kind"] == name)
        .unwrap_or(&Value::Null)
}

/// Why there are no slices of a kind.
fn why<'a>(record: &'a Value, name: &str) -> &'a str {
    let mut not = list(&record["not_divided"]).iter();
    let found = not.find(|not| not["kind"] == name);
    found
        .and_then(|not| not["why"].as_str())
        .unwrap_or_default()
}

#[test]
fn slices_divide_every_judged_patch_and_are_told_by_evaluate_and_the_report() {
    let scratch = Scratch::with_run();
    let record = scratch.json("run/slices.json");
    let parts: Vec<&Value> = list(&record["parts"]).iter().collect();
    assert_eq!(parts[0]["part"], "out-of-fold");
    assert_eq!(parts[0]["all"]["patches"], TRAIN_PATCHES);
    assert_eq!(parts[1]["part"], "test-average");
    assert_eq!(parts[1]["all"]["patches"], TEST_PATCHES);
    let patients = kind(&record, 0, "patient");
    let slices = list(&patients["slices"]);
    assert_eq!(slices.len(), 6);
    let sum: u64 = slices
        .iter()
        .filter_map(|slice| slice["patches"].as_u64())
        .sum();
    assert_eq!(sum, TRAIN_PATCHES as u64);
    // A slice is a patient, so its interval is by patch; that of classes is by patient.
    assert_eq!(patients["by"], "patch");
    assert_eq!(kind(&record, 0, "class")["by"], "patient");
    let metrics = scratch.json("run/metrics.json");
    assert_eq!(
        parts[0]["all"]["accuracy"]["value"],
        metrics["out_of_fold"][0]["accuracy"]
    );
    assert!(why(&record, "size").contains("32x32 px"));
    let told = scratch.eosin("evaluate run --slices").done();
    assert!(told.stdout.contains("worst patient: "), "{}", told.stdout);
    let json = scratch.eosin("evaluate run --slices --json").done().json();
    assert_eq!(json["slices"], record);
    let report = scratch.text("run/report.html");
    assert!(report.contains("<section id=\"slices\">"));
    assert!(report.contains("<section id=\"speaking\">"));
    assert!(report.contains("eosin robustness run"));
}

#[test]
fn a_site_column_makes_sources_and_is_kept_and_a_run_of_an_older_version_gets_its_slices() {
    let scratch = Scratch::with_phantom();
    let manifest = scratch.text("data/manifest.csv");
    let sited = manifest.lines().enumerate().map(|(at, line)| match at {
        0 => format!("{line},hospital\n"),
        at => format!("{line},{}\n", if at % 2 == 0 { "north" } else { "south" }),
    });
    scratch.write("data/manifest.csv", sited.collect::<String>());
    let told = scratch
        .eosin(&format!("run --data data --out run {JOB}"))
        .done();
    assert!(
        told.stderr.contains("column 'hospital' is read as 'site'"),
        "{}",
        told.stderr
    );
    assert!(scratch.text("run/manifest.csv").starts_with("path,label,"));
    assert!(scratch.text("run/manifest.csv").contains("site"));
    let record = scratch.json("run/slices.json");
    let sources = kind(&record, 0, "source");
    assert_eq!(sources["told_by"], "column 'site'");
    let names: Vec<&Value> = list(&sources["slices"])
        .iter()
        .map(|slice| &slice["name"])
        .collect();
    assert_eq!(names, ["north", "south"]);
    assert_eq!(sources["dealt"], "patient");
    std::fs::remove_file(scratch.path("run/slices.json")).expect("it was there");
    scratch
        .eosin("evaluate run --slices")
        .refused(&["run has no slices.json", "eosin run --resume run"]);
    scratch.eosin("run --resume run").done();
    assert_eq!(scratch.json("run/slices.json"), record);
}

#[test]
fn without_groups_or_a_test_part_only_what_is_known_divides() {
    let scratch = Scratch::with_class_folders();
    scratch
        .eosin(&format!("run --data data --out run {JOB}"))
        .done();
    let record = scratch.json("run/slices.json");
    assert_eq!(list(&record["parts"]).len(), 1);
    assert_eq!(record["parts"][0]["by"], "patch");
    assert!(why(&record, "patient").contains("no patient is known"));
    assert_eq!(kind(&record, 0, "stain")["dealt"], "patch");
}

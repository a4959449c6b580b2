//! How a run does on patches that are stained, blurred, compressed, lit or scaled otherwise.

use serde_json::Value;

use crate::scratch::{EPOCHS, JOB, Scratch, TEST_PATCHES};

fn shifts(record: &Value) -> &Vec<Value> {
    record["shifts"].as_array().expect("a list")
}

#[test]
fn shifts_are_measured_on_the_test_part_and_told_in_the_report() {
    let scratch = Scratch::with_run();
    let told = scratch.eosin("robustness run --json").done();
    let record = told.json();
    assert_eq!(record, scratch.json("run/robustness.json"));
    assert_eq!(record["part"], "test-average");
    assert_eq!(record["patches"], TEST_PATCHES);
    assert_eq!(record["by"], "patient");
    assert_eq!(shifts(&record).len(), 19);
    let metrics = scratch.json("run/metrics.json");
    for shift in shifts(&record) {
        let before = &shift["metrics"][0]["before"];
        assert_eq!(shift["metrics"][0]["metric"], "auroc");
        assert_eq!(*before, metrics["test_average"]["auroc"], "{shift}");
        assert!(shift["changed_share"].as_f64().expect("a share") <= 1.0);
    }
    // Whatever else changes, a strong blur changes probabilities.
    let blur = &shifts(&record)[6];
    assert_eq!(blur["name"], "blur 2 px");
    let loss = blur["metrics"].as_array().expect("a list");
    let loss = loss.iter().find(|metric| metric["metric"] == "log_loss");
    assert!(loss.is_some_and(|loss| loss["difference"].as_f64().is_some_and(|of| of != 0.0)));
    let report = scratch.text("run/report.html");
    assert!(report.contains("12 of 12 patches of the test part"));
    let again = scratch.eosin("robustness run --threads 1 --json").done();
    assert_eq!(again.json(), record);
    let fewer = scratch.eosin("robustness run --patches 6 --seed 3 --json");
    assert_eq!(fewer.done().json()["patches"], 6);
}

#[test]
fn without_a_test_part_each_patch_is_judged_by_the_fold_that_did_not_see_it_in_any_mode() {
    let scratch = Scratch::with_class_folders();
    let modes = [
        format!("{JOB} --out probe"),
        format!("{EPOCHS} --mode last-block --out tail"),
    ];
    for mode in modes {
        scratch.eosin(&format!("run --data data {mode}")).done();
    }
    scratch
        .eosin("ensemble probe tail --method geometric --out both")
        .done();
    for run in ["probe", "tail", "both"] {
        let told = scratch.eosin(&format!("robustness {run} --patches 8 --json"));
        let record = told.done().json();
        assert_eq!(record["part"], "out-of-fold");
        assert_eq!((&record["patches"], &record["of"]), (&8.into(), &48.into()));
        assert_eq!(record["by"], "patch");
    }
}

#[test]
fn what_cannot_be_measured_is_refused_by_name() {
    let scratch = Scratch::with_run();
    scratch.run_on_own_embeddings();
    scratch
        .eosin("robustness own")
        .refused(&["own starts from embeddings", "e.npy", "--backbone"]);
    scratch
        .eosin("robustness run --patches 0")
        .refused(&["--patches 0"]);
    std::fs::rename(scratch.path("data"), scratch.path("moved")).expect("a new name");
    scratch
        .eosin("robustness run")
        .refused(&["cannot be found in", "'--data'"]);
    assert!(!scratch.path("run/robustness.json").exists());
    scratch.eosin("robustness run --data moved").done();
    let keys = scratch.text("moved/manifest.csv");
    let test: Vec<&str> = keys.lines().filter(|line| line.contains(",test")).collect();
    let path = |line: &str| line.split(',').next().unwrap_or_default().to_owned();
    // Another picture under the same name.
    let (one, other) = (path(test[0]), path(test[TEST_PATCHES - 1]));
    std::fs::copy(
        scratch.path(&format!("moved/{one}")),
        scratch.path(&format!("moved/{other}")),
    )
    .expect("a copy");
    scratch
        .eosin("robustness run --data moved")
        .refused(&["is not the one that the run was judged on"]);
}

#[test]
fn blank_patches_and_constant_answers_leave_figures_undefined_and_nothing_invented() {
    let scratch = Scratch::new();
    for at in 0..24 {
        // White glass but for its first pixel, so that no two files are the same.
        let class = if at % 2 == 0 { "benign" } else { "malignant" };
        let value = u8::try_from(230 + at).expect("a byte");
        let image = image::RgbImage::from_fn(32, 32, |x, y| {
            image::Rgb(if (x, y) == (0, 0) {
                [value; 3]
            } else {
                [255; 3]
            })
        });
        scratch.write(&format!("white/{class}/{at}.txt"), "");
        std::fs::remove_file(scratch.path(&format!("white/{class}/{at}.txt"))).expect("a file");
        image
            .save(scratch.path(&format!("white/{class}/{at}.png")))
            .expect("a new image");
    }
    scratch
        .eosin(&format!("run --data white --out run {JOB}"))
        .done();
    let record = scratch.eosin("robustness run --json").done().json();
    for shift in shifts(&record) {
        for metric in shift["metrics"].as_array().expect("a list") {
            let interval = &metric["interval"];
            assert!(
                interval.is_null() || interval["ci_low"].is_number(),
                "{metric}"
            );
        }
    }
    let slices = scratch.json("run/slices.json");
    assert_eq!(slices["parts"][0]["all"]["patches"], 24);
}

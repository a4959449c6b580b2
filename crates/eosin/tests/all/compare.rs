//! `eosin compare`, and what intervals say of themselves.

use crate::scratch::{JOB, Scratch};

/// Two runs on the same patches and folds, `run` and `other`.
fn with_two_runs() -> Scratch {
    let scratch = Scratch::with_run();
    scratch
        .eosin(&format!(
            "run --data data --out other --set predict.views=none {JOB}"
        ))
        .done();
    scratch
}

#[test]
fn runs_are_compared_by_patient_out_of_fold_and_on_test_patches() {
    let scratch = with_two_runs();
    let told = scratch.eosin("compare run other --prevalence 0.05").done();
    for part in [
        "out-of-fold: 36 patches; intervals and tests by patient (6 patients)",
        "test-average: 12 patches; intervals and tests by patient (2 patients)",
        "DeLong's paired test",
        "McNemar's exact p",
        "corrected resampled t",
        "at a prevalence of 0.05: PPV",
    ] {
        assert!(told.stdout.contains(part), "{part}: {}", told.stdout);
    }
    let all = scratch
        .eosin("compare run other --out c.json --json")
        .done()
        .json();
    assert_eq!(all, scratch.json("c.json"));
    let metrics = scratch.json("run/metrics.json");
    let part = &all["parts"][0];
    let auroc = &part["runs"][0]["metrics"]["auroc"];
    assert_eq!(auroc["value"], metrics["out_of_fold"][0]["auroc"]);
    let basis = &metrics["out_of_fold"][0]["intervals_by"];
    assert_eq!(
        (basis["by"].as_str(), basis["groups"].as_u64()),
        (Some("patient"), Some(6))
    );
    let difference = &part["differences"][0]["metrics"]["accuracy"];
    let of = |run: usize| part["runs"][run]["metrics"]["accuracy"]["value"].as_f64();
    let expected = of(1).zip(of(0)).map(|(other, base)| other - base);
    let got = difference["value"].as_f64();
    assert!(
        got.zip(expected)
            .is_some_and(|(got, expected)| (got - expected).abs() < 1e-12)
    );
    scratch
        .eosin("compare run other --out c.json")
        .refused(&["c.json", "--overwrite"]);
}

#[test]
fn a_run_differs_from_itself_by_nothing_that_can_be_told() {
    let scratch = Scratch::with_run();
    let all = scratch.eosin("compare run run --json").done().json();
    let metrics = &all["parts"][0]["differences"][0]["metrics"];
    for metric in ["auroc", "log_loss", "accuracy"] {
        assert_eq!(metrics[metric]["value"].as_f64(), Some(0.0), "{metric}");
        assert_eq!(metrics[metric]["verdict"], "cannot tell", "{metric}");
        assert_eq!(metrics[metric]["p"].as_f64(), Some(1.0), "{metric}");
    }
}

#[test]
fn other_folds_are_said_and_folds_then_not_compared() {
    let scratch = Scratch::with_run();
    scratch
        .eosin(&format!("run --data data --out other --seed 5 {JOB}"))
        .done();
    let told = scratch.eosin("compare run other --json").done();
    let told = told.says(&["cross-validated on other folds"]);
    assert_eq!(
        told.json()["parts"][0]["differences"][0]["folds"],
        serde_json::json!({})
    );
}

#[test]
fn runs_on_other_patches_or_labels_are_refused_with_what_differs() {
    let scratch = Scratch::with_run();
    let manifest = scratch.text("data/manifest.csv");
    let key = scratch.keys_of("train").swap_remove(0);
    let without = manifest
        .lines()
        .filter(|line| !line.starts_with(&format!("{key},")));
    scratch.write("data/fewer.csv", without.collect::<Vec<_>>().join("\n"));
    let relabel = |line: &str| {
        if line.starts_with(&format!("{key},")) {
            line.replace(",benign", ",X")
                .replace(",malignant", ",benign")
                .replace(",X", ",malignant")
        } else {
            line.to_owned()
        }
    };
    let relabelled: Vec<String> = manifest.lines().map(relabel).collect();
    scratch.write("data/relabelled.csv", relabelled.join("\n"));
    for (table, part) in [
        ("fewer", "1 patches of run are not in fewer"),
        ("relabelled", "have other labels"),
    ] {
        scratch
            .eosin(&format!("run --data data/{table}.csv --out {table} {JOB}"))
            .done();
        scratch.eosin(&format!("compare run {table}")).refused(&[
            part,
            &key,
            "compare runs on the same data",
        ]);
    }
}

#[test]
fn without_patients_patches_are_the_unit_and_without_a_test_part_none_is_compared() {
    let scratch = Scratch::with_class_folders();
    for (out, more) in [("one", ""), ("two", "--set predict.views=none")] {
        scratch
            .eosin(&format!("run --data data --out {out} {more} {JOB}"))
            .done();
    }
    let told = scratch.eosin("compare one two --json").done();
    let told = told.says(&["no run has labelled test patches"]);
    let all = told.json();
    assert_eq!(all["parts"].as_array().map(Vec::len), Some(1));
    assert_eq!(all["parts"][0]["by"], "patch");
    let difference = &all["parts"][0]["differences"][0];
    let p = difference["metrics"]["auroc"]["p"].as_f64();
    assert_eq!(p, difference["delong_by_patch"]["p"].as_f64());
}

#[test]
fn what_is_no_prevalence_or_no_second_run_is_refused() {
    let scratch = Scratch::with_run();
    for share in ["0", "1", "1.5", "NaN"] {
        scratch
            .eosin(&format!("evaluate run --prevalence {share}"))
            .refused(&[&format!("--prevalence {share}"), "between 0 and 1"]);
    }
    let told = scratch.eosin("evaluate run --prevalence 0.1").done();
    assert!(
        told.stdout.contains("at a prevalence of 0.1: PPV"),
        "{}",
        told.stdout
    );
    let alone = scratch.eosin("compare run");
    assert_eq!(alone.code, Some(2), "{}", alone.stderr);
}

//! One seed, one result: whatever the threads, the cache and the order of the files.

use std::fs;

use crate::run_files::{answers, assert_same_run, rows};
use crate::scratch::{EXAMINED, JOB, Scratch, copy_reversed};

#[test]
fn one_seed_gives_the_same_bytes_with_any_threads_and_any_cache() {
    let scratch = Scratch::with_phantom();
    let run = |out: &str, more: &str| {
        scratch
            .eosin(&format!(
                "run --data data --out {out} --seed 7 {EXAMINED} {more}"
            ))
            .done()
    };
    run("cold", "--threads 1").says(&["48 embeddings computed, 0 found"]);
    run("warm", "--threads 2").says(&["0 embeddings computed, 48 found"]);
    run("elsewhere", "--threads 2 --cache other").says(&["48 embeddings computed, 0 found"]);
    run("again", "--threads 1");
    for other in ["warm", "elsewhere", "again"] {
        assert_same_run(&scratch, "cold", other);
    }
}

#[test]
fn an_interrupted_cache_does_not_change_the_result() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("run --data data --out whole {JOB}"))
        .done();
    // Half the records, and half a record: what a killed process leaves.
    for entry in fs::read_dir(scratch.path("cache")).unwrap() {
        let records = entry.unwrap().path().join("records.bin");
        if let Ok(file) = fs::OpenOptions::new().write(true).open(records) {
            file.set_len(file.metadata().unwrap().len() / 2).unwrap();
        }
    }
    scratch
        .eosin(&format!("run --data data --out resumed {JOB}"))
        .done();
    assert_same_run(&scratch, "whole", "resumed");
}

#[test]
fn another_seed_gives_another_result() {
    let scratch = Scratch::with_phantom();
    for seed in ["1", "2"] {
        scratch
            .eosin(&format!(
                "run --data data --out run{seed} --seed {seed} {JOB}"
            ))
            .done();
    }
    assert_ne!(
        scratch.read("run1/predictions.csv"),
        scratch.read("run2/predictions.csv")
    );
    assert_ne!(
        scratch.read("run1/folds/0.0/weights.safetensors"),
        scratch.read("run2/folds/0.0/weights.safetensors")
    );
}

#[test]
fn the_order_of_files_and_rows_does_not_matter() {
    let scratch = Scratch::with_phantom();
    copy_reversed(&scratch.path("data"), &scratch.path("copy"));
    let manifest = scratch.text("data/manifest.csv");
    let (header, body) = manifest.split_once('\n').unwrap();
    let reversed: Vec<&str> = body.lines().rev().collect();
    scratch.write(
        "copy/manifest.csv",
        format!("{header}\n{}\n", reversed.join("\n")),
    );
    for data in ["data", "copy"] {
        scratch
            .eosin(&format!("run --data {data} --out run-{data} {JOB}"))
            .done();
    }
    assert_same_run(&scratch, "run-data", "run-copy");
}

#[test]
fn class_folders_do_not_depend_on_the_order_in_which_they_were_filled() {
    let scratch = Scratch::with_class_folders();
    copy_reversed(&scratch.path("data"), &scratch.path("copy"));
    for data in ["data", "copy"] {
        scratch
            .eosin(&format!("run --data {data} --out run-{data} {JOB}"))
            .done();
    }
    assert_same_run(&scratch, "run-data", "run-copy");
}

#[test]
fn full_training_does_not_depend_on_threads_and_its_run_folder_repeats_its_predictions() {
    let scratch = Scratch::new();
    let options = "--patients 4 --test-patients 2 --slides 1 --patches 3 --size 32";
    scratch
        .eosin(&format!("phantom --out data {options}"))
        .done();
    let job = "--mode full --backbone eosin_mini --folds 2 --epochs 1 --batch-size 4";
    for threads in ["1", "2"] {
        let words = format!("run --data data --out run{threads} {job} --threads {threads}");
        scratch.eosin(&words).done();
    }
    assert_same_run(&scratch, "run1", "run2");
    let told = rows(&scratch.text("run1/predictions.csv"));
    let test = told.iter().filter(|row| row["part"] == "test-average");
    let images: Vec<String> = test.map(|row| format!("data/{}", row["key"])).collect();
    let again = scratch
        .eosin(&format!("predict run1 {}", images.join(" ")))
        .done();
    assert_eq!(
        answers(&rows(&again.stdout), ""),
        answers(&told, "test-average")
    );
}

#[test]
fn every_mode_gives_the_same_bytes_with_any_threads() {
    let scratch = Scratch::with_phantom();
    for mode in ["last-block", "last-n", "full", "head-then-full"] {
        for threads in [1, 2] {
            scratch
                .eosin(&format!(
                    "run --data data --out {mode}-{threads} --mode {mode} --threads {threads} \
                     --folds 3 --epochs 2 --batch-size 16"
                ))
                .done();
        }
        assert_same_run(&scratch, &format!("{mode}-1"), &format!("{mode}-2"));
    }
}

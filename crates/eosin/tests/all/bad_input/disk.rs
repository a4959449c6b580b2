//! Disks that fill up and bytes that change.

use std::fs;
use std::path::PathBuf;

use crate::run_files::assert_same_run;
use crate::scratch::{JOB, Scratch, TRAIN_PATCHES};

/// The largest file of embeddings: that of the training patches, with all symmetries.
fn training_records(scratch: &Scratch) -> PathBuf {
    let entries = fs::read_dir(scratch.path("cache")).expect("a cache");
    let records = entries.map(|entry| entry.expect("an entry").path().join("records.bin"));
    records
        .filter(|path| path.is_file())
        .max_by_key(|path| path.metadata().map_or(0, |file| file.len()))
        .expect("an entry with records")
}

#[test]
fn a_disk_that_fills_up_keeps_what_was_written_and_the_next_run_goes_on_from_it() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("run --data data --out clean --cache other {JOB}"))
        .done();
    // A limit on the size of files stands for the disk: room for some embeddings, not for all.
    let full = "trap '' XFSZ; ulimit -f 200";
    let refused = scratch.eosin_under(full, &format!("run --data data --out full {JOB}"));
    refused.refused(&["cannot write embeddings to", "records.bin", "were kept"]);
    let run = scratch
        .eosin(&format!("run --data data --out next {JOB}"))
        .done();
    let words: Vec<&str> = run.stderr.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "found").unwrap();
    let found: usize = words[at - 1].parse().unwrap();
    assert!(found > 0 && found < TRAIN_PATCHES, "{found} found");
    run.says(&[&format!(
        "{} embeddings computed, {found} found",
        48 - found
    )]);
    assert_same_run(&scratch, "clean", "next");
}

#[test]
fn a_flipped_byte_in_the_cache_is_found_and_changes_nothing() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("run --data data --out clean {JOB}"))
        .done();
    scratch.eosin("cache verify").done();
    let path = training_records(&scratch);
    let mut bytes = fs::read(&path).unwrap();
    // A value in the middle of a record in the middle of the file.
    let middle = bytes.len() / 2 + 1000;
    bytes[middle] ^= 0x10;
    fs::write(&path, bytes).unwrap();
    assert_eq!(scratch.eosin("cache verify").code, Some(1));
    let run = scratch
        .eosin(&format!("run --data data --out mended {JOB}"))
        .done();
    run.says(&["1 embeddings computed, 47 found"]);
    assert_same_run(&scratch, "clean", "mended");
    scratch.eosin("cache verify").done();
}

#[test]
fn a_damaged_head_of_a_cache_file_names_the_file_and_the_fix() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("run --data data --out clean {JOB}"))
        .done();
    let path = training_records(&scratch);
    let mut bytes = fs::read(&path).unwrap();
    bytes[20] ^= 1;
    fs::write(&path, bytes).unwrap();
    let refused = scratch.eosin(&format!("run --data data --out next {JOB}"));
    refused.refused(&[
        "records.bin: its header's checksum is wrong",
        "; delete the folder ",
    ]);
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    scratch
        .eosin(&format!("run --data data --out after {JOB}"))
        .done();
    assert_same_run(&scratch, "clean", "after");
}

#[test]
fn weights_that_a_fold_did_not_write_are_refused() {
    let scratch = Scratch::with_run();
    let image = format!("data/{}", scratch.keys()[0]);
    let name = "run/folds/0.1/weights.safetensors";
    let weights = scratch.read(name);
    let expected = blake3::hash(&weights).to_hex().to_string();
    let mut changed = weights.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    scratch.write(name, &changed);
    let found = blake3::hash(&changed).to_hex().to_string();
    for command in [
        format!("predict run {image}"),
        format!("predict run {image} --fold 1"),
        "export run --out m.onnx".to_owned(),
    ] {
        scratch
            .eosin(&command)
            .refused(&[name, &found, &expected, "'eosin run --resume run'"]);
    }
    // The other folds are what they were.
    scratch
        .eosin(&format!("predict run {image} --fold 0"))
        .done();
    // What the message says is done.
    fs::remove_file(scratch.path("run/run.json")).unwrap();
    scratch.eosin("run --resume run").done();
    assert!(scratch.read(name) == weights);
    scratch.eosin(&format!("predict run {image}")).done();
}

#[test]
fn a_damaged_file_of_a_run_is_named() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("run --data data --out run {JOB}"))
        .done();
    let image = format!("data/{}", scratch.keys()[0]);
    let weights = scratch.read("run/folds/0.1/weights.safetensors");
    scratch.write(
        "run/folds/0.1/weights.safetensors",
        &weights[..weights.len() / 2],
    );
    let refused = scratch.eosin(&format!("predict run {image}"));
    refused.refused(&["run/folds/0.1/weights.safetensors is not the file that the fold wrote"]);
    fs::remove_file(scratch.path("run/folds/0.1/weights.safetensors")).unwrap();
    scratch
        .eosin(&format!("predict run {image}"))
        .refused(&["has no 'folds/0.1/weights.safetensors'"]);
    let record = scratch.text("run/run.json");
    scratch.write("run/run.json", &record[..record.len() / 2]);
    scratch
        .eosin(&format!("predict run {image}"))
        .refused(&["run/run.json is damaged"]);
}

//! The frozen part in fewer bits.

use std::collections::BTreeSet;

use crate::run_files::{answers, copy_test_images, rows};
use crate::scratch::{JOB, Scratch};

#[test]
fn fewer_bits_change_embeddings_a_little_and_say_how_much() {
    let scratch = Scratch::with_phantom();
    let mut seen = BTreeSet::new();
    for precision in ["f32", "bf16", "int8"] {
        // A penalty that is given keeps all of a head: one drawn back to nothing would tell none apart.
        let job = format!(
            "--data data --out {precision} {JOB} --set backbone.precision={precision} --set \
             train.strength=1"
        );
        let outcome = scratch.eosin(&format!("run {job}")).done();
        // Values of one precision are never taken for another's.
        assert!(seen.insert(scratch.read(&format!("{precision}/folds/0.0/weights.safetensors"))));
        assert_eq!(
            scratch.json(&format!("{precision}/run.json"))["precision"],
            precision
        );
        let report = scratch.path(&format!("{precision}/precision.json"));
        assert_eq!(report.exists(), precision != "f32");
        if precision == "f32" {
            continue;
        }
        outcome.says(&[
            &format!("{precision} against f32 on"),
            "cosine similarity 0.9",
        ]);
        let effect = scratch.json(&format!("{precision}/precision.json"));
        let number = |key: &str| effect[key].as_f64().unwrap();
        assert!(number("cosine_least") <= number("cosine_mean"));
        assert!((0.9..1.0).contains(&number("cosine_mean")), "{effect}");
        let largest = if precision == "bf16" { 0.05 } else { 0.3 };
        assert!(
            (1e-6..largest).contains(&number("relative_error")),
            "{effect}"
        );
    }
}

#[test]
fn predictions_are_made_in_the_precision_of_the_run() {
    let scratch = Scratch::with_phantom();
    let job = format!("run --data data --out run {JOB} --set backbone.precision=int8");
    scratch.eosin(&job).done();
    copy_test_images(&scratch);
    let again = rows(&scratch.eosin("predict run new").done().stdout);
    let told = rows(&scratch.text("run/predictions.csv"));
    assert_eq!(answers(&again, ""), answers(&told, "test-average"));
}

#[test]
fn a_network_that_is_trained_whole_has_no_frozen_part_to_shorten() {
    let scratch = Scratch::with_phantom();
    for mode in ["full", "head-then-full"] {
        let job = format!("run --data data --out run --mode {mode} --set backbone.precision=bf16");
        scratch
            .eosin(&job)
            .refused(&["backbone.precision is bf16; it must be f32 with train.mode full"]);
    }
    assert!(!scratch.path("run").exists());
}

//! What can stand on embeddings.

use crate::run_files::{answers, assert_same_run, copy_test_images, rows};
use crate::scratch::{EPOCHS, JOB, Scratch};

const SOLVED: [&str; 4] = ["ridge", "lda", "prototypes", "knn"];

#[test]
fn every_solved_head_says_how_strong_it_is_and_predicts_as_its_run_did() {
    let scratch = Scratch::with_phantom();
    copy_test_images(&scratch);
    for head in SOLVED {
        let outcome = scratch.eosin(&format!("run --data data --out {head} {JOB} --head {head}"));
        let told = match head {
            "ridge" => "alpha",
            "lda" => "shrinkage",
            "knn" => "k ",
            _ => "factor",
        };
        outcome.done().says(&[told]);
        assert_eq!(scratch.json(&format!("{head}/run.json"))["head"], head);
        let probe = &scratch.json(&format!("{head}/folds/0.0/outcome.json"))["probe"];
        assert_eq!(probe["head"], head);
        assert_eq!(probe["by"], "inner-folds");
        let again = rows(&scratch.eosin(&format!("predict {head} new")).done().stdout);
        let run = rows(&scratch.text(&format!("{head}/predictions.csv")));
        assert_eq!(answers(&again, ""), answers(&run, "test-average"), "{head}");
        let report = scratch.text(&format!("{head}/report.html"));
        assert!(report.contains("chosen on inner folds"), "{head}");
    }
    let threads = format!("run --data data --out lda3 {JOB} --head lda --threads 3");
    scratch.eosin(&threads).done();
    assert_same_run(&scratch, "lda", "lda3");
}

#[test]
fn a_strength_that_is_given_is_used() {
    let scratch = Scratch::with_phantom();
    let job = format!("run --data data --out run {JOB} --head knn --set train.strength=3");
    scratch.eosin(&job).done();
    let probe = &scratch.json("run/folds/0.0/outcome.json")["probe"];
    assert_eq!(probe["strength"].as_f64(), Some(3.0));
    assert_eq!(probe["by"], "setting");
}

#[test]
fn a_hidden_layer_is_trained_in_epochs_exported_and_predicts_as_its_run_did() {
    let scratch = Scratch::with_phantom();
    copy_test_images(&scratch);
    let job =
        format!("run --data data --out mlp {EPOCHS} --mode head --head mlp --set train.hidden=8");
    scratch.eosin(&job).done();
    assert_eq!(scratch.json("mlp/run.json")["hidden"], 8);
    let again = rows(&scratch.eosin("predict mlp new").done().stdout);
    let run = rows(&scratch.text("mlp/predictions.csv"));
    assert_eq!(answers(&again, ""), answers(&run, "test-average"));
    // Layers do not average to one network.
    scratch.eosin("export mlp --out mlp.onnx").done();
    scratch.eosin("export mlp --out mlp.safetensors").done();
}

#[test]
fn more_neighbours_than_patches_are_refused() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!(
            "run --data data --out run {JOB} --head knn --set train.strength=1000"
        ))
        .refused(&["asks for 1000 neighbours, and the training part of a fold has 24 patches"]);
    assert!(!scratch.path("run").exists());
}

#[test]
fn a_hidden_layer_that_memory_does_not_hold_is_refused_before_anything_is_written() {
    let scratch = Scratch::with_phantom();
    let words =
        "--mode head --head mlp --set train.hidden=65536 --folds 6 --set split.repeats=1000";
    scratch
        .eosin(&format!("run --data data --out run {words}"))
        .refused(&["of memory", "the 65536 of train.hidden"]);
    assert!(!scratch.path("run").exists());
}

#[test]
fn heads_refuse_what_they_cannot_be() {
    let scratch = Scratch::with_phantom();
    for (words, said) in [
        (
            "--head mlp",
            "'--head mlp': train.head is mlp, which is trained in epochs, and train.mode is probe, \
             which solves its heads; add '--mode head'",
        ),
        (
            "--head lda --mode full",
            "train.head is lda, which is solved, and train.mode full trains in epochs; take '--mode \
             probe'",
        ),
        (
            "--head mlp --mode last-block",
            "train.head is mlp, which is trained on embeddings, and train.mode last-block trains a \
             part of the network, too; take '--mode head'",
        ),
        (
            "--head knn --set train.strength=2.5",
            "a whole number with train.head knn",
        ),
        (
            "--head lda --set train.strength=1.5",
            "a share below 1 with train.head lda",
        ),
        ("--head prototypes --set train.strength=1", "which has none"),
        ("--head ridge --set train.loss=binary", "minimises no loss"),
        (
            "--head ridge --set train.sampling=over",
            "train.class_weights",
        ),
        (
            "--head forest",
            "logistic, ridge, lda, prototypes, knn, mlp",
        ),
    ] {
        let job = format!("run --data data --out run {JOB} {words}");
        scratch.eosin(&job).refused(&[said]);
    }
    scratch
        .eosin(&format!("run --data data --out run {JOB} --head knn"))
        .done();
    scratch
        .eosin("export run --out knn.onnx")
        .refused(&["knn head", "--head logistic"]);
}

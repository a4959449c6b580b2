//! Patches looked at in several sizes: each size is a set of views.

use crate::run_files::{answers, assert_same_run, copy_test_images, rows};
use crate::scratch::{EPOCHS, JOB, Scratch};

const SIZES: &str = "--set augment.sizes_px=[48,64]";

#[test]
fn a_run_of_several_sizes_is_judged_under_all_of_them_and_predicts_as_it_was() {
    let scratch = Scratch::with_phantom();
    copy_test_images(&scratch);
    for (name, words) in [
        ("probe", JOB.to_owned()),
        ("one-each", format!("{JOB} --set predict.views=none")),
        ("knn", format!("{JOB} --head knn")),
        ("head", format!("{EPOCHS} --mode head")),
        (
            "f16",
            format!("{JOB} --set cache.dtype=f16 --normalise dataset"),
        ),
    ] {
        scratch
            .eosin(&format!("run --data data --out {name} {words} {SIZES}"))
            .done();
        let record = scratch.json(&format!("{name}/run.json"));
        let sizes = record["other_sizes"].as_array().unwrap();
        let sizes: Vec<_> = sizes.iter().map(|size| size["size_px"].as_u64()).collect();
        assert_eq!(sizes, [Some(48), Some(64)]);
        let again = scratch.eosin(&format!("predict {name} new")).done();
        let of_run = rows(&scratch.text(&format!("{name}/predictions.csv")));
        assert_eq!(
            answers(&rows(&again.stdout), ""),
            answers(&of_run, "test-average"),
            "{name}"
        );
        let metrics = scratch.json(&format!("{name}/metrics.json"));
        assert!(metrics["one_view"]["out_of_fold"][0]["auroc"].is_number());
        let passes = if name == "one-each" { 3 } else { 24 };
        again.says(&[&format!("{passes} passes")]);
        scratch.eosin(&format!("evaluate {name}")).done();
    }
    // One view is the same patch at the run's own size.
    scratch
        .eosin(&format!(
            "run --data data --out upright {JOB} {SIZES} --threads 3"
        ))
        .done()
        .says(&["0 embeddings computed"]);
    assert_same_run(&scratch, "probe", "upright");
}

#[test]
fn heads_of_several_sizes_export_for_one_and_say_so() {
    let scratch = Scratch::with_phantom();
    let job = format!("run --data data --out run {JOB} {SIZES}");
    scratch.eosin(&job).done();
    scratch
        .eosin("export run --out m.onnx --orbit")
        .done()
        .says(&[
            "an exported model sees an image at one size",
            "over 3 sizes",
        ]);
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    let scratch = Scratch::with_phantom();
    let run = |words: &str| {
        let refused = scratch.eosin(&format!("run --data data --out run {JOB} {words}"));
        assert!(!scratch.path("run").exists(), "{}", refused.stderr);
        refused
    };
    run("--set augment.sizes_px=[32]").refused(&["the size that patches are looked at in anyway"]);
    run("--set augment.sizes_px=[48,48]").refused(&["[48, 48]", "different sizes"]);
    for other in ["48", "[-4]", "[48.5]"] {
        run(&format!("--set augment.sizes_px={other}")).refused(&[
            "augment.sizes_px",
            "a list of whole numbers, such as [48, 64]",
        ]);
    }
    run("--set augment.sizes_px=[0]").refused(&["each from 1 to 8192"]);
    run("--set augment.sizes_px=[1]").refused(&["eosin_mini", "1"]);
    run("--set augment.sizes_px=[48] --mode full").refused(&["augment.sizes_px", "see one size"]);
    run("--set augment.sizes_px=[48] --mode head --set augment.hue=0.1")
        .refused(&["augment.sizes_px", "random changes of pixels"]);
    run("--size 32 --backbone vit_small_patch16_224 --weights random --set augment.sizes_px=[48]")
        .refused(&[
            "the weights of vit_small_patch16_224 are those of one size",
            "eosin ensemble",
        ]);
    scratch
        .eosin(&format!("embed --data data --out e.npy {JOB} {SIZES}"))
        .refused(&["augment.sizes_px asks for embeddings at several sizes"]);
    scratch
        .eosin(&format!("embed --data data --out e.npy {JOB}"))
        .done();
    run("--embeddings e.npy --set augment.sizes_px=[48]")
        .refused(&["augment.sizes_px", "no network"]);
    for name in ["one", "two"] {
        let head = if name == "one" { "ridge" } else { "lda" };
        scratch
            .eosin(&format!(
                "run --data data --out {name} {JOB} {SIZES} --head {head}"
            ))
            .done();
    }
    scratch
        .eosin("ensemble one two --method concat --out both")
        .refused(&["looks at patches at several sizes"]);
    scratch
        .eosin("ensemble one two --method geometric --out both")
        .done();
    scratch
        .eosin("export both --out both.onnx")
        .refused(&["see patches at other sizes", "one at 32 and 48 and 64 px"]);
}

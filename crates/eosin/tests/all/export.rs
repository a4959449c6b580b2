//! Models for other programs: what is written, what is refused.

use crate::scratch::{JOB, Scratch};

#[test]
fn a_run_becomes_onnx_and_safetensors() {
    let scratch = Scratch::with_run();
    scratch.eosin("export run --out m.onnx --pixels").done();
    let graph = scratch.read("m.onnx");
    for word in ["pixels", "logits", "probs", "architecture", "eosin_mini"] {
        assert!(
            graph.windows(word.len()).any(|at| at == word.as_bytes()),
            "{word}"
        );
    }
    scratch
        .eosin("export run --out m.safetensors --fold best")
        .done();
    let best = &scratch.json("run/run.json")["best"];
    let fold = format!("{}.{}", best["repeat"], best["fold"]);
    let own = format!("export run --out fold.safetensors --fold {fold}");
    scratch.eosin(&own).done();
    assert_eq!(
        scratch.read("m.safetensors"),
        scratch.read("fold.safetensors")
    );
    let again = scratch.eosin("export run --out again.onnx --pixels").done();
    assert!(again.stdout.contains("7.1 MB  f32"), "{}", again.stdout);
    assert_eq!(scratch.read("again.onnx"), graph);
}

#[test]
fn one_fold_of_several_is_said_to_be_one() {
    let scratch = Scratch::with_phantom();
    let job = format!("run --data data --out run {JOB} --mode head --head mlp --epochs 2");
    scratch.eosin(&job).done();
    let best = &scratch.json("run/run.json")["best"]["fold"];
    let told = scratch.eosin("export run --out m.onnx --json").done();
    assert_eq!(told.json()["files"][0]["fold"], best.to_string());
    told.says(&[
        "the 3 folds of run are no one network",
        &format!("only fold {best}"),
        "'eosin predict' gives the mean of all 3",
    ]);
    let asked = scratch.eosin("export run --out n.onnx --fold 1").done();
    assert!(!asked.stderr.contains("no one network"), "{}", asked.stderr);
    let scratch = Scratch::with_run();
    let told = scratch.eosin("export run --out m.onnx --json").done();
    assert_eq!(told.json()["files"][0]["fold"], "mean");
    assert!(!told.stderr.contains("no one network"), "{}", told.stderr);
}

#[test]
fn an_exported_model_is_a_weight_file_again() {
    let scratch = Scratch::with_run();
    scratch
        .eosin("export run --out half.safetensors --precision f16")
        .done();
    let job = format!("run --data data --out second --weights half.safetensors {JOB}");
    scratch.eosin(&job).done();
}

#[test]
fn a_size_limit_chooses_half_precision_and_says_what_it_costs() {
    let scratch = Scratch::with_run();
    let told = scratch
        .eosin("export run --out m.onnx --max-bytes 5000000 --data data")
        .done();
    assert!(told.stderr.contains("f32 would take 70"), "{}", told.stderr);
    assert!(
        told.stdout.contains("f32 -> f16 on 12 test patches: AUROC"),
        "{}",
        told.stdout
    );
    assert!(scratch.read("m.onnx").len() < 5_000_000);
}

#[test]
fn half_precision_is_measured_on_the_patches_that_the_run_took() {
    let half = "--precision f16 --data data";
    let scratch = Scratch::with_phantom();
    let test = scratch.keys_of("test");
    scratch.write(&format!("data/{}", test[0]), "no image");
    scratch
        .eosin(&format!("run --data data --out run {JOB} --skip-bad"))
        .done();
    let told = scratch.eosin(&format!("export run --out m.onnx {half}"));
    let told = told.done().stdout;
    assert!(told.contains("f32 -> f16 on 11 test patches"), "{told}");

    let scratch = Scratch::with_class_folders();
    for class in ["malignant", "benign"] {
        scratch.write(&format!("data/{class}/bad.png"), "no image");
    }
    // In an order of classes that is not that of the folders.
    let classes = "--set data.classes=['malignant','benign']";
    scratch
        .eosin(&format!(
            "run --data data --out run {JOB} --skip-bad {classes}"
        ))
        .done();
    let folds = scratch.json("run/folds.json");
    for fold in 0..3 {
        let val = folds["folds"][fold]["val"]
            .as_array()
            .expect("a list")
            .len();
        let words = format!("export run --out {fold}.onnx --fold {fold} {half}");
        let told = scratch.eosin(&words).done().stdout;
        let expected = format!("f32 -> f16 on {val} val patches: AUROC");
        assert!(told.contains(&expected), "{expected}: {told}");
    }
}

#[test]
fn models_that_fit_no_limit_are_refused_with_their_sizes() {
    let scratch = Scratch::with_run();
    scratch
        .eosin("export run run --out . --max-bytes 1000")
        .refused(&["both be written"]);
    scratch
        .eosin("export run --out m.onnx --max-bytes 1000")
        .refused(&["f32 would take", "f16 would take"]);
    assert!(!scratch.path("m.onnx").exists());
}

#[test]
fn exports_refuse_what_they_cannot_do() {
    let scratch = Scratch::with_run();
    scratch.write("m.onnx", "mine");
    for (words, said) in [
        ("export run --out m.onnx", "add '--overwrite'"),
        (
            "export run --out m.pt",
            "neither in .onnx nor in .safetensors",
        ),
        (
            "export run --out m.safetensors --pixels",
            "only an ONNX graph can scale",
        ),
        ("export run --out n.onnx --fold 7", "fold 7"),
        ("export nowhere --out n.onnx", "nowhere"),
    ] {
        scratch.eosin(words).refused(&[said]);
    }
    assert_eq!(scratch.text("m.onnx"), "mine");
}

#[test]
fn every_backbone_is_listed_and_one_is_described() {
    let scratch = Scratch::new();
    let all = scratch.eosin("models --json").done();
    assert_eq!(all.json()["models"].as_array().map(Vec::len), Some(33));
    insta::assert_snapshot!(scratch.eosin("models mobilenetv3_large_100").done().stdout);
    scratch
        .eosin("models vit_small_patch16_224 --size 100")
        .refused(&["in steps of 16 px, not 100"]);
}

#[test]
fn a_transformer_names_the_nearest_size_it_takes() {
    let scratch = Scratch::with_phantom();
    let job =
        "run --data data --backbone vit_small_patch14_dinov2 --weights random --size 96 --folds 3";
    scratch
        .eosin(job)
        .refused(&["squares of 14 px", "--size 98"]);
}

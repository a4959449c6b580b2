//! What a run is made of: folds that last, weights that live once, patches that are read once.

use std::fs;
use std::time::SystemTime;

use crate::run_files::{answers, assert_same_run, listing, rows};
use crate::scratch::{EPOCHS, JOB, Scratch};

/// When a file was last written.
fn written(scratch: &Scratch, name: &str) -> SystemTime {
    let metadata = fs::metadata(scratch.path(name)).expect("a file");
    metadata.modified().expect("a time")
}

#[test]
fn a_finished_fold_is_never_trained_again() {
    let scratch = Scratch::with_phantom();
    for mode in ["head", "last-block", "full", "head-then-full"] {
        let job = format!("run --data data {EPOCHS} --mode {mode}");
        let (whole, left) = (format!("whole-{mode}"), format!("left-{mode}"));
        scratch.eosin(&format!("{job} --out {whole}")).done();
        scratch.eosin(&format!("{job} --out {left}")).done();
        // As a process leaves it that is killed when two of three folds have ended, and whose
        // checkpoints no other version can read.
        fs::remove_file(scratch.path(&format!("{left}/run.json"))).unwrap();
        fs::remove_file(scratch.path(&format!("{left}/folds/0.1/outcome.json"))).unwrap();
        let file = |fold: &str| format!("{left}/folds/{fold}/weights.safetensors");
        let before = ["0.0", "0.1", "0.2"].map(|fold| written(&scratch, &file(fold)));
        scratch.eosin(&format!("run --resume {left}")).done();
        let after = ["0.0", "0.1", "0.2"].map(|fold| written(&scratch, &file(fold)));
        assert_eq!((before[0], before[2]), (after[0], after[2]), "{mode}");
        assert!(before[1] < after[1], "{mode}");
        assert_same_run(&scratch, &whole, &left);
    }
}

#[test]
fn a_damaged_fold_is_trained_again_and_another_runs_fold_is_refused() {
    let scratch = Scratch::with_phantom();
    for out in ["run", "other"] {
        let seed = if out == "run" { 1 } else { 2 };
        let job = format!("run --data data {JOB} --seed {seed} --out {out}");
        scratch.eosin(&job).done();
    }
    let clean = scratch.read("run/folds/0.2/weights.safetensors");
    let mut damaged = clean.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    scratch.write("run/folds/0.2/weights.safetensors", &damaged);
    fs::remove_file(scratch.path("run/run.json")).unwrap();
    scratch.eosin("run --resume run").done();
    assert!(scratch.read("run/folds/0.2/weights.safetensors") == clean);
    for name in listing(&scratch, "other/folds/0.0") {
        let file = scratch.read(&format!("other/folds/0.0/{name}"));
        scratch.write(&format!("run/folds/0.0/{name}"), file);
    }
    fs::remove_file(scratch.path("run/run.json")).unwrap();
    scratch
        .eosin("run --resume run")
        .refused(&["fold 0 in the run folder was made from other settings"]);
}

#[test]
fn a_run_needs_no_more_than_the_hash_of_its_weights_as_long_as_the_store_has_them() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("run --data data --out first {JOB}"))
        .done();
    scratch.eosin("export first --out w.safetensors").done();
    let job = format!("run --data data --out run --weights w.safetensors {JOB}");
    scratch.eosin(&job).done();
    let sizes = listing(&scratch, "run").into_iter();
    let bytes: u64 = sizes
        .map(|name| fs::metadata(scratch.path(&format!("run/{name}"))).map_or(0, |m| m.len()))
        .sum();
    assert!(bytes < 1_000_000, "{bytes} bytes");
    let image = format!("data/{}", scratch.keys()[0]);
    let predict = |run: &str| scratch.eosin(&format!("predict {run} {image}"));
    let with_file = predict("run").done().stdout;
    // The store keeps what the file was.
    fs::remove_file(scratch.path("w.safetensors")).unwrap();
    assert_eq!(predict("run").done().stdout, with_file);
    scratch.eosin("pack run --out packed").done();
    scratch.eosin("pack first --out first-packed").done();
    fs::remove_dir_all(scratch.path("cache")).unwrap();
    predict("run").refused(&[
        "are gone",
        "w.safetensors",
        "run/weights.bin",
        "its hash is checked",
    ]);
    scratch.eosin("pack run --out later").refused(&["are gone"]);
    assert_eq!(predict("packed").done().stdout, with_file);
    assert!(scratch.path("first-packed/weights.bin").exists());
    scratch
        .eosin("export packed --out again.safetensors")
        .done();
    // What the message says is what helps.
    scratch.write("run/weights.bin", scratch.read("packed/weights.bin"));
    assert_eq!(predict("run").done().stdout, with_file);
    scratch.write("run/weights.bin", scratch.read("first-packed/weights.bin"));
    predict("run").refused(&["are gone"]);
}

#[test]
fn a_packed_run_is_refused_where_a_run_is() {
    let scratch = Scratch::with_run();
    scratch
        .eosin("pack run --out run")
        .refused(&["is the run itself"]);
    scratch.eosin("pack run --out packed").done();
    scratch
        .eosin("pack run --out packed")
        .refused(&["packed already holds a run"]);
    scratch
        .eosin("pack data --out other")
        .refused(&["is no run folder"]);
}

#[test]
fn a_fold_keeps_the_logits_of_every_patch_that_it_judges() {
    let scratch = Scratch::with_run();
    let mut val = 0;
    for fold in ["0.0", "0.1", "0.2"] {
        let path = scratch.path(&format!("run/folds/{fold}/predictions.csv.gz"));
        let mut text = String::new();
        let file = fs::File::open(path).unwrap();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).unwrap();
        let all = rows(&text);
        let [told, upright]: [Vec<_>; 2] = ["mean", "0"].map(|view| {
            let of_view = all.iter().filter(|row| row["view"] == view);
            of_view.collect()
        });
        assert_eq!((told.len(), 2 * told.len()), (upright.len(), all.len()));
        val += told.iter().filter(|row| row["part"] == "val").count();
        assert_eq!(told.iter().filter(|row| row["part"] == "test").count(), 12);
        assert!(all.iter().all(|row| !row["patient"].is_empty()));
        // Probabilities follow from logits.
        let summed = rows(&scratch.text("run/predictions.csv"));
        for row in told.iter().filter(|row| row["part"] == "val") {
            let logit = |class: &str| row[&format!("logit_{class}")].parse::<f64>().unwrap();
            let prob = 1.0 / (1.0 + (logit("benign") - logit("malignant")).exp());
            let own = summed.iter().find(|own| own["key"] == row["key"]).unwrap();
            assert!((prob - own["prob_malignant"].parse::<f64>().unwrap()).abs() < 1e-6);
        }
    }
    assert_eq!(val, 36);
}

#[test]
fn any_set_of_symmetries_shares_what_is_cached() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("run --data data --out d4 {JOB}"))
        .done();
    scratch
        .eosin(&format!("run --data data --out none --augment none {JOB}"))
        .done()
        .says(&["0 embeddings computed, 48 found"]);
    scratch.eosin("cache prune --all").done();
    scratch
        .eosin(&format!("run --data data --out none2 --augment none {JOB}"))
        .done();
    assert_same_run(&scratch, "none", "none2");
    let [one, other] =
        ["none", "d4"].map(|run| rows(&scratch.text(&format!("{run}/predictions.csv"))));
    assert_ne!(answers(&one, "out-of-fold"), answers(&other, "out-of-fold"));
}

#[test]
fn ablations_look_at_the_patches_once() {
    let scratch = Scratch::with_phantom();
    let words = "--factor train.epochs=2 --factor augment.symmetry=none --factor backbone.normalise=dataset";
    let told = scratch
        .eosin(&format!(
            "ablate --data data --out ablation {EPOCHS} --mode head {words}"
        ))
        .done();
    assert_eq!(
        told.stderr.matches("48 patches, 0 problems").count(),
        1,
        "{}",
        told.stderr
    );
}

#[test]
fn a_run_of_another_format_is_refused_by_name() {
    let scratch = Scratch::with_run();
    let record = scratch.text("run/run.json");
    assert!(record.contains("\"format\": 4,"), "{record}");
    scratch.write("run/run.json", record.replace("\"format\": 4,", ""));
    let image = format!("data/{}", scratch.keys()[0]);
    for command in [
        format!("predict run {image}"),
        "run --resume run".to_owned(),
    ] {
        scratch
            .eosin(&command)
            .refused(&["the run in run has format 1 (eosin 0.1.0); this eosin reads 4"]);
    }
}

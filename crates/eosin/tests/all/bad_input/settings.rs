//! Weights, configurations and run folders that cannot be used.

use std::fs;

use crate::scratch::{EPOCHS, JOB, Scratch};

/// The weights that are part of the program, as a file.
const MINI: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../eosin-models/weights/eosin_mini.safetensors"
);

/// The embedded weights with one NaN.
fn weights_with_nan() -> Vec<u8> {
    let mut bytes = fs::read(MINI).expect("the embedded weights are in the repository");
    let header = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
    let first = 8 + usize::try_from(header).expect("a short header");
    // All ones are NaN in each of the types that weights come in.
    bytes[first..first + 4].fill(0xff);
    bytes
}

#[test]
fn weights_with_a_nan_are_refused_by_tensor_and_index() {
    let scratch = Scratch::with_phantom();
    scratch.write("nan.safetensors", weights_with_nan());
    let refused = scratch.eosin(&format!(
        "run --data data --out run {JOB} --weights nan.safetensors"
    ));
    refused.refused(&["nan.safetensors holds NaN at index 0", "tensor '"]);
}

#[test]
fn weights_of_another_network_are_refused() {
    let scratch = Scratch::with_phantom();
    let words = format!("run --data data --out run {JOB} --backbone resnet18 --weights {MINI}");
    let refused = scratch.eosin(&words);
    refused.refused(&["eosin_mini.safetensors does not hold the weights of resnet18"]);
}

#[test]
fn a_part_of_weights_that_come_in_no_file_cannot_be_chosen() {
    let scratch = Scratch::with_phantom();
    for flags in [
        "--weights-key ema",
        "--weights-prefix net. --weights random --mode full",
    ] {
        let refused = scratch.eosin(&format!("run --data data --out run {JOB} {flags}"));
        refused.refused(&["'--weights-key' and '--weights-prefix' choose among the tensors"]);
    }
    let flat = format!("run --data data --out run {JOB} --weights {MINI} --weights-key ema");
    scratch
        .eosin(&flat)
        .refused(&["there is no key 'ema': safetensors hold tensors alone"]);
}

#[test]
fn a_file_that_holds_no_weights_is_refused() {
    let scratch = Scratch::with_phantom();
    scratch.write("w.safetensors", "not weights at all");
    let refused = scratch.eosin(&format!(
        "run --data data --out run {JOB} --weights w.safetensors"
    ));
    refused.refused(&["w.safetensors is not a weight file"]);
    let missing = scratch.eosin(&format!(
        "run --data data --out run2 {JOB} --weights no.safetensors"
    ));
    missing.refused(&["cannot read weights", "no.safetensors", "No such file"]);
    let folder = scratch.eosin(&format!(
        "run --data data --out run {JOB} --backbone resnet18 --weights ./data"
    ));
    folder.refused(&["data is a folder; name the weight file in it"]);
    let again = scratch.eosin(&format!("run --data data --out run2 {JOB}"));
    again.done();
}

#[test]
fn a_run_that_diverged_says_so_and_is_replaced_only_when_asked() {
    let scratch = Scratch::with_phantom();
    let words = format!("run --data data --out run2 {EPOCHS} --mode head --learning-rate 1e30");
    scratch
        .eosin(&words)
        .refused(&["training diverged in fold", "'train.learning_rate'", "1000"]);
    let again = scratch.eosin(&format!("run --data data --out run2 {JOB}"));
    again.refused(&[
        "run2 holds 'config.toml' and no finished run",
        "'--overwrite'",
    ]);
    scratch
        .eosin(&format!("run --data data --out run2 {JOB} --overwrite"))
        .done();
    // A complete run is not lost to one that comes to nothing.
    let metrics = scratch.text("run2/metrics.json");
    scratch
        .eosin(&format!("{words} --overwrite"))
        .refused(&["training diverged in fold", "is whole in run2/replaced"]);
    scratch
        .eosin("evaluate run2")
        .refused(&["'eosin run --resume run2'", "is whole in run2/replaced"]);
    scratch.eosin("evaluate run2/replaced").done();
    assert_eq!(scratch.text("run2/replaced/metrics.json"), metrics);
    scratch
        .eosin(&format!("run --data data --out run2 {JOB} --overwrite"))
        .done();
    assert_eq!(scratch.text("run2/metrics.json"), metrics);
    assert!(!scratch.path("run2/replaced").exists());
}

#[test]
fn a_network_without_weights_of_its_own_says_so() {
    let scratch = Scratch::with_phantom();
    let refused = scratch.eosin(&format!(
        "run --data data --out run {JOB} --backbone resnet18"
    ));
    refused.refused(&[
        "resnet18 has no weights of its own",
        "eosin weights ls --backbone resnet18",
    ]);
}

#[test]
fn an_unknown_key_names_the_file_and_the_nearest_key() {
    let scratch = Scratch::with_phantom();
    scratch.write("eosin.toml", "[train]\nlabel_smothing = 0.1\n");
    let refused = scratch.eosin("run --data data --out run --config eosin.toml");
    refused.refused(&[
        "eosin.toml",
        "'train.label_smothing'",
        "did you mean 'train.label_smoothing'?",
    ]);
    let refused = scratch.eosin("run --data data --out run --set train.epoch=3");
    refused.refused(&["unknown key 'train.epoch'", "did you mean 'train.epochs'?"]);
}

#[test]
fn two_values_for_one_key_are_refused() {
    let scratch = Scratch::with_phantom();
    for (typed, said) in [
        (
            "--epochs 2 --set train.epochs=5",
            "'--set train.epochs=5' and '--epochs 2' both set train.epochs",
        ),
        (
            "--set train.epochs=1 --set train.epochs=2",
            "'--set train.epochs=1' and '--set train.epochs=2' both set train.epochs",
        ),
        (
            "--epochs 2 --set train.epochs=2",
            "'--set train.epochs=2' and '--epochs 2' both set train.epochs",
        ),
        (
            "--set data.skip_bad=false --skip-bad",
            "'--set data.skip_bad=false' and '--skip-bad' both set data.skip_bad",
        ),
        (
            "--set seed=1 --seed 2",
            "'--set seed=1' and '--seed 2' both set seed",
        ),
        (
            "--set augment.symmetry=d4 --augment none",
            "'--set augment.symmetry=d4' and '--augment none' both set augment.symmetry",
        ),
        (
            "--set train={epochs=3} --set train.batch_size=8",
            "both set train.batch_size",
        ),
    ] {
        let refused = scratch.eosin(&format!("run --data data --out run {typed}"));
        refused.refused(&[said, "leave one of them out"]);
    }
    scratch.write("eosin.toml", "seed = 3\n[train]\nepochs = 9\n");
    let words = "run --data data --out run --folds 3 --config eosin.toml --mode head --epochs 2 --set seed=4";
    scratch.eosin(words).done();
    let config = scratch.text("run/config.toml");
    assert!(
        config.contains("epochs = 2") && config.contains("seed = 4"),
        "{config}"
    );
    let ablate = scratch.eosin(
        "ablate --data data --out a --folds 3 --mode head --epochs 2 --factor train.epochs=1,train.epochs=3",
    );
    ablate.refused(&["'--factor train.epochs=1' and '--factor train.epochs=3'"]);
}

#[test]
fn a_value_out_of_range_names_the_key_the_value_and_the_range() {
    let scratch = Scratch::with_phantom();
    let refused = scratch.eosin("run --data data --out run --folds 1");
    refused.refused(&["split.folds is 1; it must be from 2 to 1000000"]);
    let refused = scratch.eosin("run --data data --out run --set train.label_smoothing=1.5");
    refused.refused(&["train.label_smoothing is 1.5", "below 1"]);
}

#[test]
fn values_are_refused_as_they_were_typed() {
    let scratch = Scratch::with_phantom();
    let set = |setting: &str| {
        let told = scratch.eosin(&format!("run --data data --out run --set {setting}"));
        for foreign in ["TOML", "untagged", "usize", "u64"] {
            assert!(!told.stderr.contains(foreign), "{}", told.stderr);
        }
        told
    };
    for setting in ["predict.views=true", "predict.views=1.0", "predict.views=3"] {
        set(setting).refused(&[
            &format!("'--set {setting}': predict.views: "),
            "choose one of auto, none, hflip, vflip, flips, rot90, d4",
            "1 (none), 2 (hflip), 4 (flips) or 8 (d4)",
        ]);
    }
    set("train.epochs=many").refused(&[
        "'--set train.epochs=many': train.epochs is 'many'; it must be a whole number, 0 or more",
    ]);
    set("train.head=3").refused(&[
        "'--set train.head=3': train.head: '3' is unknown; choose one of logistic, ridge",
    ]);
    set("train.label_smoothing=2")
        .refused(&["'--set train.label_smoothing=2': train.label_smoothing is 2"]);
    // Classes that are numbers are texts nevertheless.
    set("data.positive=1").refused(&["data.positive='1' is none of the classes benign, malignant"]);
    // What stands in a file is said to stand there, and what was typed is not.
    scratch.write("eosin.toml", "[train]\nhidden = 'x'\n");
    let words = "run --data data --out run --config eosin.toml";
    scratch
        .eosin(&format!("{words} --seed 3"))
        .refused(&["in eosin.toml: train.hidden is 'x'; it must be a whole number, 0 or more"]);
    scratch.write("eosin.toml", "[train]\nhidden = \n");
    scratch
        .eosin(words)
        .refused(&["the configuration eosin.toml is no TOML", "line 2"]);
}

#[test]
fn words_that_are_no_choice_list_the_choices() {
    let scratch = Scratch::with_phantom();
    let refused = scratch.eosin("run --data data --out run --select aurok");
    refused.refused(&["train.select", "aurok", "auroc"]);
    let typed = scratch.eosin("run --data data --out run --backbone resnet81");
    assert_eq!((typed.code, typed.stdout.as_str()), (Some(2), ""));
    typed.says(&["resnet81", "resnet18"]);
    let refused = scratch.eosin("run --data data --out run --set data.positive=cancer");
    refused.refused(&["data.positive='cancer' is none of the classes benign, malignant"]);
}

#[test]
fn a_run_folder_in_use_by_a_live_process_is_refused() {
    let scratch = Scratch::with_phantom();
    scratch.write("run/run.lock", "4242\n");
    let lock = fs::File::open(scratch.path("run/run.lock")).unwrap();
    lock.lock().unwrap();
    let job = format!("run --data data --out run {JOB}");
    scratch
        .eosin(&job)
        .refused(&["run folder run is in use by process 4242", "another --out"]);
    scratch
        .eosin(&format!("{job} --overwrite"))
        .refused(&["in use by process 4242"]);
    drop(lock);
    scratch.eosin(&job).done();
}

#[test]
fn a_finished_run_is_not_written_over_unless_asked() {
    let scratch = Scratch::with_phantom();
    let job = format!("run --data data --out run {JOB}");
    scratch.eosin(&job).done();
    let before = scratch.read("run/run.json");
    scratch
        .eosin(&job)
        .refused(&["run already holds a run", "'--overwrite'"]);
    assert_eq!(scratch.read("run/run.json"), before);
    scratch.eosin(&format!("{job} --overwrite")).done();
}

#[test]
fn a_folder_that_is_no_run_cannot_predict_or_be_evaluated() {
    let scratch = Scratch::with_phantom();
    for command in ["predict data data/benign", "evaluate data"] {
        scratch
            .eosin(command)
            .refused(&["data is no run folder: it has no run.json"]);
    }
    for command in ["predict nowhere data/benign", "evaluate nowhere"] {
        scratch
            .eosin(command)
            .refused(&["run folder nowhere does not exist"]);
    }
}

#[test]
fn a_fold_that_does_not_exist_is_refused() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!("run --data data --out run {JOB}"))
        .done();
    let image = format!("data/{}", scratch.keys()[0]);
    let fold = |word: &str| scratch.eosin(&format!("predict run {image} --fold {word}"));
    fold("7").refused(&["fold 7 does not exist: the run has 0-2"]);
    fold("first").refused(&["--fold first is no fold: write a number from 0 to 2, 'best'"]);
    fold("2").done();
}

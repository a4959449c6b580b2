//! Ensembles as one ONNX file.

use crate::onnx_file;
use crate::run_files::{Row, copy_test_images, file_name, listing, rows};
use crate::scratch::{JOB, Scratch};

/// What a probability of the graph may be off by.
const CLOSE: f64 = 1e-5;

/// Runs on one network under two views and under one, and one whose folds are networks of their own.
fn with_members(wanted: &[&str]) -> Scratch {
    let scratch = Scratch::with_phantom();
    let all = [
        ("logistic", "--augment hflip"),
        ("upright", "--head lda --augment none"),
        ("trained", "--mode last-block --epochs 1 --augment hflip"),
        ("unit", "--normalise unit --augment none"),
        ("larger", "--size 48"),
        ("near", "--head knn"),
    ];
    for (name, words) in all.iter().filter(|(name, _)| wanted.contains(name)) {
        let job = format!("run --data data --out {name} {JOB} {words}");
        scratch.eosin(&job).done();
    }
    copy_test_images(&scratch);
    scratch
}

/// The graph must say of two new images what the program says of them.
#[track_caller]
fn assert_same(scratch: &Scratch, predicted: &[Row], graph: &str) {
    let bytes = scratch.read(graph);
    for name in listing(scratch, "new").iter().step_by(7) {
        let found = onnx_file::probs(&bytes, &scratch.path(&format!("new/{name}")));
        let row = predicted
            .iter()
            .find(|row| file_name(&row["path"]) == *name);
        let row = row.expect("it was predicted");
        for (found, class) in found.iter().zip(["prob_benign", "prob_malignant"]) {
            let expected: f64 = row[class].parse().expect("a number");
            assert!(
                (found - expected).abs() < CLOSE,
                "{graph} {name}: {found} {expected}"
            );
        }
    }
}

fn predicted(scratch: &Scratch, words: &str) -> Vec<Row> {
    rows(&scratch.eosin(&format!("predict {words} new")).done().stdout)
}

#[test]
fn an_exported_ensemble_says_what_predict_says() {
    let scratch = with_members(&["logistic", "upright", "unit"]);
    for method in [
        "soft",
        "geometric",
        "power",
        "hard",
        "weighted",
        "greedy",
        "logistic",
        "ridge",
    ] {
        let job = format!("ensemble logistic upright unit --method {method} --out by-{method}");
        scratch.eosin(&job).done();
        let export = format!("export by-{method} --out {method}.onnx --pixels --orbit");
        let told = scratch.eosin(&export).done();
        assert!(!told.stderr.contains("no one network"), "{}", told.stderr);
        assert_same(
            &scratch,
            &predicted(&scratch, &format!("by-{method}")),
            &format!("{method}.onnx"),
        );
    }
    let fold = "export by-soft --out fold.onnx --pixels --orbit --fold 1";
    scratch.eosin(fold).done();
    assert_same(
        &scratch,
        &predicted(&scratch, "by-soft --fold 1"),
        "fold.onnx",
    );
}

#[test]
fn one_head_and_folds_of_their_own_are_exported_too() {
    let scratch = with_members(&["logistic", "upright", "unit", "trained"]);
    for (out, words) in [
        ("concat", "logistic unit --method concat"),
        ("mixed", "logistic trained --method logistic"),
    ] {
        scratch
            .eosin(&format!("ensemble {words} --out {out}"))
            .done();
        let export = format!("export {out} --out {out}.onnx --pixels --orbit");
        scratch.eosin(&export).done();
        assert_same(&scratch, &predicted(&scratch, out), &format!("{out}.onnx"));
    }
    // One network is there once, however many heads stand on it.
    scratch
        .eosin("ensemble logistic upright --method soft --out shared")
        .done();
    let told = scratch.eosin("export shared --out shared.onnx --max-bytes 8000000 --json");
    let bytes = told.done().json()["files"][0]["bytes"].as_u64().unwrap();
    scratch.eosin("export logistic --out one.onnx").done();
    let alone = scratch.read("one.onnx").len() as u64;
    assert!(bytes < alone + 50_000, "{bytes} {alone}");
}

#[test]
fn what_one_graph_cannot_say_is_refused_by_name() {
    let scratch = with_members(&["logistic", "upright", "unit", "larger", "near"]);
    scratch.run_on_own_embeddings();
    for (runs, words, said) in [
        (
            "logistic upright --method rank",
            "--pixels",
            "a mean of ranks (method rank)",
        ),
        (
            "logistic larger --method soft",
            "--pixels",
            "logistic at 32 px, larger at 48 px",
        ),
        (
            "logistic near --method soft",
            "--pixels",
            "the member near has a knn head",
        ),
        (
            "logistic own --method soft",
            "--pixels",
            "the member own was trained on the embeddings",
        ),
        (
            "logistic unit --method soft",
            "",
            "logistic and unit scale pixels in other ways",
        ),
    ] {
        scratch
            .eosin(&format!("ensemble {runs} --out refused --overwrite"))
            .done();
        scratch
            .eosin(&format!("export refused --out m.onnx {words}"))
            .refused(&[said]);
    }
    scratch
        .eosin("export refused --out m.safetensors")
        .refused(&["only an ONNX graph holds"]);
    assert!(!scratch.path("m.onnx").exists() && !scratch.path("m.safetensors").exists());
}

/// Runs when `EOSIN_PYTHON` names a Python with the packages that `run_onnx.py` lists, and says that it
/// was skipped otherwise.
#[test]
fn onnx_runtime_says_what_predict_says() {
    let Some(python) = eosin_testing::python() else {
        return;
    };
    let scratch = with_members(&["logistic", "upright", "unit", "trained"]);
    let names = listing(&scratch, "new");
    let images = names
        .iter()
        .flat_map(|name| onnx_file::planes(&scratch.path(&format!("new/{name}"))));
    let images = images.flat_map(f64::to_le_bytes);
    scratch.write("images.bin", images.collect::<Vec<u8>>());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/all/run_onnx.py");
    for method in [
        "soft",
        "geometric",
        "power",
        "hard",
        "greedy",
        "ridge",
        "concat",
    ] {
        let members = match method {
            "concat" => "logistic unit",
            _ => "logistic upright unit trained",
        };
        let job = format!("ensemble {members} --method {method} --out by-{method}");
        scratch.eosin(&job).done();
        let graph = format!("{method}.onnx");
        scratch
            .eosin(&format!(
                "export by-{method} --out {graph} --pixels --orbit"
            ))
            .done();
        let output = std::process::Command::new(&python)
            .arg(script)
            .args([scratch.path(&graph), scratch.path("images.bin")])
            .arg("32")
            .output()
            .expect("Python starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let text = String::from_utf8(output.stdout).expect("numbers");
        let predicted = predicted(&scratch, &format!("by-{method}"));
        for (name, line) in names.iter().zip(text.lines()) {
            let row = predicted
                .iter()
                .find(|row| file_name(&row["path"]) == *name);
            let row = row.expect("it was predicted");
            for (found, class) in line.split(' ').zip(["prob_benign", "prob_malignant"]) {
                let [found, expected] =
                    [found, &row[class]].map(|word| word.parse::<f64>().expect("a number"));
                assert!(
                    (found - expected).abs() < CLOSE,
                    "{method} {name}: {found} {expected}"
                );
            }
        }
        assert_eq!(text.lines().count(), names.len());
    }
}

//! Runs of one network whose weights become one.

use std::fs;

use eosin_weights::{LazyTensor as _, WeightFile};

use crate::run_files::{answers, assert_same_run, copy_test_images, rows};
use crate::scratch::{JOB, Scratch};

/// Runs that trained the last stage at other rates, the last of them far too fast.
fn with_members(wanted: &[&str]) -> Scratch {
    let scratch = Scratch::with_phantom();
    let all = [
        ("slow", "--learning-rate 0.0003"),
        ("usual", "--learning-rate 0.001"),
        ("wild", "--learning-rate 10"),
    ];
    for (name, words) in all.iter().filter(|(name, _)| wanted.contains(name)) {
        let job = format!(
            "run --data data --out {name} {JOB} --mode last-block --epochs 1 --batch-size 16 --select log_loss {words}"
        );
        scratch.eosin(&format!("{job} --augment hflip")).done();
    }
    scratch
}

fn values(scratch: &Scratch, run: &str, fold: usize, tensor: &str) -> Vec<f32> {
    let path = scratch.path(&format!("{run}/folds/0.{fold}/weights.safetensors"));
    let file = WeightFile::open(&path).expect("weights");
    file.tensors[tensor]
        .read_all()
        .expect("values")
        .into_owned()
}

#[test]
fn a_soup_is_the_mean_of_weights_and_a_run_like_any_other() {
    let scratch = with_members(&["slow", "usual"]);
    copy_test_images(&scratch);
    scratch
        .eosin("ensemble slow usual --method soup --out soup")
        .done();
    for tensor in ["fc.weight", "fc.bias"] {
        let [one, other, soup] =
            ["slow", "usual", "soup"].map(|run| values(&scratch, run, 1, tensor));
        for ((one, other), soup) in one.iter().zip(&other).zip(&soup) {
            assert!((f32::midpoint(*one, *other) - soup).abs() < 1e-6);
        }
        assert!(
            one.iter()
                .zip(&other)
                .any(|(one, other)| (one - other).abs() > 1e-5)
        );
    }
    // It is one network, and predicts, is packed and written as such.
    assert_eq!(
        scratch.json("soup/run.json")["cut"],
        scratch.json("slow/run.json")["cut"]
    );
    let again = rows(&scratch.eosin("predict soup new").done().stdout);
    let run = rows(&scratch.text("soup/predictions.csv"));
    assert_eq!(answers(&again, ""), answers(&run, "test-average"));
    scratch.eosin("export soup --out soup.onnx --fold 0").done();
    for name in ["slow", "usual"] {
        fs::remove_dir_all(scratch.path(name)).unwrap();
    }
    scratch.eosin("pack soup --out packed").done();
    let packed = rows(&scratch.eosin("predict packed new").done().stdout);
    assert_eq!(answers(&packed, ""), answers(&again, ""));
    scratch.eosin("evaluate soup").done();
}

#[test]
fn a_greedy_soup_leaves_out_what_spoils_it_and_each_fold_is_chosen_by_the_others() {
    let scratch = with_members(&["slow", "usual", "wild"]);
    let job = "ensemble wild slow usual --method greedy-soup";
    let told = scratch.eosin(&format!("{job} --out greedy")).done();
    for fold in 0..3 {
        let outcome = scratch.json(&format!("greedy/folds/0.{fold}/outcome.json"));
        let soup: Vec<String> = outcome["soup"]
            .as_array()
            .expect("members")
            .iter()
            .map(|name| name.as_str().expect("a name").to_owned())
            .collect();
        assert!(
            !soup.is_empty() && !soup.contains(&"wild".to_owned()),
            "{soup:?}"
        );
        let line = format!("fold {fold}: {}", soup.join(" + "));
        assert!(told.stdout.contains(&line), "{line}: {}", told.stdout);
    }
    // Threads and an interruption change no bit.
    scratch
        .eosin(&format!("{job} --out again --threads 3"))
        .done();
    for gone in ["run.json", "folds/0.1/outcome.json"] {
        fs::remove_file(scratch.path(&format!("again/{gone}"))).unwrap();
    }
    scratch.eosin("run --resume again").done();
    assert_same_run(&scratch, "greedy", "again");
}

#[test]
fn weights_without_a_common_mean_are_refused() {
    let scratch = with_members(&["slow"]);
    for (name, words) in [
        ("head", "--head lda"),
        ("more", "--mode last-n --epochs 1"),
        ("grey", "--mode last-block --epochs 1 --normalise unit"),
        (
            "part",
            "--mode last-block --epochs 1 --set split.holdout=0.3",
        ),
        (
            "part2",
            "--mode last-block --epochs 1 --set split.holdout=0.3 --learning-rate 0.1",
        ),
    ] {
        let folds = if name.starts_with("part") { "" } else { JOB };
        scratch
            .eosin(&format!("run --data data --out {name} {folds} {words}"))
            .done();
    }
    scratch.run_on_own_embeddings();
    for (runs, said) in [
        ("head --method soup", "which is '--method geometric'"),
        (
            "slow more --method soup",
            "differ in the stages that they have trained",
        ),
        (
            "slow grey --method greedy-soup",
            "differ in the scaling of pixels",
        ),
        ("slow own --method soup", "own was trained on embeddings"),
        (
            "part part2 --method greedy-soup",
            "there is one fold; take '--method soup'",
        ),
    ] {
        let told = scratch.eosin(&format!("ensemble {runs} --out refused"));
        told.refused(&[said]);
        assert!(!scratch.path("refused").exists(), "{runs} leaves something");
    }
    scratch
        .eosin("ensemble part part2 --method soup --out soup")
        .done();
}

//! Which epoch of a fold is kept, and what is said of it.

use crate::scratch::{EPOCHS, Scratch};

fn kept(scratch: &Scratch, run: &str) -> Vec<(u64, Vec<serde_json::Value>)> {
    let fold = |fold: usize| {
        let outcome = scratch.json(&format!("{run}/folds/0.{fold}/outcome.json"));
        let epochs = outcome["epochs"].as_array().expect("epochs").clone();
        (outcome["kept_epoch"].as_u64().expect("an epoch"), epochs)
    };
    (0..3).map(fold).collect()
}

#[test]
fn the_last_epoch_is_kept_unless_another_is_asked_for_and_each_says_which() {
    let scratch = Scratch::with_phantom();
    let job = |keep: &str| {
        format!("run --data data --out {keep} {EPOCHS} --mode head --set train.keep={keep}")
    };
    scratch
        .eosin(&job("last"))
        .done()
        .says(&["epoch 3 of 3 is kept\n"]);
    for (epoch, epochs) in kept(&scratch, "last") {
        assert_eq!((epoch, epochs.len()), (2, 3));
        assert!(epochs[0].get("inner_metric").is_none());
    }
    assert!(
        scratch
            .text("last/report.html")
            .contains("keeps its last epoch")
    );
    scratch
        .eosin(&job("best"))
        .done()
        .says(&["on its own validation part"]);
    for (epoch, epochs) in kept(&scratch, "best") {
        let of = |record: &serde_json::Value| record["val_metric"].as_f64().unwrap();
        let best = epochs.iter().map(of).fold(0.0, f64::max);
        assert!((of(&epochs[usize::try_from(epoch).unwrap()]) - best).abs() < 1e-12);
    }
    assert!(
        scratch
            .text("best/report.html")
            .contains("flatters out-of-fold")
    );
    scratch
        .eosin(&job("inner"))
        .done()
        .says(&["on a fifth of its training part"]);
    for (epoch, epochs) in kept(&scratch, "inner") {
        let of = |record: &serde_json::Value| record["inner_metric"].as_f64().unwrap();
        let best = epochs.iter().map(of).fold(0.0, f64::max);
        assert!((of(&epochs[usize::try_from(epoch).unwrap()]) - best).abs() < 1e-12);
    }
    // Trained on less, so another training altogether.
    assert_ne!(
        scratch.read("inner/folds/0.0/weights.safetensors"),
        scratch.read("last/folds/0.0/weights.safetensors")
    );
}

#[test]
fn what_looks_at_scores_of_epochs_wants_one_that_is_picked() {
    let scratch = Scratch::with_phantom();
    for setting in ["train.patience=2", "train.schedule=plateau"] {
        let job = format!("run --data data --out run {EPOCHS} --mode head --set {setting}");
        scratch
            .eosin(&job)
            .refused(&[setting.split('=').next().unwrap(), "train.keep=inner"]);
    }
}

#[test]
fn a_training_part_that_cannot_be_divided_is_refused_with_the_way_out() {
    let scratch = Scratch::with_phantom();
    let mut table = vec!["path,label,patient".to_owned()];
    let mut seen = [0, 0];
    for key in scratch.keys_of("train") {
        let malignant = usize::from(key.contains("malignant"));
        // Two patients a class: a training part of one of each divides into pure parts only.
        let patient = seen[malignant] % 2;
        seen[malignant] += 1;
        let class = ["benign", "malignant"][malignant];
        table.push(format!("data/{key},{class},{class}-{patient}"));
    }
    scratch.write("table.csv", table.join("\n"));
    let job = "run --data table.csv --out run --folds 2 --epochs 2 --mode head";
    scratch
        .eosin(&format!("{job} --set train.keep=inner"))
        .refused(&["the training part of fold", "train.keep=last"]);
    scratch.eosin(&format!("{job} --overwrite")).done();
}

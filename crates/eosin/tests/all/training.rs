//! Losses, sampling, optimisers and early stopping, through the configuration.

use crate::run_files::assert_same_run;
use crate::scratch::{EPOCHS, JOB, Scratch};

/// Trains and returns the number of epochs of all folds together.
fn run(scratch: &Scratch, out: &str, settings: &[&str]) -> usize {
    let settings: Vec<String> = settings
        .iter()
        .map(|set| format!("--set train.{set}"))
        .collect();
    let job = format!(
        "run --data data --mode head --out {out} --folds 3 {}",
        settings.join(" ")
    );
    scratch.eosin(&job).done();
    let events = scratch.text(&format!("{out}/events.jsonl"));
    events
        .lines()
        .filter(|line| line.contains("train_loss"))
        .count()
}

#[test]
fn every_loss_sampling_optimiser_and_schedule_trains() {
    let scratch = Scratch::with_phantom();
    for (index, settings) in [
        &[
            "loss=focal",
            "label_smoothing=0",
            "sampling=under",
            "optimiser=lion",
            "epochs=3",
        ][..],
        &[
            "loss=generalised-cross-entropy",
            "label_smoothing=0",
            "sampling=over",
            "optimiser=rmsprop",
            "epochs=3",
        ],
        &[
            "loss=binary",
            "label_smoothing=0",
            "positive_weight=2",
            "schedule=one-cycle",
            "epochs=3",
        ],
        &[
            "sampling=balanced-batches",
            "class_weights=effective-number",
            "schedule=exponential",
            "epochs=3",
        ],
        &[
            "optimiser=sgd",
            "nesterov=true",
            "clip_norm=0.5",
            "learning_rate=0.01",
            "epochs=3",
        ],
    ]
    .into_iter()
    .enumerate()
    {
        let one = format!("a{index}");
        // Three folds of three epochs.
        assert_eq!(run(&scratch, &one, settings), 9, "{settings:?}");
        let other = format!("b{index}");
        run(&scratch, &other, settings);
        let [a, b] = [one, other].map(|out| scratch.read(&format!("{out}/predictions.csv")));
        assert!(a == b, "{settings:?} is not repeatable");
    }
}

#[test]
fn a_fold_that_does_not_improve_stops_early() {
    let scratch = Scratch::with_phantom();
    // With a rate this small no prediction changes, so no epoch is better than the first.
    let still = [
        "learning_rate=1e-12",
        "epochs=10",
        "patience=2",
        "keep=best",
    ];
    assert_eq!(run(&scratch, "still", &still), 9);
    let patient = ["learning_rate=1e-12", "epochs=10", "patience=0"];
    assert_eq!(run(&scratch, "patient", &patient), 30);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let scratch = Scratch::with_phantom();
    for (settings, said) in [
        (
            "--mode last-n --set train.stages=9",
            "train.stages is 9; eosin_mini has the stages",
        ),
        (
            "--mode head --set train.loss=focal --set train.label_smoothing=0.1",
            "train.label_smoothing is 0.1; it must be 0",
        ),
        (
            "--set train.loss=focal",
            "train.loss is focal; it must be cross-entropy or binary with train.mode probe",
        ),
        (
            "--epochs 2",
            "'--epochs 2' sets train.epochs, which train.mode probe has no use for",
        ),
        (
            "--mode head --set train.strength=1",
            "train.strength is 1; it must be 0 with any mode but probe",
        ),
        (
            "--mode head --set train.schedule=one-cycle --set train.warmup_epochs=1",
            "warms up by itself",
        ),
        ("--set train.sampling=overr", "did you mean 'over'"),
    ] {
        scratch
            .eosin(&format!("run --data data --out run {JOB} {settings}"))
            .refused(&[said]);
        assert!(
            !scratch.path("run").exists(),
            "{settings} left something behind"
        );
    }
}

/// Reads every fold's scalars with TensorBoard's own reader and prints tag, step and value.
const READER: &str = "
import glob, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
for folder in sorted(glob.glob('run/tensorboard/*')):
    board = EventAccumulator(folder).Reload()
    for tag in sorted(board.Tags()['scalars']):
        print(folder.split('/')[-1], tag, *[f'{e.step}:{e.value:.6f}' for e in board.Scalars(tag)])
";

#[test]
fn tensorboard_has_the_metrics_of_solved_heads() {
    let scratch = Scratch::with_phantom();
    for head in ["logistic", "knn"] {
        let job = format!("run --data data --out {head} {JOB} --head {head} --tensorboard");
        scratch.eosin(&job).done();
        for fold in 0..3 {
            let name = format!("{head}/tensorboard/fold-0-{fold}/events.out.tfevents.0.eosin");
            let file = scratch.read(&name);
            let outcome = scratch.json(&format!("{head}/folds/0.{fold}/outcome.json"));
            let strength = if head == "knn" { "probe/k" } else { "probe/C" };
            for word in ["val/auroc", "val/log_loss", strength] {
                let at = file
                    .windows(word.len())
                    .position(|at| at == word.as_bytes());
                let at = at.unwrap_or_else(|| panic!("{name} has no {word}"));
                let Some(metric) = word.strip_prefix("val/") else {
                    continue;
                };
                // Field 2 of the message, four bytes.
                let value = &file[at + word.len()..][..5];
                let told = f32::from_le_bytes(value[1..].try_into().unwrap());
                let metric = outcome["metrics"][metric].as_f64().unwrap();
                assert!(value[0] == 0x15 && (f64::from(told) - metric).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn tensorboard_reads_the_event_files() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!(
            "run --data data --out run {EPOCHS} --mode head --tensorboard"
        ))
        .done();
    let file = scratch.read("run/tensorboard/fold-0-0/events.out.tfevents.0.eosin");
    assert!(file.windows(13).any(|at| at == b"brain.Event:2"));
    let Some(python) = eosin_testing::python() else {
        return;
    };
    let read = std::process::Command::new(python)
        .args(["-c", READER])
        .current_dir(scratch.path(""))
        .output()
        .expect("Python runs");
    let read = String::from_utf8(read.stdout).expect("text");
    let mut expected = 0;
    for line in scratch.text("run/events.jsonl").lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let Some(loss) = event["val_loss"].as_f64() else {
            continue;
        };
        expected += 1;
        let fold = format!("fold-0-{} loss/val", event["fold"]);
        let told = read
            .lines()
            .find(|line| line.starts_with(&fold))
            .expect("a fold's line");
        let point = format!(" {}:", event["epoch"]);
        let (_, from) = told.split_once(&point).expect("a point an epoch");
        let value = from
            .split(' ')
            .next()
            .and_then(|value| value.parse::<f64>().ok());
        let error = (value.expect("a number") - loss).abs();
        assert!(error < 1e-6, "{told} has not {loss} at {point}");
    }
    assert_eq!(expected, 9);
}

#[test]
fn an_ablation_compares_each_change_with_the_base() {
    let scratch = Scratch::with_phantom();
    let words = format!(
        "ablate --data data --out ab {EPOCHS} --mode head --factor train.epochs=3 --factor \
         train.sampling=under,train.label_smoothing=0"
    );
    let told = scratch.eosin(&words).done();
    assert!(
        told.stdout.contains("by patient: 6 patients resampled"),
        "{}",
        told.stdout
    );
    let found = scratch.json("ab/ablation.json");
    assert_eq!(found["base"], "ab/base");
    let found = &found["factors"];
    // The base has three epochs, too.
    assert_eq!(found[0]["difference"].as_f64(), Some(0.0));
    assert_eq!(found[0]["verdict"], "cannot tell");
    assert_eq!(found[1]["settings"][1], "train.label_smoothing=0");
    let config = scratch.text("ab/2-train.sampling=under,train.label_smoothing=0/config.toml");
    assert!(config.contains("sampling = \"under\""), "{config}");
    assert_eq!(
        scratch.read("ab/base/folds.json"),
        scratch.read("ab/1-train.epochs=3/folds.json")
    );
}

#[test]
fn a_change_that_prevents_learning_hurts_and_the_way_back_helps() {
    let scratch = Scratch::new();
    let easy = "--patients 40 --test-patients 0 --slides 1 --patches 4 --size 32 --difficulty 0";
    scratch.eosin(&format!("phantom --out data {easy}")).done();
    let [learns, idles] = ["0.01", "0.000000001"].map(|rate| format!("train.learning_rate={rate}"));
    for (base, change, verdict) in [(&learns, &idles, "hurts"), (&idles, &learns, "helps")] {
        let words = "ablate --data data --mode head --folds 4 --epochs 30 --batch-size 8";
        let told = scratch.eosin(&format!(
            "{words} --out {verdict} --set {base} --factor {change}"
        ));
        assert!(told.done().stdout.contains(verdict));
        let found = &scratch.json(&format!("{verdict}/ablation.json"))["factors"][0];
        assert_eq!(found["verdict"], verdict, "{found}");
        let number = |name: &str| found[name].as_f64().expect("a number");
        let difference = number("difference");
        assert!(difference.abs() > 0.2, "{found}");
        assert!(number("ci_low") <= difference && difference <= number("ci_high"));
        assert!((number("variant") - number("base") - difference).abs() < 1e-12);
        let run = found["run"].as_str().expect("a folder");
        for (run, auroc) in [(run, "variant"), (&format!("{verdict}/base"), "base")] {
            let metrics = scratch.json(&format!("{run}/metrics.json"));
            assert_eq!(
                metrics["out_of_fold"][0]["auroc"].as_f64(),
                Some(number(auroc))
            );
        }
    }
}

#[test]
fn an_ablation_refuses_changes_that_cannot_be_paired() {
    let scratch = Scratch::with_phantom();
    for (factor, said) in [
        ("split.folds=2", "runs on other folds cannot be compared"),
        ("seed=3", "runs on other folds cannot be compared"),
        ("train.epoch=3", "did you mean 'train.epochs'"),
        ("epochs", "write train.epochs=40"),
    ] {
        let words = format!("ablate --data data --out ab {EPOCHS} --mode head --factor {factor}");
        scratch.eosin(&words).refused(&[said]);
    }
    assert!(!scratch.path("ab").exists());
}

#[test]
fn augmentations_train_from_cached_views_from_new_ones_and_from_pixels() {
    let scratch = Scratch::with_phantom();
    let pixels = "--set augment.rotate_degrees=20 --set augment.hed=0.05 --set augment.noise=0.02";
    for (index, (mode, views)) in [
        ("head", 3),
        ("head", 0),
        ("last-block", 2),
        ("last-block", 0),
        ("full", 0),
    ]
    .into_iter()
    .enumerate()
    {
        let words = format!(
            "run --data data --folds 3 --epochs 2 {pixels} --mode {mode} --set augment.views={views}"
        );
        let [one, other] = [format!("one{index}"), format!("other{index}")];
        scratch
            .eosin(&format!("{words} --out {one} --threads 1"))
            .done();
        let said = scratch.eosin(&format!("{words} --out {other}")).done();
        assert_same_run(&scratch, &one, &other);
        // Three folds of 24 patches, two epochs.
        let new = said.stderr.contains("144 new views while training");
        assert_eq!(
            new,
            mode != "full" && views == 0,
            "{mode} {views}: {}",
            said.stderr
        );
    }
    scratch
        .eosin(&format!(
            "run --data data {JOB} --set augment.views=3 --out run"
        ))
        .refused(&[
            "augment.views is 3",
            "without an augmentation beyond symmetries",
        ]);
    scratch
        .eosin(&format!(
            "run --data data {JOB} --set augment.cutmix=1 --out run"
        ))
        .refused(&["augment.cutmix is 1", "train.mode=full"]);
}

#[test]
fn a_contact_sheet_shows_what_training_sees() {
    let scratch = Scratch::with_phantom();
    let words = "augment --data data --preview sheet.png --patches 3 --views 4";
    scratch.eosin(words).done();
    let plain = scratch.read("sheet.png");
    let sheet = image::load_from_memory(&plain).expect("a picture");
    assert_eq!((sheet.width(), sheet.height()), (5 * 36 + 4, 3 * 36 + 4));
    scratch
        .eosin(words)
        .refused(&["sheet.png is there already", "'--overwrite'"]);
    let words = &format!("{words} --overwrite");
    scratch.eosin(words).done();
    assert!(
        plain == scratch.read("sheet.png"),
        "the sheet is not repeatable"
    );
    scratch
        .eosin(&format!(
            "{words} --set augment.views=1 --set augment.hue=0.3"
        ))
        .done();
    assert!(plain != scratch.read("sheet.png"));
}

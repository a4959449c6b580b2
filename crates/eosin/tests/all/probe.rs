//! The default run: heads solved to their optimum, judged under all views.

use crate::run_files::{assert_same_run, rows};
use crate::scratch::{JOB, Scratch};

#[test]
fn a_fold_says_which_penalty_was_chosen_and_what_was_tried() {
    let scratch = Scratch::with_run();
    for fold in 0..3 {
        let probe = &scratch.json(&format!("run/folds/0.{fold}/outcome.json"))["probe"];
        let tried = probe["tried"].as_array().unwrap();
        assert!(
            tried
                .iter()
                .any(|tried| tried["strength"] == probe["strength"]),
            "{probe}"
        );
        assert!(probe["relative_gap"].as_f64().unwrap() < 1e-6, "{probe}");
    }
    assert!(
        scratch
            .text("run/report.html")
            .contains("chosen on inner folds")
    );
    let given = format!("run --data data --out given {JOB} --set train.strength=0.01");
    scratch.eosin(&given).done();
    let probe = &scratch.json("given/folds/0.0/outcome.json")["probe"];
    assert_eq!(probe["strength"].as_f64(), Some(0.01));
    assert_eq!(probe["tried"].as_array().unwrap().len(), 0);
    assert_eq!(probe["by"], "setting");
    let report = scratch.text("given/report.html");
    assert!(report.contains("its C was given") && !report.contains("chosen on inner"));
}

#[test]
fn metrics_are_told_by_one_view_and_by_all() {
    let scratch = Scratch::with_run();
    let metrics = scratch.json("run/metrics.json");
    assert!(metrics["one_view"]["out_of_fold"][0]["auroc"].is_number());
    assert!(metrics["out_of_fold"][0]["auroc"].is_number());
    let job = format!("run --data data --out plain {JOB} --set predict.views=none");
    scratch.eosin(&job).done();
    let plain = scratch.json("plain/metrics.json");
    assert!(plain.get("one_view").is_none());
    // The heads are the same; what is judged is what the other run calls one view.
    let of = |metrics: &serde_json::Value| metrics["out_of_fold"][0]["auroc"].as_f64().unwrap();
    assert!((of(&plain) - of(&metrics["one_view"])).abs() < 1e-9);
}

#[test]
fn views_are_also_named_by_their_number() {
    let scratch = Scratch::with_phantom();
    for (number, word) in [(1, "none"), (2, "hflip"), (4, "flips"), (8, "d4")] {
        let job = format!("run --data data --out v{number} {JOB} --set predict.views={number}");
        scratch.eosin(&job).done();
        assert_eq!(scratch.json(&format!("v{number}/run.json"))["views"], word);
    }
    scratch
        .eosin("run --data data --out run --set predict.views=3")
        .refused(&["predict.views: '3' is unknown", "4 (flips) or 8 (d4)"]);
}

#[test]
fn inner_folds_are_not_those_that_the_data_name() {
    let scratch = Scratch::with_run();
    // The run's own folds, as a column of the table.
    let folds = scratch.json("run/folds.json");
    let mut table = vec!["path,label,patient,fold".to_owned()];
    for row in rows(&scratch.text("data/manifest.csv")) {
        let holds = |fold: &serde_json::Value| {
            let val = fold["val"].as_array().unwrap();
            val.iter().any(|key| *key == row["path"].as_str())
        };
        let at = folds["folds"].as_array().unwrap().iter().position(holds);
        if let Some(at) = at {
            let [path, label, patient] = ["path", "label", "patient"].map(|name| &row[name]);
            table.push(format!("data/{path},{label},{patient},{at}"));
        }
    }
    scratch.write("table.csv", table.join("\n"));
    scratch.eosin("run --data table.csv --out named").done();
    for fold in 0..3 {
        let probe = &scratch.json(&format!("named/folds/0.{fold}/outcome.json"))["probe"];
        assert_eq!(probe["by"], "inner-folds", "{probe}");
    }
}

#[test]
fn threads_and_an_interruption_change_no_bit() {
    let scratch = Scratch::with_run();
    for threads in [1, 3] {
        let job = format!("run --data data --out t{threads} {JOB} --threads {threads}");
        scratch.eosin(&job).done();
        assert_same_run(&scratch, "run", &format!("t{threads}"));
    }
    // As if it had been killed after the first fold.
    for gone in [
        "run.json",
        "folds/0.1/outcome.json",
        "folds/0.2/outcome.json",
    ] {
        std::fs::remove_file(scratch.path(&format!("t1/{gone}"))).unwrap();
    }
    scratch.eosin("run --resume t1").done();
    assert_same_run(&scratch, "run", "t1");
}

#[test]
fn sampling_weights_and_smoothing_change_what_is_solved() {
    let scratch = Scratch::with_run();
    let before = rows(&scratch.text("run/predictions.csv"));
    for (at, setting) in [
        "sampling=under",
        "sampling=over",
        "sampling=balanced-batches",
        "class_weights=balanced",
        "label_smoothing=0.1",
        "loss=binary --set train.positive_weight=3",
    ]
    .into_iter()
    .enumerate()
    {
        let job = format!("run --data data --out s{at} {JOB} --set train.{setting}");
        scratch.eosin(&job).done();
        let after = rows(&scratch.text(&format!("s{at}/predictions.csv")));
        assert!(after != before, "{setting} changes nothing");
    }
}

#[test]
fn a_class_too_small_to_divide_gets_a_strong_penalty_and_a_word() {
    let scratch = Scratch::with_class_folders();
    // Two patches of one class: an outer fold leaves one, and inner folds none.
    let malignant = std::fs::read_dir(scratch.path("data/malignant")).unwrap();
    let mut files: Vec<_> = malignant.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in &files[2..] {
        std::fs::remove_file(file).unwrap();
    }
    let job = "run --data data --out run --folds 2";
    let told = scratch.eosin(job).done().stderr;
    assert!(told.contains("too small to choose on: C "), "{told}");
    let probe = &scratch.json("run/folds/0.0/outcome.json")["probe"];
    assert_eq!(probe["by"], "nothing");
    let given = "run --data data --out given --folds 2 --set train.strength=0.001";
    scratch.eosin(given).done();
}

#[test]
fn the_exported_mean_of_all_folds_predicts_what_they_predict() {
    let scratch = Scratch::with_run();
    let told = scratch.eosin("export run --out mean.safetensors").done();
    assert!(
        told.stderr.contains("mean logit over 8 symmetries"),
        "{}",
        told.stderr
    );
    scratch
        .eosin("export run --out best.safetensors --fold best")
        .done();
    let [mean, best] = ["mean", "best"].map(|name| scratch.read(&format!("{name}.safetensors")));
    assert!(mean.len() as f64 <= 1.01 * best.len() as f64);
    assert!(mean != best);
}

#[test]
fn a_given_strength_that_leaves_nothing_is_said() {
    let scratch = Scratch::with_phantom();
    let job = format!("run --data data {JOB} --out");
    scratch
        .eosin(&format!("{job} weak --set train.strength=1e-12"))
        .done()
        .says(&[
            "says much the same of every patch",
            "train.strength leaves next to nothing",
        ]);
    let told = scratch
        .eosin(&format!("{job} usual --set train.strength=0.01"))
        .done();
    assert!(!told.stderr.contains("much the same"), "{}", told.stderr);
}

#[test]
fn a_network_of_random_weights_that_stays_so_is_said() {
    let scratch = Scratch::with_phantom();
    let words = format!("run --data data --out run {JOB} --weights random");
    let said = "the weights are random, and mode probe keeps them";
    scratch.eosin(&words).done().says(&[said]);
}

//! Several runs made one.

use std::fs;

use crate::run_files::{answers, assert_same_run, copy_test_images, rows};
use crate::scratch::{JOB, Scratch};

const COMBINED: [&str; 9] = [
    "soft",
    "geometric",
    "power",
    "hard",
    "rank",
    "weighted",
    "greedy",
    "logistic",
    "ridge",
];

/// Three runs on the same patches and folds; the last sees them larger.
fn with_members() -> Scratch {
    let scratch = Scratch::with_phantom();
    for (name, words) in [
        ("logistic", ""),
        ("lda", "--head lda"),
        ("larger", "--size 48"),
    ] {
        let job = format!("run --data data --out {name} {JOB} {words}");
        scratch.eosin(&job).done();
    }
    scratch
}

fn auroc(scratch: &Scratch, run: &str) -> f64 {
    scratch.json(&format!("{run}/metrics.json"))["out_of_fold"][0]["auroc"]
        .as_f64()
        .expect("a score")
}

#[test]
fn an_ensemble_is_a_run_that_predicts_as_it_was_judged() {
    let scratch = with_members();
    copy_test_images(&scratch);
    for method in COMBINED.iter().chain(&["concat"]) {
        let job = format!("ensemble logistic larger --method {method} --out by-{method}");
        scratch.eosin(&job).done();
        let record = scratch.json(&format!("by-{method}/run.json"));
        assert_eq!(record["ensemble"]["method"], *method);
        assert_eq!(record["ensemble"]["members"][1]["name"], "larger");
        let told = scratch.eosin(&format!("predict by-{method} new --resize square"));
        let again = rows(&told.done().stdout);
        let run = rows(&scratch.text(&format!("by-{method}/predictions.csv")));
        assert_eq!(
            answers(&again, ""),
            answers(&run, "test-average"),
            "{method}"
        );
        let metrics = scratch
            .eosin(&format!("evaluate by-{method} --json"))
            .done();
        assert_eq!(metrics.json()["folds"].as_array().unwrap().len(), 3);
        scratch
            .eosin(&format!(
                "score by-{method}/predictions.csv --part out-of-fold"
            ))
            .done();
    }
    let report = scratch.text("by-concat/report.html");
    assert!(report.contains("2 runs by concat") && report.contains("Member larger"));
}

#[test]
fn the_mean_of_logits_is_what_it_says() {
    let scratch = with_members();
    scratch
        .eosin("ensemble logistic lda --method geometric --out both")
        .done();
    let probs = |run: &str| -> Vec<f64> {
        let all = rows(&scratch.text(&format!("{run}/predictions.csv")));
        let all = all.into_iter().filter(|row| row["part"] == "out-of-fold");
        let odds = |p: f64| (p / (1.0 - p)).ln();
        all.map(|row| odds(row["prob_malignant"].parse().unwrap()))
            .collect()
    };
    let [one, other, both] = ["logistic", "lda", "both"].map(probs);
    for ((one, other), both) in one.iter().zip(&other).zip(&both) {
        let expected = f64::midpoint(*one, *other);
        assert!((both - expected).abs() < 1e-3 * expected.abs().max(1.0));
    }
}

#[test]
fn one_head_on_a_run_twice_seen_is_the_head_of_that_run() {
    let scratch = Scratch::new();
    let options = "--patients 14 --test-patients 2 --slides 1 --patches 10 --size 32";
    scratch
        .eosin(&format!("phantom --out data {options}"))
        .done();
    for run in ["once", "again"] {
        let job = format!("run --data data --out {run} --folds 5");
        scratch.eosin(&job).done();
    }
    // All embeddings twice: the penalty is shared by two columns, and nothing else changes, but that it is
    // chosen among decades.
    scratch
        .eosin("ensemble once again --method concat --out twice")
        .done();
    let loss = |run: &str| {
        let metrics = scratch.json(&format!("{run}/metrics.json"));
        let loss = &metrics["out_of_fold"][0]["log_loss"];
        loss.as_f64().expect("a loss")
    };
    let [twice, once] = ["twice", "once"].map(loss);
    assert!((twice - once).abs() < 0.02, "{twice} beside {once}");
}

#[test]
fn what_each_embedding_brings_to_the_one_head_sums_to_what_all_gain() {
    let scratch = with_members();
    let told = scratch
        .eosin("ensemble lda larger --method concat --out both")
        .done();
    let harmony = &scratch.json("both/ensemble.json")["harmony"];
    let joined = &harmony["joined"];
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    // Taken apart and put together again it is the head that was judged.
    assert!((number(&joined["together"]) - auroc(&scratch, "both")).abs() < 1e-6);
    assert!((number(&joined["empty"]) - 0.5).abs() < 0.2, "{joined}");
    let shares = joined["shares"].as_array().expect("shares");
    let sum: f64 = shares.iter().map(|share| number(&share["shapley"])).sum();
    let gain = number(&joined["together"]) - number(&joined["empty"]);
    assert!((sum - gain).abs() < 1e-9, "{sum} {gain}");
    // Of two, what is lost without one is what the other alone does not reach.
    for (one, other) in [(0, 1), (1, 0)] {
        let lost = number(&joined["together"]) - number(&shares[other]["score"]);
        assert!((number(&shares[one]["leave_one_out"]) - lost).abs() < 1e-9);
    }
    assert!(
        told.stdout.contains("larger in the one head"),
        "{}",
        told.stdout
    );
    assert!(scratch.text("both/report.html").contains("lost without it"));
    // An ensemble that was interrupted has it, too.
    let whole = scratch.json("both/ensemble.json");
    std::fs::remove_file(scratch.path("both/run.json")).unwrap();
    let mut without = whole.clone();
    without["harmony"]["joined"] = serde_json::Value::Null;
    scratch.write("both/ensemble.json", without.to_string());
    scratch.eosin("run --resume both").done();
    assert_eq!(scratch.json("both/ensemble.json"), whole);
    scratch
        .eosin("ensemble logistic lda --method soft --out soft")
        .done();
    assert!(scratch.json("soft/ensemble.json")["harmony"]["joined"].is_null());
}

#[test]
fn threads_and_an_interruption_change_no_bit_of_an_ensemble() {
    let scratch = with_members();
    for method in ["weighted", "concat"] {
        let job = format!("ensemble logistic lda larger --method {method}");
        scratch.eosin(&format!("{job} --out {method}1")).done();
        scratch
            .eosin(&format!("{job} --out {method}3 --threads 3"))
            .done();
        assert_same_run(&scratch, &format!("{method}1"), &format!("{method}3"));
        for gone in ["run.json", "folds/0.1/outcome.json"] {
            fs::remove_file(scratch.path(&format!("{method}3/{gone}"))).unwrap();
        }
        scratch.eosin(&format!("run --resume {method}3")).done();
        assert_same_run(&scratch, &format!("{method}1"), &format!("{method}3"));
    }
}

#[test]
fn an_ensemble_outlives_its_members_and_can_be_packed() {
    let scratch = with_members();
    copy_test_images(&scratch);
    scratch
        .eosin("ensemble logistic lda --method soft --out both")
        .done();
    let before = scratch.eosin("predict both new").done().stdout;
    for name in ["logistic", "lda", "larger"] {
        fs::remove_dir_all(scratch.path(name)).unwrap();
    }
    assert_eq!(scratch.eosin("predict both new").done().stdout, before);
    scratch.eosin("pack both --out packed").done();
    fs::remove_dir_all(scratch.path("both")).unwrap();
    assert_eq!(scratch.eosin("predict packed new").done().stdout, before);
    assert!(scratch.path("packed/members/1/weights.bin").is_file());
    // Another ensemble in its place leaves nothing of it.
    scratch
        .eosin(&format!("run --data data --out one {JOB} --overwrite"))
        .done();
    scratch
        .eosin("ensemble one --method soft --out packed --overwrite")
        .done();
    assert!(!scratch.path("packed/members/1").exists());
}

#[test]
fn runs_that_cannot_be_one_are_refused() {
    let scratch = with_members();
    scratch
        .eosin(&format!("run --data data --out seed {JOB} --seed 5"))
        .done();
    scratch
        .eosin(&format!(
            "run --data data --out trained {JOB} --mode last-block --epochs 1"
        ))
        .done();
    scratch
        .eosin("ensemble logistic lda --method soft --out both")
        .done();
    fs::create_dir_all(scratch.path("sub")).unwrap();
    fs::rename(scratch.path("seed"), scratch.path("sub/lda")).unwrap();
    scratch
        .eosin(&format!("run --data data --out sub/logistic {JOB}"))
        .done();
    fs::create_dir_all(scratch.path("begun")).unwrap();
    fs::copy(
        scratch.path("lda/start.json"),
        scratch.path("begun/start.json"),
    )
    .unwrap();
    scratch
        .eosin(&format!("run --data data --out spoiled {JOB} --head ridge"))
        .done();
    scratch.write("spoiled/folds/0.1/weights.safetensors", "edited");
    for (runs, said) in [
        ("logistic sub/lda --method soft", "differ in their folds"),
        (
            "logistic sub/logistic --method soft",
            "are both called logistic",
        ),
        ("logistic begun --method soft", "is not finished"),
        ("logistic nowhere --method soft", "nowhere"),
        ("logistic logistic --method soft", "are the same run"),
        ("logistic trained --method concat", "train.mode last-block"),
        (
            "logistic both --method soft",
            "is an ensemble itself: name its members instead (logistic, lda)",
        ),
        ("logistic spoiled", "is not the file that the fold wrote"),
        ("logistic lda --method stacking", "stacking"),
    ] {
        let out = scratch.eosin(&format!("ensemble {runs} --out refused"));
        out.refused(&[said]);
        assert!(!scratch.path("refused").exists(), "{runs} leaves something");
    }
    // A patch that has changed since.
    let key = &scratch.keys()[0];
    scratch.write_png(&format!("data/{key}"), 32, 32);
    scratch
        .eosin("ensemble logistic lda --method soft --out refused")
        .refused(&["are no longer those that logistic was trained on"]);
}

#[test]
fn a_member_that_was_changed_is_refused() {
    let scratch = with_members();
    copy_test_images(&scratch);
    scratch
        .eosin("ensemble logistic lda --method soft --out both")
        .done();
    let record = scratch.text("both/members/0/run.json");
    fs::remove_file(scratch.path("both/members/0/run.json")).unwrap();
    scratch.write("both/members/0/run.json", record.replace("cpu", "gpu"));
    scratch
        .eosin("predict both new")
        .refused(&["is not the member logistic that the ensemble was made of"]);
}

#[test]
fn the_best_of_some_runs_is_searched_and_told_with_what_luck_made_of_it() {
    let scratch = with_members();
    let told = scratch
        .eosin("ensemble logistic lda larger --out best")
        .done();
    told.says(&[
        "the search repeated without each fold",
        "The best single run is",
    ]);
    let found = scratch.json("best/ensemble.json");
    let candidates = found["search"]["search"]["candidates"].as_array().unwrap();
    // Three alone, four subsets by nine methods, and one head on the best pair and on all three.
    assert_eq!(candidates.len(), 3 + 4 * 9 + 2);
    let best = candidates
        .iter()
        .filter(|one| one["members"].as_array().unwrap().len() > 1);
    let best = best.map(|one| one["score"].as_f64().unwrap());
    let best = best.fold(f64::NEG_INFINITY, f64::max);
    assert!((auroc(&scratch, "best") - best).abs() < 1e-6);
    assert!(found["search"]["nested"]["ci_low"].is_number());
    assert_eq!(found["harmony"]["shares"].as_array().unwrap().len(), 3);
    let report = scratch.text("best/report.html");
    assert!(report.contains("Yule's Q of being right") || report.contains("Yule&#39;s Q"));
    assert!(report.contains("Shapley share") && report.contains("none is better in all three"));
    // What may not be large is small.
    scratch
        .eosin("ensemble logistic lda larger --out few --max-members 1")
        .done();
    assert_eq!(
        scratch.json("few/ensemble.json")["members"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    scratch
        .eosin("ensemble logistic lda larger --out none --max-bytes 1000")
        .refused(&["1000 bytes"]);
    assert!(!scratch.path("none").exists());
    let words = "ensemble logistic lda --out both --method soft --max-bytes 5";
    assert_eq!(scratch.eosin(words).code, Some(2));
}

#[test]
fn a_head_that_the_search_solved_is_the_one_that_is_kept() {
    let scratch = with_members();
    copy_test_images(&scratch);
    scratch
        .eosin("ensemble logistic larger --method concat --out given")
        .done();
    scratch.eosin("ensemble logistic larger --out best").done();
    let best = scratch.json("best/ensemble.json");
    if best["method"] == "concat" {
        let [one, other] =
            ["given", "best"].map(|run| scratch.text(&format!("{run}/predictions.csv")));
        assert_eq!(one, other);
    }
}

#[test]
fn runs_that_were_judged_under_other_views_lie_under_one_head() {
    let scratch = with_members();
    copy_test_images(&scratch);
    scratch
        .eosin(&format!(
            "run --data data --out upright {JOB} --augment none"
        ))
        .done();
    for (out, runs) in [("a", "logistic upright"), ("b", "upright logistic")] {
        scratch
            .eosin(&format!("ensemble {runs} --method concat --out {out}"))
            .done();
        let again = rows(&scratch.eosin(&format!("predict {out} new")).done().stdout);
        let run = rows(&scratch.text(&format!("{out}/predictions.csv")));
        assert_eq!(answers(&again, ""), answers(&run, "test-average"), "{runs}");
    }
}

#[test]
fn an_ensemble_never_replaces_its_own_member() {
    let scratch = with_members();
    scratch
        .eosin("ensemble logistic lda --method soft --out logistic --overwrite")
        .refused(&["would replace the member logistic"]);
    assert!(scratch.path("logistic/run.json").is_file());
}

#[test]
fn runs_on_embeddings_can_be_judged_together() {
    let scratch = with_members();
    scratch.run_on_own_embeddings();
    for method in ["soft", "concat"] {
        scratch
            .eosin(&format!(
                "ensemble own larger --method {method} --out {method}"
            ))
            .done()
            .says(&["it predicts no images: the member own"]);
        scratch
            .eosin(&format!("predict {method} data/benign"))
            .refused(&["the member own was trained on the embeddings in"]);
    }
}

#[test]
fn an_ensemble_of_runs_on_embeddings_predicts_embeddings() {
    let scratch = Scratch::with_phantom();
    for (name, size) in [("small", ""), ("large", "--size 48")] {
        for (head, words) in [("logistic", ""), ("lda", "--head lda")] {
            let file = format!("{name}.safetensors");
            let embed = format!("embed --data data --out {file} --overwrite {JOB} {size}");
            scratch.eosin(&embed).done();
            let run =
                format!("run --data data --embeddings {file} --out {name}-{head} {JOB} {words}");
            scratch.eosin(&run).done();
        }
    }
    // Every row of the files is predicted, test patches among them.
    let check = |out: &str, files: &str| {
        let told = scratch.eosin(&format!("predict {out} {files}")).done();
        let test: Vec<String> = scratch.keys_of("test");
        let mut again = rows(&told.stdout);
        again.retain(|row| test.contains(&row["key"]));
        let run = rows(&scratch.text(&format!("{out}/predictions.csv")));
        assert_eq!(answers(&again, ""), answers(&run, "test-average"), "{out}");
    };
    let both = "--embeddings small.safetensors --embeddings large.safetensors";
    for method in ["soft", "logistic", "concat"] {
        let job = format!("ensemble small-logistic large-lda --method {method} --out {method}");
        scratch.eosin(&job).done();
        check(method, both);
    }
    scratch
        .eosin("ensemble small-logistic small-lda --method rank --out one")
        .done();
    check("one", "--embeddings small.safetensors");
    let few = "phantom --out few --patients 4 --test-patients 2 --slides 1 --patches 2 --size 32";
    scratch.eosin(few).done();
    scratch
        .eosin(&format!("embed --data few --out few.safetensors {JOB}"))
        .done();
    for (words, said) in [
        (
            "soft --embeddings small.safetensors --embeddings few.safetensors",
            "has no row of",
        ),
        (
            "soft --embeddings few.safetensors --embeddings large.safetensors",
            "has no row of",
        ),
        (
            "soft --embeddings small.safetensors --embeddings small.safetensors --embeddings few.safetensors",
            "3 files for 2 members: write '--embeddings FILE' once for each, in the order small-logistic, large-lda",
        ),
        (&format!("small-lda {both}"), "2 files for one run"),
        (
            "soft data/benign",
            "name a file of them for each member with '--embeddings'",
        ),
    ] {
        scratch.eosin(&format!("predict {words}")).refused(&[said]);
    }
}

#[test]
fn few_folds_allow_what_needs_no_more() {
    let scratch = Scratch::with_phantom();
    for (name, words) in [("two", "--folds 2"), ("part", "--set split.holdout=0.3")] {
        for head in ["lda", "ridge"] {
            let job = format!("run --data data --out {name}-{head} {words} --head {head}");
            scratch.eosin(&job).done();
        }
    }
    scratch.eosin("ensemble two-lda two-ridge --out two").done();
    scratch
        .eosin("ensemble part-lda part-ridge --out part")
        .refused(&["judged on one validation part", "'--method soft'"]);
    scratch
        .eosin("ensemble part-lda part-ridge --out part --method weighted")
        .refused(&["2 are needed"]);
    scratch
        .eosin("ensemble part-lda part-ridge --out part --method soft")
        .done();
}

//! Submissions to a contest.

use std::fs;
use std::process::{Child, Command};

use crate::run_files::copy_test_images;
use crate::scratch::{JOB, Scratch};

/// Runs that decide in different ways on hard patches.
const RUNS: [(&str, &str); 4] = [
    ("logistic", ""),
    ("ridge", "--head ridge"),
    ("larger", "--size 48"),
    ("knn", "--head knn"),
];

/// Some of the runs, on patches that are hard to tell apart.
fn with_runs(wanted: &[&str]) -> Scratch {
    let scratch = Scratch::new();
    let options =
        "--patients 6 --test-patients 4 --slides 1 --patches 8 --size 32 --difficulty 0.95";
    scratch
        .eosin(&format!("phantom --out data {options}"))
        .done();
    for (name, words) in RUNS.iter().filter(|(name, _)| wanted.contains(name)) {
        scratch
            .eosin(&format!("run --data data --out {name} {JOB} {words}"))
            .done();
    }
    scratch
}

#[test]
fn a_submission_is_what_predict_says_and_names_all_that_it_is_made_of() {
    let scratch = with_runs(&["ridge"]);
    copy_test_images(&scratch);
    let made = scratch
        .eosin("submit make ridge --ledger contest --out lines.txt --json")
        .done()
        .json();
    let predicted = scratch.eosin("predict ridge new --datathon").done().stdout;
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let lines = scratch.text("lines.txt");
    assert_eq!(sorted(&lines), sorted(&predicted));
    assert_eq!(lines, scratch.text("contest/1.txt"));
    let hash = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    let submission = &made["submission"];
    assert_eq!(submission["lines_blake3"], hash(lines.as_bytes()));
    let run = &submission["run"];
    for (file, name) in [
        ("run.json", "blake3"),
        ("predictions.csv", "predictions_blake3"),
        ("config.toml", "config_blake3"),
    ] {
        assert_eq!(
            run[name],
            hash(&scratch.read(&format!("ridge/{file}"))),
            "{file}"
        );
    }
    assert_eq!(run["config"], scratch.text("ridge/config.toml"));
    let network = &scratch.json("ridge/run.json")["weights_hash"];
    assert_eq!(&run["weights"][0]["blake3"], network);
    assert_eq!(run["weights"].as_array().unwrap().len(), 2);
    assert_eq!(made["rules"]["quota_secs"], 3600);
    assert!(made["next_allowed"].is_string());
}

#[test]
fn a_quota_is_kept_remembered_and_says_when_it_opens() {
    let scratch = with_runs(&["logistic", "ridge", "knn"]);
    scratch
        .eosin("submit make logistic --ledger contest --quota-secs 5000 --metric accuracy")
        .done();
    scratch
        .eosin("submit make ridge --ledger contest")
        .refused(&[
            "the quota of 1 submission(s) in 5000 s is used up",
            "is allowed at 20",
        ]);
    // What was refused left nothing.
    assert!(!scratch.path("contest/2.txt").exists());
    scratch
        .eosin("submit make ridge --ledger contest --quota 2")
        .done();
    let plan = scratch
        .eosin("submit plan --ledger contest --json")
        .done()
        .json();
    assert_eq!(plan["rules"]["metric"], "accuracy");
    assert_eq!(plan["rules"]["quota"], 2);
    assert_eq!(plan["all"].as_array().unwrap().len(), 2);
    assert!(plan["next_allowed"].is_string() && plan["next"].is_null());
    // A second passes, and a quota of one second is open again.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    scratch
        .eosin("submit make knn --ledger contest --quota 1 --quota-secs 1")
        .done();
}

#[test]
fn scores_come_back_and_the_run_of_the_largest_expected_gain_is_next() {
    let scratch = with_runs(&["logistic", "ridge", "larger", "knn"]);
    let plan = |runs: &str| {
        let words = format!("submit plan {runs} --ledger contest --json");
        scratch.eosin(&words).done().json()
    };
    let first = plan("logistic ridge knn");
    let all = first["all"].as_array().unwrap();
    // Nothing has come back: the best out of fold is next, and nothing is over-fitted.
    let best = all
        .iter()
        .map(|one| one["prospect"]["expected"].as_f64().unwrap());
    let best = best.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    assert_eq!(first["next"], best.0);
    assert!(first["over_fit"].is_null() && all[0]["prospect"]["gain"].is_null());
    assert!(!scratch.path("contest").exists(), "a plan writes nothing");

    scratch
        .eosin("submit make logistic --ledger contest --quota 9")
        .done();
    scratch.eosin("submit make ridge --ledger contest").done();
    let told = scratch.eosin("submit plan larger --ledger contest").done();
    told.says(&[
        "no score has come back of submission(s) 1, 2",
        "no score has come back yet",
    ]);
    scratch
        .eosin("submit record 1 0.71 --ledger contest")
        .done();
    scratch
        .eosin("submit record 2 0.75 --ledger contest")
        .done();
    // Runs may go: what they decided out of fold is kept.
    fs::remove_dir_all(scratch.path("ridge")).unwrap();
    let after = plan("logistic knn");
    let all = after["all"].as_array().unwrap();
    assert_eq!(all.len(), 3, "a run that was submitted stands there once");
    assert_eq!(all[1]["returned"], 0.75);
    assert_eq!(after["next"], 2);
    assert!(all[2]["prospect"]["gain"].as_f64().unwrap() > 0.0);
    let over = &after["over_fit"];
    assert_eq!(
        (&over["best"], &over["returned"]),
        (&1.into(), &0.75.into())
    );
    let excess = over["excess"].as_f64().unwrap();
    assert!((0.0..0.05).contains(&excess), "{excess}");
    let told = scratch.eosin("submit plan knn --ledger contest").done();
    assert!(told.stdout.contains("is expected to be"), "{}", told.stdout);
    assert!(
        told.stdout.contains("Next, allowed now: knn"),
        "{}",
        told.stdout
    );
}

#[test]
fn what_cannot_be_submitted_or_written_down_is_refused_and_nothing_is_lost() {
    let scratch = with_runs(&["logistic", "ridge"]);
    let begun = "submit make logistic --ledger contest --quota 9";
    scratch
        .eosin(&format!("{begun} --metric auroc"))
        .refused(&["auroc is of probabilities", "such as khd"]);
    scratch
        .eosin("submit record 1 0.5 --ledger contest")
        .refused(&["contest holds no submissions"]);
    scratch
        .eosin("submit plan --ledger contest")
        .refused(&["nothing to plan"]);
    scratch
        .eosin(&format!("{begun} --max-bytes 1000"))
        .refused(&["more than the 1000"]);
    assert!(!scratch.path("contest").exists());
    scratch.eosin(begun).done();
    scratch.eosin("submit record 1 0.5 --ledger contest").done();
    let before = scratch.read("contest/submissions.jsonl");
    // Runs without a test part, or with another.
    scratch
        .eosin("phantom --out bare --patients 6 --test-patients 0 --slides 1 --patches 4 --size 32")
        .done();
    scratch.eosin("phantom --out other --patients 6 --test-patients 2 --slides 1 --patches 4 --size 32 --seed 3").done();
    for data in ["bare", "other"] {
        scratch
            .eosin(&format!("run --data {data} --out on-{data} {JOB}"))
            .done();
    }
    // A prediction that its folds did not make.
    scratch
        .eosin(&format!(
            "run --data data --out edited {JOB} --augment none"
        ))
        .done();
    let rows = scratch.text("edited/predictions.csv");
    scratch.write(
        "edited/predictions.csv",
        rows.replace(",benign,benign,0.", ",benign,benign,0.0"),
    );
    for (words, said) in [
        (
            "make logistic --ledger contest",
            "as submission 1 (logistic) does",
        ),
        ("make on-bare --ledger contest", "has no test predictions"),
        (
            "make on-other --ledger contest",
            "are not the 32 of submission 1 (logistic)",
        ),
        ("plan on-other --ledger contest", "begin a new '--ledger'"),
        (
            "make edited --ledger contest",
            "other probabilities than its fold gave",
        ),
        ("make data --ledger contest", "is no run folder"),
        (
            "make ridge --ledger contest --metric f1",
            "1 score(s) came back as khd",
        ),
        (
            "make ridge --ledger contest --out data/manifest.csv",
            "is there already",
        ),
        ("record 7 0.5 --ledger contest", "there is no submission 7"),
        (
            "record 1 97.5 --ledger contest",
            "out of range: khd is from 0 to 1",
        ),
        ("record 1 -0.1 --ledger contest", "out of range"),
        ("record 1 NaN --ledger contest", "out of range"),
        (
            "record 1 0.6 --ledger contest",
            "came back with 0.5 already",
        ),
    ] {
        scratch.eosin(&format!("submit {words}")).refused(&[said]);
    }
    assert_eq!(scratch.read("contest/submissions.jsonl"), before);
    scratch
        .eosin("submit make ridge --ledger contest --max-bytes 1000")
        .refused(&[
            "the weights of ridge take",
            "eosin_mini 3.5 MB",
            "more than the 1000",
        ]);
    scratch
        .eosin("submit record 1 0.6 --ledger contest --overwrite")
        .done();
}

#[test]
fn a_folder_that_somebody_changed_is_refused() {
    let scratch = with_runs(&["logistic"]);
    let begun = "submit make logistic --ledger contest --quota 9";
    scratch.eosin(begun).done();
    scratch.eosin("submit record 1 0.5 --ledger contest").done();
    // A line that was changed, and a copy of what was decided that was.
    let log = scratch.text("contest/submissions.jsonl");
    scratch.write(
        "contest/submissions.jsonl",
        log.replace("\"score\":0.5", "\"score\":0.9"),
    );
    for words in ["plan", "record 1 0.7", "make logistic"] {
        scratch
            .eosin(&format!("submit {words} --ledger contest"))
            .refused(&["is damaged: line 3"]);
    }
    scratch.write("contest/submissions.jsonl", log);
    scratch.write("contest/1.judged.csv", "repeat,key,group,target,pred\n");
    scratch
        .eosin("submit plan --ledger contest")
        .refused(&["is not what was kept of submission 1"]);
}

#[test]
fn an_ensemble_is_submitted_with_all_its_weights_each_once() {
    let scratch = with_runs(&["logistic", "ridge"]);
    scratch
        .eosin("ensemble logistic ridge --method soft --out both")
        .done();
    let made = scratch
        .eosin("submit make both --ledger contest --json")
        .done()
        .json();
    let weights = made["submission"]["run"]["weights"].as_array().unwrap();
    let of: Vec<&str> = weights
        .iter()
        .map(|one| one["of"].as_str().unwrap())
        .collect();
    assert_eq!(
        of.iter().filter(|of| **of == "eosin_mini").count(),
        1,
        "{of:?}"
    );
    assert!(of.contains(&"logistic, 3 fold(s)") && of.contains(&"ridge, 3 fold(s)"));
}

#[test]
fn processes_that_submit_at_once_neither_share_a_number_nor_break_the_quota() {
    let scratch = with_runs(&["logistic", "ridge", "knn"]);
    let start = |words: String| -> Child {
        Command::new(env!("CARGO_BIN_EXE_eosin"))
            .args(words.split_whitespace())
            .current_dir(scratch.path(""))
            .env("EOSIN_CACHE", scratch.path("cache"))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("the program starts")
    };
    for (quota, expected) in [(9, 3), (1, 1)] {
        let ledger = format!("contest{quota}");
        let runs = ["logistic", "ridge", "knn"];
        let all: Vec<Child> = runs
            .iter()
            .map(|run| {
                start(format!(
                    "submit make {run} --ledger {ledger} --quota {quota}"
                ))
            })
            .collect();
        let ends = all
            .into_iter()
            .map(|mut child| child.wait().expect("it ends"));
        assert_eq!(
            ends.filter(std::process::ExitStatus::success).count(),
            expected,
            "{quota}"
        );
        let plan = format!("submit plan --ledger {ledger} --json");
        let plan = scratch.eosin(&plan).done().json();
        let numbers: Vec<u64> = plan["all"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["number"].as_u64().unwrap())
            .collect();
        assert_eq!(numbers, (1..=expected as u64).collect::<Vec<_>>());
    }
}

#[test]
fn lines_that_the_log_has_lost_are_never_replaced() {
    let scratch = with_runs(&["logistic", "ridge"]);
    let make = |run: &str| {
        scratch.eosin(&format!(
            "submit make {run} --ledger contest --quota-secs 1"
        ))
    };
    make("logistic").done();
    let kept = scratch.text("contest/1.txt");
    let log = scratch.read("contest/submissions.jsonl");
    for left in [0, log.len() - 30] {
        scratch.write("contest/submissions.jsonl", &log[..left]);
        make("ridge").refused(&["1.txt has the lines of a submission", "restore the log"]);
        assert_eq!(scratch.text("contest/1.txt"), kept);
    }
    // A process that was killed before the log named its lines is gone on with.
    make("logistic").done();
}

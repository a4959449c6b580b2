//! Searching configurations, alone and in company.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Stdio};

use crate::scratch::{JOB, Scratch};

const HEAD: &str = "--folds 3 --mode head --epochs 4 --batch-size 16";
const RATES: &str = "
[train]
learning_rate = { float = [1e-4, 1e-1], log = true }
weight_decay = { float = [1e-5, 1.0], log = true }
sampling = { choice = ['none', 'over'] }
";

fn with_space(text: &str) -> Scratch {
    let scratch = Scratch::with_phantom();
    scratch.write("space.toml", text);
    scratch
}

fn shown(scratch: &Scratch, study: &str) -> serde_json::Value {
    let shown = scratch.eosin(&format!("search show {study} --replay --json"));
    shown.done().json()
}

/// Numbers of the trials that ended, each once.
fn numbers(shown: &serde_json::Value) -> Vec<u64> {
    let trials = shown["findings"]["trials"].as_array().expect("trials");
    trials
        .iter()
        .map(|row| row["number"].as_u64().expect("a number"))
        .collect()
}

#[test]
fn a_search_is_gone_on_with_and_its_winner_is_a_run() {
    let scratch = with_space(RATES);
    let job = format!("search --data data --study study {HEAD}");
    let first = scratch
        .eosin(&format!("{job} --space space.toml --trials 12"))
        .done();
    assert!(
        first
            .stdout
            .contains("trained to the end: 12, ended early: 0"),
        "{}",
        first.stdout
    );
    assert!(
        first.stdout.contains("chosen without each fold"),
        "{}",
        first.stdout
    );
    // The space is the study's from now on.
    let more = scratch
        .eosin(&format!("{job} --trials 14 --out winner --json"))
        .done();
    let more = more.json();
    assert_eq!(more["done_here"], 2);
    let found = shown(&scratch, "study");
    assert_eq!(numbers(&found), (0..14).collect::<Vec<u64>>());
    assert_eq!(
        found["replayed"],
        serde_json::json!({ "same": 14, "other": [] })
    );
    let winner = found["findings"]["winner"].as_u64().expect("a winner");
    let row = &found["findings"]["trials"][usize::try_from(winner).expect("small")];
    let metrics = scratch.json("winner/metrics.json");
    let (searched, run) = (&row["value"], &metrics["across_folds"]["auroc"]["mean"]);
    // A trial is a run; heads side by side are summed in another order, which may change a rank.
    let [searched, run] = [searched, run].map(|value| value.as_f64().expect("a score"));
    assert!((searched - run).abs() < 0.01, "{searched} {run}");
    // What is said of the best is said of the winner.
    let chosen = found["findings"]["honest"]["chosen"]
        .as_f64()
        .expect("a score");
    assert!((chosen - searched).abs() < 1e-12, "{chosen} {searched}");
    // And so is what its configuration makes.
    let again = "run --data data --config study/winner.toml --out again";
    scratch.eosin(again).done();
    assert_eq!(
        scratch.read("again/predictions.csv"),
        scratch.read("winner/predictions.csv")
    );
}

#[test]
fn a_grid_ends_with_its_last_place() {
    let scratch = with_space("train.head = { choice = ['logistic', 'ridge', 'lda'] }");
    let job = format!("search --data data --study study --space space.toml --method grid {JOB}");
    scratch.eosin(&job).done();
    let found = shown(&scratch, "study");
    assert_eq!(numbers(&found), [0, 1, 2]);
    let heads: Vec<&serde_json::Value> = found["findings"]["trials"]
        .as_array()
        .expect("trials")
        .iter()
        .map(|row| &row["assignment"]["train.head"])
        .collect();
    assert_eq!(heads, ["logistic", "ridge", "lda"]);
    let export = "search show study --export study.log";
    scratch.eosin(export).done();
    scratch
        .eosin(export)
        .refused(&["study.log is there already"]);
    let journal = scratch.text("study.log");
    let lines: Vec<serde_json::Value> = journal
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["directions"], serde_json::json!([2]));
    assert_eq!(lines[2]["params"]["train.head"], 1.0);
    assert_eq!(lines[2]["value"], found["findings"]["trials"][1]["value"]);
}

#[test]
fn paired_folds_end_trials_that_are_worse_on_each() {
    let scratch = Scratch::with_class_folders();
    scratch.write(
        "space.toml",
        "train.learning_rate = { choice = [0.003, 1e-8] }",
    );
    let job = "--folds 6 --mode last-block --epochs 2 --batch-size 16 --select log_loss";
    let search = "search --data data --study study --space space.toml --method grid --prune folds";
    let told = scratch.eosin(&format!("{search} {job} --json")).done();
    let findings = &told.json()["findings"];
    assert_eq!(
        (&findings["complete"], &findings["pruned"]),
        (&1.into(), &1.into())
    );
    let why = findings["trials"][1]["why"].as_str().expect("a reason");
    assert!(why.contains("on 4 paired folds"), "{why}");
    let refused = scratch.eosin(&format!(
        "search --data data --study other --prune folds {JOB}"
    ));
    refused.refused(&["--prune folds ends nothing early with train.mode probe"]);
}

#[test]
fn halving_ends_trials_early_and_patches_held_out_judge_the_winner() {
    let scratch = with_space(RATES);
    let manifest = scratch.text("data/manifest.csv").replace(",test", ",train");
    scratch.write("data/manifest.csv", manifest);
    let job = format!("search --data data --study study --space space.toml {HEAD} --trials 15");
    let told = scratch
        .eosin(&format!("{job} --prune halving --outer 0.3 --json"))
        .done();
    let told = told.json();
    let (complete, pruned) = (&told["findings"]["complete"], &told["findings"]["pruned"]);
    let [complete, pruned] = [complete, pruned].map(|count| count.as_u64().expect("a count"));
    assert!(
        complete >= 1 && pruned >= 3 && complete + pruned == 15,
        "{complete} {pruned}"
    );
    let held = told["findings"]["held_out"]["patches"]
        .as_u64()
        .expect("a count");
    assert!((6..=24).contains(&held), "{held}");
    let held_out = &told["findings"]["held_out"];
    // Of the two or three patients held out an interval may not be had.
    assert!(held_out["value"].is_number(), "{held_out}");
    let shown = shown(&scratch, "study");
    assert_eq!(shown["replayed"]["same"], 15);
    assert_eq!(shown["findings"]["held_out"], *held_out);
}

#[test]
fn bad_spaces_and_foreign_studies_are_refused() {
    let scratch = with_space("train.learning_rat = { float = [0.1, 1.0] }");
    let job = format!("search --data data --study study --space space.toml {JOB}");
    scratch
        .eosin(&job)
        .refused(&["did you mean 'train.learning_rate'?", "space.toml"]);
    scratch.write("space.toml", "split.folds = { integer = [2, 5] }");
    scratch
        .eosin(&job)
        .refused(&["split.folds cannot be searched"]);
    scratch.write("space.toml", "judge.threshold = { choice = ['khd', 'f1'] }");
    scratch
        .eosin(&job)
        .refused(&["judge.threshold cannot be searched", "how a run decides"]);
    scratch.write("space.toml", "train.epochs = { integer = [2, 5] }");
    scratch
        .eosin(&job)
        .refused(&["the space fits nothing", "add '--mode head'"]);
    assert!(!scratch.path("study").exists());
    scratch.write(
        "space.toml",
        "train.head = { choice = ['logistic', 'ridge'] }",
    );
    let refused = scratch.eosin(&format!("{job} --prune halving"));
    refused.refused(&[
        "--prune halving looks at all folds after some epochs",
        "has no epochs",
    ]);
    scratch.eosin(&format!("{job} --trials 2")).done();
    let other = scratch.eosin(&format!("{job} --set train.class_weights=balanced"));
    other.refused(&[
        "has train.class_weights = \"none\"",
        "name another '--study'",
    ]);
    let other = scratch.eosin(&format!("{job} --method grid"));
    other.refused(&["has another --method"]);
    scratch.write(
        "space.toml",
        "train.head = { choice = ['logistic', 'lda'] }",
    );
    scratch.eosin(&job).refused(&["has another space"]);
    scratch.eosin("phantom --out others --patients 6 --test-patients 2 --slides 1 --patches 6 --size 32 --seed 9").done();
    let other = format!("search --data others --study study {JOB}");
    scratch
        .eosin(&other)
        .refused(&["was made on other patches"]);
    scratch
        .eosin(&format!("search --data data --study data {JOB}"))
        .refused(&["and no study"]);
    scratch
        .eosin("search show data")
        .refused(&["is no study: it has no study.json"]);
}

#[test]
fn a_damaged_line_is_named_and_nothing_is_lost() {
    let scratch = with_space("train.head = { choice = ['logistic', 'ridge', 'lda'] }");
    let job = format!("search --data data --study study --space space.toml --method grid {JOB}");
    scratch.eosin(&job).done();
    let found = fs::read_dir(scratch.path("study/found")).expect("a folder");
    let file = found
        .map(|entry| entry.expect("an entry").path())
        .next()
        .expect("a file");
    let whole = fs::read_to_string(&file).expect("text");
    // The third line says what the second trial began with.
    fs::write(&file, whole.replacen("ridge", "rigde", 1)).expect("a file");
    let said = [
        "line 3, is damaged: its checksum does not hold",
        "take the line out",
    ];
    scratch.eosin(&job).refused(&said);
    scratch.eosin("search show study").refused(&said);
    // Without its end a last line is half one, and its trial is done again.
    fs::write(&file, &whole[..whole.len() - 9]).expect("a file");
    scratch.eosin(&job).done();
    let found = shown(&scratch, "study");
    assert_eq!(numbers(&found), [0, 1, 2]);
}

fn start(scratch: &Scratch, words: &str) -> Child {
    let mut command = scratch.command(words);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the program starts")
}

#[test]
fn processes_share_a_study_and_who_is_killed_is_taken_over() {
    let scratch = with_space(RATES);
    let job = format!("search --data data --study study --space space.toml {HEAD} --trials 30");
    // What is embedded once is there for all.
    scratch.eosin(&format!("embed --data data {HEAD}")).done();
    let mut crowd: Vec<Child> = (0..3).map(|_| start(&scratch, &job)).collect();
    for at in [0, 1, 2, 0] {
        std::thread::sleep(std::time::Duration::from_millis(150));
        crowd[at].kill().expect("a child");
        crowd[at].wait().expect("a child");
        crowd[at] = start(&scratch, &job);
    }
    for child in &mut crowd {
        assert!(child.wait().expect("a child").success());
    }
    let found = shown(&scratch, "study");
    assert_eq!(numbers(&found), (0..30).collect::<Vec<u64>>());
    assert_eq!(found["replayed"]["same"], 30);
    let claims = fs::read_dir(scratch.path("study/claims")).expect("a folder");
    let units: BTreeSet<String> = claims
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter_map(|name| Some(name.split_once('.')?.0.to_owned()))
        .filter(|unit| !unit.is_empty())
        .collect();
    assert_eq!(units.len(), 30);
}

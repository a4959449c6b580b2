//! Killed, stopped and starved runs, and going on with them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::DirEntry;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::run_files::assert_same_run;
use crate::scratch::Scratch;

/// A setting each mode trains with everything that has a state: averages, slow weights, dropout,
/// early stopping, a plateau, mixing.
const MODES: [(&str, &str); 4] = [
    (
        "head",
        "--set train.ema_decay=0.9 --set train.lookahead=3 --set train.dropout=0.2 --epochs 30",
    ),
    (
        "last-block",
        "--set train.swa_epochs=2 --set train.sam_rho=0.05 --set augment.mixup=0.4 --epochs 3",
    ),
    (
        "full",
        "--set train.schedule=plateau --set train.patience=2 --set train.keep=best --set \
         train.accumulate=2 --epochs 3",
    ),
    (
        "head-then-full",
        "--set train.unfreeze_epochs=1 --set train.layer_decay=0.5 --set augment.cutmix=1 \
         --epochs 3",
    ),
];

const JOB: &str = "--data data --folds 3 --batch-size 8";

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    let options = "--patients 6 --test-patients 2 --slides 1 --patches 4 --size 32";
    scratch
        .eosin(&format!("phantom --out data {options}"))
        .done();
    scratch
}

/// The command of a run with a checkpoint after every step.
fn run_words(mode: &str, settings: &str, out: &str) -> String {
    format!("run {JOB} --mode {mode} {settings} --out {out} --set train.checkpoint_secs=0")
}

/// Ends a process in the middle of whatever it does.
fn kill(mut child: Child) {
    child.kill().expect("the process was started here");
    child.wait().expect("a killed process ends");
}

/// How long a run is waited for before a test says that it hangs.
const PATIENCE: Duration = Duration::from_mins(5);

/// Waits until `seen`; gives up, and says so, when the process ends first.
fn wait_until(child: &mut Child, seen: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while !seen() {
        if child.try_wait().expect("a child of this process").is_some() {
            return false;
        }
        assert!(begun.elapsed() < PATIENCE, "nothing was seen for long");
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

/// The checkpoints of a run, with the times that they were written at.
fn checkpoints(scratch: &Scratch, run: &str) -> BTreeMap<OsString, SystemTime> {
    let Ok(entries) = std::fs::read_dir(scratch.path(&format!("{run}/checkpoints"))) else {
        return BTreeMap::new();
    };
    // A file may go between being listed and being looked at.
    let written = |entry: std::io::Result<DirEntry>| {
        let entry = entry.ok()?;
        Some((entry.file_name(), entry.metadata().ok()?.modified().ok()?))
    };
    entries.filter_map(written).collect()
}

/// The run begun or gone on with, whichever is to be done.
fn begun_or_resumed(scratch: &Scratch, run: &str, first: &str) -> String {
    if scratch.path(&format!("{run}/start.json")).exists() {
        format!("run --resume {run}")
    } else {
        first.to_owned()
    }
}

#[test]
fn a_run_killed_at_many_moments_ends_with_the_same_bytes() {
    let scratch = scratch();
    for (mode, settings) in MODES {
        let whole = format!("whole-{mode}");
        let begun = Instant::now();
        scratch.eosin(&run_words(mode, settings, &whole)).done();
        let took = begun.elapsed();
        let killed = format!("killed-{mode}");
        let first = run_words(mode, settings, &killed) + " --overwrite";
        // Moments in training, for certain: a checkpoint after a step has just been written.
        let mut landed = 0;
        for _ in 0..4 {
            let before = checkpoints(&scratch, &killed);
            let mut child = scratch.start(&begun_or_resumed(&scratch, &killed, &first));
            let seen = wait_until(&mut child, || {
                let now = checkpoints(&scratch, &killed);
                !now.is_empty() && now != before
            });
            kill(child);
            let over = scratch.path(&format!("{killed}/run.json")).exists();
            landed += usize::from(seen && !over);
        }
        assert!(
            landed >= 3,
            "{landed} of 4 kills landed in training of mode {mode}"
        );
        // Moments by the clock, from the first of the process on, wherever they are.
        for moment in 0..2_u32 {
            let child = scratch.start(&begun_or_resumed(&scratch, &killed, &first));
            std::thread::sleep(took * (3 * moment + 1) / 8);
            kill(child);
        }
        let last = begun_or_resumed(&scratch, &killed, &first);
        scratch.eosin(&last).done();
        assert_same_run(&scratch, &whole, &killed);
        assert!(!scratch.path(&format!("{killed}/checkpoints")).exists());
    }
}

#[test]
fn ctrl_c_saves_and_says_how_to_go_on() {
    let scratch = scratch();
    let words = "--epochs 150 --mode last-block";
    scratch
        .eosin(&format!("run {JOB} {words} --out whole"))
        .done();
    let mut child = scratch.start(&format!("run {JOB} {words} --out stopped"));
    // An epoch has ended, and 449 are left. The first checkpoint would be due after half a minute:
    // only the interruption writes one.
    let events = scratch.path("stopped/events.jsonl");
    let trains = || std::fs::metadata(&events).is_ok_and(|events| events.len() > 0);
    assert!(
        wait_until(&mut child, trains),
        "the run ended before an epoch"
    );
    let pid = child.id().to_string();
    let signal = Command::new("kill").args(["-INT", &pid]).status();
    assert!(signal.expect("a system with kill").success());
    let output = child
        .wait_with_output()
        .expect("an interrupted process ends");
    let said = String::from_utf8(output.stderr).expect("output is text");
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(
        said.contains("go on with 'eosin run --resume stopped'"),
        "{said}"
    );
    assert!(
        !checkpoints(&scratch, "stopped").is_empty(),
        "nothing was saved"
    );
    scratch.eosin("run --resume stopped").done();
    assert_same_run(&scratch, "whole", "stopped");
}

#[test]
fn a_failed_write_ends_in_order_with_the_last_checkpoint_intact() {
    let scratch = scratch();
    let words = "--mode last-block --epochs 3 --set train.checkpoint_secs=0";
    scratch
        .eosin(&format!("run {JOB} {words} --out whole"))
        .done();
    // No file may become larger than this: the small ones can be written, the checkpoints not.
    let limits = "trap '' XFSZ; ulimit -f 256";
    scratch
        .eosin_under(limits, &format!("run {JOB} {words} --out full"))
        .refused(&["cannot write", "checkpoint"]);
    scratch.eosin("run --resume full").done();
    assert_same_run(&scratch, "whole", "full");
}

#[test]
fn only_a_run_that_was_begun_and_is_unchanged_can_be_resumed() {
    let scratch = scratch();
    scratch
        .eosin("run --resume nowhere")
        .refused(&["nowhere does not exist"]);
    scratch
        .eosin("run --resume data")
        .refused(&["no run was begun in data"]);
    scratch
        .eosin(&format!("run {JOB} --mode head --epochs 1 --out run"))
        .done();
    scratch
        .eosin("run --resume run")
        .done()
        .says(&["run is complete"]);
    let outcome = scratch.eosin("run --resume run --epochs 3");
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("cannot be used with"),
        "{}",
        outcome.stderr
    );
    std::fs::remove_file(scratch.path("run/run.json")).expect("a run");
    let first = scratch.keys()[0].clone();
    scratch.write_png(&format!("data/{first}"), 32, 32);
    // Another picture under the same name: the manifest is the same, what was learned is not.
    scratch.eosin("run --resume run").refused(&[
        "a picture in",
        "is no longer the one that the run began with",
    ]);
    let manifest = scratch.text("data/manifest.csv");
    let shorter: Vec<&str> = manifest.lines().take(20).collect();
    scratch.write("data/manifest.csv", shorter.join("\n"));
    scratch
        .eosin("run --resume run")
        .refused(&["no longer those that the run began with"]);
}

impl Scratch {
    /// Starts the program with these words and does not wait for it.
    fn start(&self, words: &str) -> Child {
        let mut command = self.command(words);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    }
}

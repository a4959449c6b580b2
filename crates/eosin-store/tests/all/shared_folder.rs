//! Work that several processes do in one folder, whoever dies.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::support::{child, child_dir};
use eosin_store::shared::{
    Claim, Claims, DirectView, OwnLog, SharedError, SharedLog, View, Worker,
};
use serde::{Deserialize, Serialize};

/// Nothing is heard from elsewhere in these tests.
const GRACE: Duration = Duration::from_secs(1);
const LAG: &str = "EOSIN_TEST_LAG_MS";
const UNITS: &str = "EOSIN_TEST_UNITS";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Found {
    unit: usize,
    claim: u32,
    answer: String,
}

/// A folder that shows what was written late, as the caches of network file systems do: what was read
/// once is what is seen for a while, also that there was nothing.
#[derive(Debug)]
struct LateView {
    lag: Duration,
    files: Mutex<BTreeMap<PathBuf, SeenAt<Option<Vec<u8>>>>>,
    folders: Mutex<BTreeMap<PathBuf, SeenAt<Vec<String>>>>,
}

/// What was read, and when.
#[derive(Debug)]
struct SeenAt<T>(Instant, T);

impl LateView {
    fn new(lag: Duration) -> Self {
        Self {
            lag,
            files: Mutex::default(),
            folders: Mutex::default(),
        }
    }
}

impl View for LateView {
    fn read_from(&self, path: &Path, offset: u64) -> io::Result<Option<Vec<u8>>> {
        let mut files = self.files.lock().expect("one thread");
        let known = files.get(path).filter(|seen| seen.0.elapsed() < self.lag);
        let bytes = if let Some(SeenAt(_, bytes)) = known {
            bytes.clone()
        } else {
            let bytes = DirectView.read_from(path, 0)?;
            files.insert(path.to_owned(), SeenAt(Instant::now(), bytes.clone()));
            bytes
        };
        let from = usize::try_from(offset).expect("a small file");
        Ok(bytes.map(|bytes| bytes.get(from..).unwrap_or_default().to_vec()))
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut folders = self.folders.lock().expect("one thread");
        let known = folders.get(dir).filter(|seen| seen.0.elapsed() < self.lag);
        if let Some(SeenAt(_, names)) = known {
            return Ok(names.clone());
        }
        let names = DirectView.names(dir)?;
        folders.insert(dir.to_owned(), SeenAt(Instant::now(), names.clone()));
        Ok(names)
    }
}

fn number(variable: &str) -> u64 {
    let text = std::env::var(variable).expect("the parent sets it");
    text.parse().expect("a number")
}

/// Works until every unit is done.
fn work(
    dir: &Path,
    view: impl View + 'static,
    log_view: impl View + 'static,
) -> Result<(), SharedError> {
    let me = Worker::new();
    let claims = Claims::open(dir, me.clone(), GRACE, view)?;
    let mut own = OwnLog::new(dir, &me);
    let mut all = SharedLog::<Found>::new(dir, log_view);
    let units = usize::try_from(number(UNITS)).expect("few");
    let mut done = vec![false; units];
    let learn = |done: &mut Vec<bool>, all: &mut SharedLog<Found>| {
        let found = all.refresh()?;
        for found in found {
            done[found.unit] = true;
        }
        Ok::<(), SharedError>(())
    };
    while done.contains(&false) {
        learn(&mut done, &mut all)?;
        let open: Vec<usize> = (0..units).filter(|unit| !done[*unit]).collect();
        let mut taken = None;
        for unit in open {
            if let Some(claim) = claims.claim(&format!("unit-{unit}"))? {
                taken = Some((unit, claim));
                break;
            }
        }
        let Some((unit, Claim { number, .. })) = taken else {
            std::thread::sleep(Duration::from_millis(2));
            continue;
        };
        // Who died may have been done before.
        learn(&mut done, &mut all)?;
        if done[unit] {
            continue;
        }
        // Long enough for all kills to find it at work.
        std::thread::sleep(Duration::from_millis(5));
        let answer = format!("{}", unit * unit);
        own.append(&Found {
            unit,
            claim: number,
            answer,
        })?;
        done[unit] = true;
    }
    Ok(())
}

#[cfg(unix)]
fn start(name: &str, dir: &Path, units: usize, lag: Duration) -> Child {
    let mut command = child(name, "", dir);
    command.env(UNITS, units.to_string());
    command.env(LAG, lag.as_millis().to_string());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("a child")
}

/// What came of a crowd: the records, and how many times a process was killed.
struct Crowd {
    found: Vec<Found>,
    kills: usize,
}

/// Four processes on `units`, one of which is killed again and again and replaced by another.
#[cfg(unix)]
fn crowd(name: &str, units: usize, kills: usize, lag: Duration) -> Option<Crowd> {
    if let Some(dir) = child_dir() {
        let lag = Duration::from_millis(number(LAG));
        let worked = if lag.is_zero() {
            work(&dir, DirectView, DirectView)
        } else {
            work(&dir, LateView::new(lag), LateView::new(lag))
        };
        worked.expect("work");
        return None;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let again = || start(name, dir.path(), units, lag);
    let mut crowd: Vec<Child> = (0..4).map(|_| again()).collect();
    let mut dice = 88_172_645_463_325_252_u64;
    let mut killed = 0;
    while killed < kills {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        std::thread::sleep(Duration::from_micros(4000 + dice % 16_000));
        let at = usize::try_from(dice % 4).expect("small");
        let ended = crowd[at].try_wait().expect("a child");
        assert!(
            ended.is_none(),
            "the work was over after {killed} kills: give more units"
        );
        crowd[at].kill().expect("a child");
        crowd[at].wait().expect("a child");
        crowd[at] = again();
        killed += 1;
    }
    let begun = Instant::now();
    for child in &mut crowd {
        assert!(child.wait().expect("a child").success());
    }
    assert!(begun.elapsed() < Duration::from_mins(1), "somebody waited");
    let mut all = SharedLog::<Found>::new(dir.path(), DirectView);
    Some(Crowd {
        found: all.refresh().expect("whole lines"),
        kills: killed,
    })
}

/// Every unit was done, and by each claim of it once at most.
#[track_caller]
fn assert_all_done(crowd: &Crowd, units: usize) {
    let mut by_claim: BTreeMap<(usize, u32), usize> = BTreeMap::new();
    for found in &crowd.found {
        assert_eq!(found.answer, format!("{}", found.unit * found.unit));
        *by_claim.entry((found.unit, found.claim)).or_default() += 1;
    }
    assert!(
        by_claim.values().all(|count| *count == 1),
        "{} kills",
        crowd.kills
    );
    let mut done: Vec<usize> = by_claim.keys().map(|(unit, _)| *unit).collect();
    done.dedup();
    assert_eq!(done, (0..units).collect::<Vec<usize>>());
}

#[cfg(unix)]
#[test]
fn processes_that_are_killed_lose_no_unit_and_do_none_twice() {
    let name = "shared_folder::processes_that_are_killed_lose_no_unit_and_do_none_twice";
    let Some(crowd) = crowd(name, 400, 20, Duration::ZERO) else {
        return;
    };
    assert_all_done(&crowd, 400);
    assert_eq!(crowd.found.len(), 400);
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_seen_late_loses_no_unit() {
    let name = "shared_folder::a_folder_that_is_seen_late_loses_no_unit";
    let Some(crowd) = crowd(name, 400, 20, Duration::from_millis(60)) else {
        return;
    };
    assert_all_done(&crowd, 400);
}

#[cfg(unix)]
#[test]
#[ignore = "takes half a minute; bench/search_kills.sh runs it"]
fn two_hundred_kills_lose_no_unit_and_do_none_twice() {
    let name = "shared_folder::two_hundred_kills_lose_no_unit_and_do_none_twice";
    let Some(crowd) = crowd(name, 4000, 200, Duration::ZERO) else {
        return;
    };
    assert_all_done(&crowd, 4000);
    assert_eq!(crowd.found.len(), 4000);
}

#[cfg(unix)]
#[test]
#[ignore = "takes half a minute; bench/search_kills.sh runs it"]
fn two_hundred_kills_in_a_folder_that_is_seen_late_lose_no_unit() {
    let name = "shared_folder::two_hundred_kills_in_a_folder_that_is_seen_late_lose_no_unit";
    let Some(crowd) = crowd(name, 4000, 200, Duration::from_millis(100)) else {
        return;
    };
    assert_all_done(&crowd, 4000);
}

fn elsewhere(name: &str) -> Worker {
    Worker {
        name: name.to_owned(),
        host: "another-machine".to_owned(),
        ..Worker::new()
    }
}

fn claims_of(dir: &Path, worker: Worker) -> Claims {
    Claims::open(dir, worker, GRACE, DirectView).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_unit_of_another_machine_is_taken_over_when_its_heart_stands_still() {
    let dir = tempfile::tempdir().unwrap();
    let theirs = claims_of(dir.path(), elsewhere("theirs"));
    let [mine, third] = ["mine", "third"].map(|name| claims_of(dir.path(), elsewhere(name)));
    // Machines that are called the same are told apart by when they were started.
    let unit = "slide_3";
    assert_eq!(theirs.claim(unit).unwrap().unwrap().number, 1);
    let me = claims_of(dir.path(), Worker::new());
    let begun = Instant::now();
    while begun.elapsed() < 2 * GRACE {
        assert!(me.claim(unit).unwrap().is_none(), "its heart beats");
        std::thread::sleep(GRACE / 10);
    }
    drop(theirs);
    let begun = Instant::now();
    let taken = loop {
        if let Some(claim) = me.claim(unit).unwrap() {
            break claim;
        }
        assert!(begun.elapsed() < 10 * GRACE, "nobody takes it over");
        std::thread::sleep(GRACE / 10);
    };
    assert!(begun.elapsed() >= GRACE / 2);
    assert_eq!(taken.number, 2);
    assert!(mine.claim(unit).unwrap().is_none() && third.claim(unit).unwrap().is_none());
}

#[test]
fn of_many_that_try_at_once_one_takes_a_unit() {
    let dir = tempfile::tempdir().unwrap();
    let workers: Vec<Claims> = (0..8)
        .map(|_| claims_of(dir.path(), Worker::new()))
        .collect();
    for unit in ["a", "b-1", "c_2"] {
        let taken = std::thread::scope(|scope| {
            let tried: Vec<_> = workers
                .iter()
                .map(|claims| scope.spawn(|| claims.claim(unit).unwrap()))
                .collect();
            let all = tried.into_iter().map(|tried| tried.join().unwrap());
            all.flatten().count()
        });
        assert_eq!(taken, 1);
    }
    let said = workers[0].claim("../x").unwrap_err().to_string();
    assert!(said.contains("'../x' names no unit"), "{said}");
}

/// Line ends in a text.
fn ends(text: &[u8]) -> usize {
    text.split(|byte| *byte == b'\n').count() - 1
}

#[test]
fn half_a_line_is_never_read_and_a_changed_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let me = Worker::new();
    let mut own = OwnLog::new(dir.path(), &me);
    for unit in 0..3 {
        let answer = "x".to_owned();
        own.append(&Found {
            unit,
            claim: 1,
            answer,
        })
        .unwrap();
    }
    own.sync().unwrap();
    let path = dir.path().join(format!("found/{}.jsonl", me.name));
    let whole = fs::read(&path).unwrap();
    let read = || SharedLog::<Found>::new(dir.path(), DirectView).refresh();
    for cut in 0..=whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let lines = ends(&whole[..cut]);
        assert_eq!(read().unwrap().len(), lines, "cut at {cut}");
    }
    for (at, byte) in whole.iter().enumerate().filter(|(_, byte)| **byte != b'\n') {
        let mut changed = whole.clone();
        changed[at] = byte ^ 1;
        fs::write(&path, &changed).unwrap();
        let line = 1 + ends(&whole[..at]);
        let said = read().unwrap_err().to_string();
        assert!(
            said.contains(&format!("{}.jsonl, line {line}, is damaged", me.name)),
            "{said}"
        );
    }
}

#[test]
fn what_is_new_is_read_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut own = [Worker::new(), Worker::new()].map(|me| OwnLog::new(dir.path(), &me));
    let mut all = SharedLog::<usize>::new(dir.path(), DirectView);
    assert_eq!(all.refresh().unwrap(), [0; 0]);
    own[0].append(&1).unwrap();
    assert_eq!(all.refresh().unwrap(), [1]);
    own[1].append(&2).unwrap();
    own[1].append(&3).unwrap();
    assert_eq!(all.refresh().unwrap(), [2, 3]);
    assert_eq!(all.refresh().unwrap(), [0; 0]);
}

//! A run that may be submitted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, bail};
use eosin_core::Task;
use eosin_data::Folds;
use eosin_store::names;
use eosin_train::{MemberRun, Part, Prediction, held_predictions, judged_groups};

use super::entry::SubmissionRun;
use super::judged::{JudgedOutOfFold, JudgedRow};
use crate::datathon::{datathon_key, datathon_line, refuse_same_stems};
use crate::members::open_member;
use crate::record::task_of;
use crate::weights_used::weights_used;

/// A run that may be submitted: what it says of the test patches and out of fold.
#[derive(Debug)]
pub(super) struct Contender {
    pub run: SubmissionRun,
    pub task: Task,
    /// `<key> <class>`, a line a test patch.
    pub lines: String,
    /// Test patches.
    pub patches: usize,
    /// Groups that these are worth, where those of patches judged out of fold are the measure.
    pub test_groups: usize,
    /// BLAKE3 of the keys in the lines.
    pub test_blake3: String,
    pub judged: JudgedOutOfFold,
    /// What a search that chose this run says of its luck.
    pub luck: Option<SearchLuck>,
}

/// What a search says of the best that it found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SearchLuck {
    /// Candidates that it chose among.
    pub candidates: usize,
}

impl Contender {
    /// Opens a finished run, whose every file must be as it was written.
    ///
    /// # Errors
    /// When it is no such run, or has no test predictions.
    pub fn open(path: &Path) -> Result<Self> {
        let run = open_member(path)?;
        run.verify()?;
        let rows = held_predictions(&run.folder, &run.record)?;
        let task = task_of(&run.record)?;
        let test: Vec<&Prediction> = rows
            .iter()
            .filter(|row| row.part == Part::TestAverage)
            .collect();
        if test.is_empty() {
            bail!(
                "{} has no test predictions, so there is nothing to submit: name the test patches in the \
                 data (a part test, labels not needed) and run again",
                path.display()
            );
        }
        let keys = test.iter().map(|row| row.key.as_str());
        refuse_same_stems(keys.clone(), "rename the files")?;
        let stems: BTreeSet<String> = keys.map(datathon_key).collect();
        let lines: Vec<String> = test
            .iter()
            .map(|row| datathon_line(&task, &row.key, &row.probs))
            .collect();
        let groups = Groups::of(&run)?;
        let judged = JudgedOutOfFold {
            rows: judged(&rows, &task, &groups),
        };
        Ok(Self {
            test_groups: groups.of_test(&test, &judged),
            test_blake3: hash(stems.into_iter().collect::<Vec<_>>().join("\n").as_bytes()),
            lines: lines.join("\n") + "\n",
            patches: test.len(),
            luck: luck(&run)?,
            run: described(&run)?,
            judged,
            task,
        })
    }
}

fn described(run: &MemberRun) -> Result<SubmissionRun> {
    let config = run.folder.read_text(names::CONFIG)?;
    Ok(SubmissionRun {
        name: run.name.clone(),
        dir: std::path::absolute(run.folder.dir())?,
        blake3: run.blake3.clone(),
        predictions_blake3: hash(&run.folder.read(names::PREDICTIONS)?),
        config_blake3: hash(config.as_bytes()),
        config,
        weights: weights_used(&run.folder, &run.name)?,
    })
}

pub(super) fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// What patches belong together.
struct Groups {
    by_key: BTreeMap<String, String>,
}

impl Groups {
    fn of(run: &MemberRun) -> Result<Self> {
        let folds = Folds::from_json(&run.folder.read_text(names::FOLDS)?)?;
        Ok(Self {
            by_key: judged_groups(&run.folder, &run.record, folds.group)?,
        })
    }

    /// A patch that belongs to nobody is a group of its own.
    fn get(&self, key: &str) -> String {
        let group = self.by_key.get(key).map(|group| format!("group {group}"));
        group.unwrap_or_else(|| format!("patch {key}"))
    }

    /// Where the groups of test patches are not known and the others' are, as many as there would be of
    /// the others' size.
    fn of_test(&self, test: &[&Prediction], judged: &JudgedOutOfFold) -> usize {
        let unknown = test.iter().any(|row| !self.by_key.contains_key(&row.key));
        let named = |row: &JudgedRow| self.by_key.contains_key(&row.key);
        if unknown && judged.rows.iter().any(named) {
            let of: BTreeSet<&str> = judged.rows.iter().map(|row| row.group.as_str()).collect();
            let patches: BTreeSet<&str> = judged.rows.iter().map(|row| row.key.as_str()).collect();
            return (of.len() * test.len()).div_ceil(patches.len().max(1));
        }
        let of: BTreeSet<String> = test.iter().map(|row| self.get(&row.key)).collect();
        of.len()
    }
}

fn judged(rows: &[Prediction], task: &Task, groups: &Groups) -> Vec<JudgedRow> {
    let rows = rows.iter().filter(|row| row.part == Part::OutOfFold);
    let mut all: Vec<JudgedRow> = rows
        .filter_map(|row| {
            Some(JudgedRow {
                repeat: row.fold.map_or(0, |fold| fold.repeat),
                key: row.key.clone(),
                group: groups.get(&row.key),
                target: task.classes[row.target?].clone(),
                pred: task.classes[task.decision.decide(&row.probs)].clone(),
            })
        })
        .collect();
    all.sort_by(|one, other| (one.repeat, &one.key).cmp(&(other.repeat, &other.key)));
    all
}

/// Whether a search chose the run.
fn luck(run: &MemberRun) -> Result<Option<SearchLuck>> {
    if !run.folder.has(names::ENSEMBLE) {
        return Ok(None);
    }
    let findings: crate::EnsembleFindings = run.folder.read_json(names::ENSEMBLE)?;
    Ok(findings.search.map(|found| SearchLuck {
        candidates: found.search.candidates.len(),
    }))
}

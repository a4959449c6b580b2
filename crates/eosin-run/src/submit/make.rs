//! Making a submission.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Result, bail};
use eosin_core::bytes_in_words;
use eosin_store::write_atomic;
use serde::Serialize;

use super::contender::{Contender, hash};
use super::entry::{Entry, Submission, written};
use super::rules::{RuleChanges, SubmissionRules};
use super::submissions::{ContestFolder, Kept, Submissions};

/// A submission that was made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MadeSubmission {
    /// What is known of it.
    pub submission: Submission,
    /// Its file of lines `<key> <class>`.
    pub file: PathBuf,
    /// Bytes of all its weights together.
    pub bytes: u64,
    /// The rules that it was made under.
    pub rules: SubmissionRules,
    /// When the next one is allowed, RFC 3339; `None`: now.
    pub next_allowed: Option<String>,
}

/// Makes a submission of a finished run and writes it down in the folder `ledger`: its test predictions,
/// by the mean of all folds, as lines `<key> <class>`. They are kept in the folder as `N.txt`, and also
/// written to `out`.
///
/// # Errors
/// When the run has no test predictions or is not what it was; when its weights are too large, the quota
/// is used up, the same lines have been submitted, or earlier submissions are of another test set. Then
/// nothing is written.
pub fn make_submission(
    run: &Path,
    ledger: &Path,
    out: Option<&Path>,
    changes: &RuleChanges,
) -> Result<MadeSubmission> {
    let contender = Contender::open(run)?;
    let folder = ContestFolder::new(ledger);
    // What is refused leaves no folder behind, and is looked at again when nobody else can write.
    let known = folder.read()?;
    let rules = known.rules.changed(changes, known.scored())?;
    check(&contender, &known, &rules, &folder, SystemTime::now())?;
    let mut held = folder.hold()?;
    let rules = held.known.rules.changed(changes, held.known.scored())?;
    let now = SystemTime::now();
    check(&contender, &held.known, &rules, &folder, now)?;
    if rules != held.known.rules {
        held.append(Entry::Rules(rules.clone()))?;
    }
    let number = held.known.made.len() + 1;
    let judged = contender.judged.to_csv()?;
    folder.keep(number, &contender.lines, &judged)?;
    let submission = described(&contender, number, now, hash(&judged));
    held.append(Entry::Made(submission.clone().into()))?;
    let mut times = held.known.times()?;
    times.push(now);
    let file = match out {
        Some(out) => {
            write_atomic(out, contender.lines.as_bytes())?;
            out.to_owned()
        }
        None => folder.lines(number),
    };
    Ok(MadeSubmission {
        bytes: submission.run.bytes(),
        next_allowed: rules.waits_until(&times, now).map(written),
        submission,
        file,
        rules,
    })
}

fn described(
    contender: &Contender,
    number: usize,
    now: SystemTime,
    judged_blake3: String,
) -> Submission {
    Submission {
        number,
        made: written(now),
        patches: contender.patches,
        test_groups: contender.test_groups,
        positive: contender.task.classes[contender.task.positive].clone(),
        lines_blake3: hash(contender.lines.as_bytes()),
        test_blake3: contender.test_blake3.clone(),
        judged_blake3,
        run: contender.run.clone(),
    }
}

fn check(
    contender: &Contender,
    known: &Submissions,
    rules: &SubmissionRules,
    folder: &ContestFolder,
    now: SystemTime,
) -> Result<()> {
    refuse_other_test(contender, known)?;
    if let Some(same) = same_lines(contender, known) {
        let number = same.submission.number;
        bail!(
            "{} decides on every test patch as submission {number} ({}) does, so its score is known or \
             will be; its lines are in {}",
            contender.run.name,
            same.submission.run.name,
            folder.lines(number).display()
        );
    }
    if let Some(problem) = too_large(contender, rules) {
        bail!("{problem}");
    }
    if let Some(opens) = rules.waits_until(&known.times()?, now) {
        let wait = opens.duration_since(now).unwrap_or_default();
        bail!(
            "the quota of {} submission(s) in {} s is used up: the next is allowed at {} (in {} s); \
             '--quota' and '--quota-secs' say what the contest allows",
            rules.quota,
            rules.quota_secs,
            written(opens),
            wait.as_secs() + 1
        );
    }
    Ok(())
}

/// Refuses a run whose test patches are not those of earlier submissions.
pub(super) fn refuse_other_test(contender: &Contender, known: &Submissions) -> Result<()> {
    let Some(first) = known.made.first().map(|one| &one.submission) else {
        return Ok(());
    };
    if first.test_blake3 == contender.test_blake3 {
        return Ok(());
    }
    bail!(
        "the {} test patches of {} are not the {} of submission {} ({}); begin a new '--ledger' for \
         another test set",
        contender.patches,
        contender.run.name,
        first.patches,
        first.number,
        first.run.name
    )
}

/// The submission that has the same lines.
pub(super) fn same_lines<'a>(contender: &Contender, known: &'a Submissions) -> Option<&'a Kept> {
    let own = hash(contender.lines.as_bytes());
    let mut made = known.made.iter();
    made.find(|one| one.submission.lines_blake3 == own)
}

/// Why a run's weights are too large, where they are.
pub(super) fn too_large(contender: &Contender, rules: &SubmissionRules) -> Option<String> {
    let bytes = contender.run.bytes();
    if bytes <= rules.max_bytes {
        return None;
    }
    let parts: Vec<String> = contender
        .run
        .weights
        .iter()
        .map(|one| format!("{} {}", one.of, bytes_in_words(one.bytes)))
        .collect();
    Some(format!(
        "the weights of {} take {bytes} bytes ({}), more than the {} of '--max-bytes'",
        contender.run.name,
        parts.join("; "),
        rules.max_bytes
    ))
}

//! Which submission to make next, and how far scores that came back flatter.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Result, bail};
use eosin_core::Seed;
use eosin_ensemble::{
    DecisionScores, Decisions, OverFit, Prospect, Returned, decision_scores, forecast,
};
use eosin_metrics::{Interval, Z_95};
use serde::Serialize;

use super::contender::Contender;
use super::entry::written;
use super::judged::JudgedOutOfFold;
use super::make::{refuse_other_test, same_lines, too_large};
use super::rules::SubmissionRules;
use super::submissions::{ContestFolder, Submissions};

/// What is known of a contest, and what to do next.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubmissionPlan {
    /// What the contest allows.
    pub rules: SubmissionRules,
    /// When the next submission is allowed, RFC 3339; `None`: now.
    pub next_allowed: Option<String>,
    /// Submissions in their order, then runs that may be made ones.
    pub all: Vec<PlannedSubmission>,
    /// Place in `all` of the run to submit next; `None` where none may be.
    pub next: Option<usize>,
    /// How far the best score that came back is above what its model is worth.
    pub over_fit: Option<OverFit>,
    /// What else is to be known.
    pub notes: Vec<String>,
}

/// A submission, or a run that may become one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedSubmission {
    /// The number of a submission.
    pub number: Option<usize>,
    /// The name of the run.
    pub run: String,
    /// Its folder.
    pub dir: PathBuf,
    /// Its score out of fold.
    pub out_of_fold: f64,
    /// 95 % interval of it, over groups of patches.
    #[serde(flatten)]
    pub interval: Interval,
    /// The score that came back.
    pub returned: Option<f64>,
    /// What its submission returns or would return.
    pub prospect: Prospect,
    /// Bytes of all its weights.
    pub bytes: u64,
    /// Why it may not be submitted.
    pub refused: Option<String>,
}

/// A row of the plan before it is judged.
struct Row {
    number: Option<usize>,
    run: String,
    dir: PathBuf,
    returned: Option<f64>,
    bytes: u64,
    refused: Option<String>,
    judged: JudgedOutOfFold,
}

/// Plans the next submission to the contest in `ledger` among `runs`.
///
/// # Errors
/// When there is neither a run nor a submission, a run cannot be submitted for what it is, or all were
/// not judged on the same patches.
pub fn plan_submissions(ledger: &Path, runs: &[PathBuf]) -> Result<SubmissionPlan> {
    let folder = ContestFolder::new(ledger);
    let known = folder.read()?;
    let contenders = runs.iter().map(|run| Contender::open(run));
    let contenders = contenders.collect::<Result<Vec<Contender>>>()?;
    let rows = rows(&folder, &known, &contenders)?;
    let scores = scores(&known, &contenders, &rows)?;
    let returned: Vec<Returned> = rows
        .iter()
        .enumerate()
        .filter_map(|(place, row)| {
            let score = row.returned?;
            Some(Returned { place, score })
        })
        .collect();
    let groups = test_groups(&known, &contenders).unwrap_or(scores.groups);
    let found = forecast(&scores, groups, &returned);
    let width = rows.len();
    let all = rows.into_iter().zip(&found.prospects).enumerate();
    let all: Vec<PlannedSubmission> = all
        .map(|(at, (row, prospect))| {
            let score = scores.scores[at];
            let half = Z_95 * scores.covariance[at * (width + 1)].sqrt();
            PlannedSubmission {
                number: row.number,
                run: row.run,
                dir: row.dir,
                out_of_fold: score,
                interval: Interval {
                    ci_low: score - half,
                    ci_high: score + half,
                },
                returned: row.returned,
                prospect: Prospect {
                    gain: prospect.gain.filter(|_| row.refused.is_none()),
                    ci_low: prospect.ci_low.max(known.rules.least()),
                    ci_high: prospect.ci_high.min(1.0),
                    ..*prospect
                },
                bytes: row.bytes,
                refused: row.refused,
            }
        })
        .collect();
    let now = SystemTime::now();
    let waits = known.rules.waits_until(&known.times()?, now);
    Ok(SubmissionPlan {
        next_allowed: waits.map(written),
        next: next(&all),
        over_fit: found.over_fit,
        notes: notes(&known, &contenders),
        rules: known.rules,
        all,
    })
}

/// The run of the largest expected gain; before any score has come back, of the largest expected score.
fn next(all: &[PlannedSubmission]) -> Option<usize> {
    let open = all.iter().enumerate();
    let open = open.filter(|(_, one)| one.number.is_none() && one.refused.is_none());
    let worth = |one: &PlannedSubmission| one.prospect.gain.unwrap_or(one.prospect.expected);
    let best = open.reduce(|best, one| {
        if worth(one.1) > worth(best.1) {
            one
        } else {
            best
        }
    });
    best.map(|(at, _)| at)
}

fn rows(folder: &ContestFolder, known: &Submissions, contenders: &[Contender]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for kept in &known.made {
        let submission = &kept.submission;
        rows.push(Row {
            number: Some(submission.number),
            run: submission.run.name.clone(),
            dir: submission.run.dir.clone(),
            returned: kept.score,
            bytes: submission.run.bytes(),
            refused: None,
            judged: folder.judged(submission)?,
        });
    }
    for (at, contender) in contenders.iter().enumerate() {
        refuse_other_test(contender, known)?;
        if let Some(first) = contenders[..at]
            .iter()
            .find(|one| one.test_blake3 != contender.test_blake3)
        {
            bail!(
                "{} and {} have other test patches; plan for one test set",
                first.run.name,
                contender.run.name
            );
        }
        if contenders[..at]
            .iter()
            .any(|one| one.run.blake3 == contender.run.blake3)
        {
            continue;
        }
        let same = same_lines(contender, known).map(|one| &one.submission);
        if same.is_some_and(|one| one.run.blake3 == contender.run.blake3) {
            continue;
        }
        let same = same.map(|one| format!("decides as submission {} does", one.number));
        rows.push(Row {
            number: None,
            run: contender.run.name.clone(),
            dir: contender.run.dir.clone(),
            returned: None,
            bytes: contender.run.bytes(),
            refused: same.or_else(|| too_large(contender, &known.rules)),
            judged: contender.judged.clone(),
        });
    }
    if rows.is_empty() {
        bail!("nothing to plan: name runs, or a '--ledger' that holds submissions");
    }
    Ok(rows)
}

fn scores(known: &Submissions, contenders: &[Contender], rows: &[Row]) -> Result<DecisionScores> {
    let first = &rows[0];
    for row in rows {
        if !row.judged.is_of_same_patches(&first.judged) {
            bail!(
                "{} and {} were not judged out of fold on the same patches, so nothing says how they err \
                 together; leave one out, or run it again on the same data",
                first.run,
                row.run
            );
        }
    }
    let mut classes: Vec<String> = Vec::new();
    for row in rows.iter().flat_map(|row| &row.judged.rows) {
        for word in [&row.target, &row.pred] {
            if !classes.contains(word) {
                classes.push(word.clone());
            }
        }
    }
    classes.sort_unstable();
    let positive = match contenders.first() {
        Some(contender) => contender.task.classes[contender.task.positive].clone(),
        None => known.made[0].submission.positive.clone(),
    };
    let place = classes.iter().position(|class| *class == positive);
    let Some(place) = place else {
        bail!("no patch that was judged out of fold is {positive} or was taken for it");
    };
    let decisions = Decisions {
        targets: first.judged.classes_of(&classes, |row| &row.target)?,
        groups: first.judged.groups(),
        classes: classes.len(),
        positive: place,
        preds: rows
            .iter()
            .map(|row| row.judged.classes_of(&classes, |row| &row.pred))
            .collect::<Result<_>>()?,
    };
    Ok(decision_scores(
        &decisions,
        known.rules.metric,
        Seed::default(),
    )?)
}

/// Groups of the test set.
fn test_groups(known: &Submissions, contenders: &[Contender]) -> Option<usize> {
    let of_runs = contenders.iter().map(|one| one.test_groups);
    let of_made = known.made.iter().map(|one| one.submission.test_groups);
    of_runs.chain(of_made).next()
}

fn notes(known: &Submissions, contenders: &[Contender]) -> Vec<String> {
    let mut notes = Vec::new();
    if known.scored() == 0 {
        notes.push(
            "no score has come back yet, and nothing else says how much easier or harder the test set is"
                .to_owned(),
        );
    }
    let open: Vec<String> = known
        .made
        .iter()
        .filter(|one| one.score.is_none())
        .map(|one| one.submission.number.to_string())
        .collect();
    if !open.is_empty() {
        notes.push(format!(
            "no score has come back of submission(s) {}: write it down by 'eosin submit record'",
            open.join(", ")
        ));
    }
    for contender in contenders {
        if let Some(luck) = contender.luck {
            notes.push(format!(
                "{} was chosen among {} combinations by its score out of fold, which flatters it here: its \
                 report has the score without that luck",
                contender.run.name, luck.candidates
            ));
        }
    }
    notes
}

//! Writing down a score that came back.

use std::path::Path;
use std::time::SystemTime;

use anyhow::{Result, bail};
use eosin_metrics::Metric;
use serde::Serialize;

use super::entry::{Entry, ReturnedEntry, written};
use super::submissions::ContestFolder;
use crate::create::Overwrite;

/// A score that was written down.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReturnedScore {
    /// The submission's number.
    pub number: usize,
    /// What it was made of.
    pub run: String,
    /// The metric.
    pub metric: Metric,
    /// The score.
    pub score: f64,
    /// The one that it takes the place of.
    pub before: Option<f64>,
}

/// Writes down the score of a submission in the folder `ledger`. One that is there is corrected by
/// [`Overwrite::Replace`] only.
///
/// # Errors
/// When there is no such submission or folder, the score is out of range, or another is there.
pub fn record_score(
    ledger: &Path,
    number: usize,
    score: f64,
    overwrite: Overwrite,
) -> Result<ReturnedScore> {
    let mut held = ContestFolder::new(ledger).hold_existing()?;
    let made = &held.known.made;
    let Some(one) = made.iter().find(|one| one.submission.number == number) else {
        bail!(
            "there is no submission {number} in {}: {} were made, numbered from 1 ('eosin submit plan' \
             lists them)",
            ledger.display(),
            made.len()
        );
    };
    held.known.rules.check_score(score)?;
    let before = one.score;
    if let Some(before) = before
        && overwrite == Overwrite::Refuse
    {
        bail!(
            "submission {number} came back with {before} already; correct it by '--overwrite', if {score} is \
             right"
        );
    }
    let returned = ReturnedScore {
        number,
        run: one.submission.run.name.clone(),
        metric: held.known.rules.metric,
        score,
        before,
    };
    held.append(Entry::Returned(ReturnedEntry {
        number,
        score,
        at: written(SystemTime::now()),
    }))?;
    Ok(returned)
}

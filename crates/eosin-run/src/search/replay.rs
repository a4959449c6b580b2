//! Suggesting again what was suggested.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use super::study::{look, suggest};

/// What a replay came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Trials whose values follow from the seed and the results that they name.
    pub same: usize,
    /// Those whose values do not.
    pub other: Vec<u64>,
}

/// Suggests every trial of a study again, from the seed and the results that it names.
///
/// # Errors
/// When there is no study, or a line is damaged.
pub fn replay(dir: &Path) -> Result<Replayed> {
    let study = look(dir)?;
    let mut replayed = Replayed {
        same: 0,
        other: Vec::new(),
    };
    for counted in study.trials.counted() {
        let (trial, begun) = (counted.made.trial, counted.begun);
        let again = suggest(&study.record, &study.trials, &begun.seen, trial)?;
        let text = |assignment| serde_json::to_string(assignment);
        if text(&again)? == text(&begun.assignment)? {
            replayed.same += 1;
        } else {
            replayed.other.push(trial);
        }
    }
    Ok(replayed)
}

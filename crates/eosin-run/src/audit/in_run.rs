//! The cheap part of an audit, in every run: pairs of patches that folds or parts tear apart.

use anyhow::Result;
use eosin_audit::{Effort, PairKind, PairSearch, find_pairs};
use eosin_core::config::DoctorPolicy;
use eosin_store::{RunFolder, names};
use eosin_train::Run;
use serde::Deserialize;

use super::embeddings::cached_directions;
use super::folds::KnownFolds;
use super::groups::Linked;
use super::looked::planes;
use super::pairs::{first_same, pair_records, with_same_pixels};
use super::record::{AuditRecord, PairRecord, counted};
use crate::event::{WatchRun, pulse};
use crate::job::Job;

/// Patches among which a run looks for pairs by itself: the search grows with their square, and 10,500 took
/// 8 s of processor time, so that so many take about 5 s on two cores.
pub(crate) const MOST_PATCHES: usize = 12_000;
/// Patches among which neighbours by embedding are looked for, too: products of all with all take longer
/// than all the rest in larger sets, the more the wider embeddings are. What they find and layouts do not
/// are overlaps of less than about 60 %.
const MOST_EMBEDDED: usize = 2000;
/// Pairs that a sentence names.
const NAMED: usize = 2;

/// What a run found of pairs by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum InRun {
    /// Nothing was looked for: `train.doctor` is `off`.
    Off,
    /// There are more patches than a run looks through.
    TooMany {
        /// How to look through them, a sentence.
        text: String,
    },
    /// Pairs were looked for.
    Looked {
        /// Pairs that are in several folds or parts.
        across: usize,
        /// What they are and what to do, a sentence; `None` where there are none.
        text: Option<String>,
    },
}

impl InRun {
    /// What is to be said of it, if anything.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Off => None,
            Self::TooMany { text } => Some(text),
            Self::Looked { text, .. } => text.as_deref(),
        }
    }
}

/// What a report reads of `audit.json`.
#[derive(Debug, Deserialize)]
struct Written {
    data: String,
    pairs: Vec<PairRecord>,
}

/// The pairs that a run has on both sides of a fold or of a part.
pub(crate) struct PairsAcross {
    /// Each with what it is across.
    pub pairs: Vec<PairRecord>,
    /// What they are and what to do, a sentence.
    pub text: String,
}

/// Looks for pairs among the patches of a trained run, with the embeddings that its cache holds, and
/// writes `audit.json`. Nothing that was trained or judged changes.
///
/// # Errors
/// When a patch can no longer be read, the file not be written, or `watch` fails or ends the work.
pub(crate) fn look_in_run(
    job: &Job,
    run: &Run<'_>,
    folder: &RunFolder,
    watch: &dyn WatchRun,
) -> Result<InRun> {
    if job.config.train.doctor == DoctorPolicy::Off {
        folder.remove(names::AUDIT)?;
        return Ok(InRun::Off);
    }
    let patches = job.manifest().patches.len();
    if let Some(text) = too_many(patches, &job.data.display().to_string()) {
        folder.remove(names::AUDIT)?;
        return Ok(InRun::TooMany { text });
    }
    let record = record(job, run, watch)?;
    folder.write_json(names::AUDIT, &record)?;
    let across = across(record.pairs);
    Ok(InRun::Looked {
        across: across.len(),
        text: sentence(&across, &record.data.display().to_string()),
    })
}

fn record(job: &Job, run: &Run<'_>, watch: &dyn WatchRun) -> Result<AuditRecord> {
    let mut record = AuditRecord::new(job);
    // As a resumed run has it.
    record.data = std::path::absolute(&job.data)?;
    let directions = if record.patches <= MOST_EMBEDDED {
        cached_directions(run, watch)?
    } else {
        None
    };
    let search = PairSearch {
        planes: &planes(job, watch)?,
        directions: directions.as_ref(),
        first_same: &first_same(&job.patches),
        effort: Effort::Quick,
    };
    let found = find_pairs(search, &mut |_| pulse(watch))?;
    record.compared = found.compared;
    record.take_bare(job, &found.bare);
    let pairs = with_same_pixels(job, found.pairs)?;
    let folds = KnownFolds::resolved(run.folds.resolve(job.manifest())?);
    record.pairs = pair_records(job, &pairs, &folds);
    record.count();
    record.take_clusters(job, &Linked::of(job, &pairs));
    record.notes.push(
        "pairs were looked for within a run, quickly; 'eosin audit' looks closer, and at more"
            .to_owned(),
    );
    Ok(record)
}

/// What `audit.json` in `folder` says of pairs across folds and parts; `None` where it says of none.
///
/// # Errors
/// When the file is damaged.
pub(crate) fn audit_of_run(folder: &RunFolder) -> Result<Option<PairsAcross>> {
    if !folder.has(names::AUDIT) {
        return Ok(None);
    }
    let Written { data, pairs } = folder.read_json(names::AUDIT)?;
    let pairs = across(pairs);
    let text = sentence(&pairs, &data);
    Ok(text.map(|text| PairsAcross { pairs, text }))
}

fn across(mut pairs: Vec<PairRecord>) -> Vec<PairRecord> {
    pairs.retain(|pair| !pair.across.is_empty());
    pairs
}

fn sentence(across: &[PairRecord], data: &str) -> Option<String> {
    let named = across.iter().take(NAMED).map(|pair| {
        let what = match pair.kind {
            PairKind::Copy => "a copy of",
            PairKind::NearCopy => "nearly a copy of",
            PairKind::Overlap => "overlaps",
        };
        format!("{} {what} {}", pair.b, pair.a)
    });
    let named: Vec<String> = named.collect();
    let more = match across.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!across.is_empty()).then(|| {
        format!(
            "{} of patches show the same tissue in different folds or parts, so scores are too good: \
             {}{more}; 'eosin audit --data {data}' writes a groups.csv that keeps them together, for \
             'eosin run --data'",
            counted(across.len(), "pair", "pairs"),
            named.join(", ")
        )
    })
}

/// What is said of a set in which a run does not look for pairs.
fn too_many(patches: usize, data: &str) -> Option<String> {
    (patches > MOST_PATCHES).then(|| {
        format!(
            "{patches} patches were not searched for copies and overlaps across folds, since a run does \
             that for up to {MOST_PATCHES}: 'eosin audit --data {data}' does it"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_beyond_the_budget_is_not_searched_and_the_command_that_does_it_is_named() {
        assert_eq!(too_many(MOST_PATCHES, "data"), None);
        let text = too_many(MOST_PATCHES + 1, "data").expect("one too many");
        assert!(text.starts_with("12001 patches") && text.contains("'eosin audit --data data'"));
    }
}

//! The cheap part of an audit, in every run: pairs of patches that folds or parts tear apart.

use std::collections::BTreeSet;

use anyhow::Result;
use eosin_audit::{Directions, Effort, PairKind, PairSearch, PairsFound, find_pairs};
use eosin_core::config::DoctorPolicy;
use eosin_metrics::MetricSet;
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
use crate::other_folds::{FoldsCompared, Judged, OtherFolds, on_other_folds};

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
        /// The score on folds that keep patches together beside that on random ones, where both are known.
        folds: Option<FoldsCompared>,
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

    /// What other folds would have said, a sentence, where it is something else.
    pub fn of_other_folds(&self) -> Option<String> {
        match self {
            Self::Looked { folds, .. } => folds.as_ref()?.text(),
            Self::Off | Self::TooMany { .. } => None,
        }
    }
}

/// What is read of the `audit.json` of a run.
#[derive(Debug, Deserialize)]
struct Written {
    eosin_version: String,
    data: String,
    compared: usize,
    pairs: Vec<PairRecord>,
    clusters: Vec<Vec<String>>,
    bare: Vec<String>,
    folds: Option<FoldsCompared>,
}

/// What a run found by itself, as its report tells it.
#[derive(Default)]
pub(crate) struct AuditOfRun {
    /// The pairs that it has on both sides of a fold or of a part.
    pub across: Option<PairsAcross>,
    /// What other folds would have said, a sentence.
    pub folds: Option<String>,
}

/// The pairs that a run has on both sides of a fold or of a part.
pub(crate) struct PairsAcross {
    /// Each with what it is across.
    pub pairs: Vec<PairRecord>,
    /// What they are and what to do, a sentence.
    pub text: String,
}

/// A run whose folds are finished.
pub(crate) struct Trained<'a> {
    pub run: &'a Run<'a>,
    pub out_of_fold: &'a [MetricSet],
    pub other_folds: OtherFolds,
}

/// Looks for pairs among the patches of a trained run, with the embeddings that its cache holds, and
/// writes `audit.json`. Nothing that was trained or judged changes.
///
/// # Errors
/// When a patch can no longer be read, the file not be written, or `watch` fails or ends the work.
pub(crate) fn look_in_run(
    job: &Job,
    trained: &Trained<'_>,
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
    let record = record(job, trained, watch)?;
    folder.write_json(names::AUDIT, &record)?;
    let across = across(record.pairs);
    Ok(InRun::Looked {
        across: across.len(),
        text: sentence(&across, &record.data.display().to_string()),
        folds: record.folds,
    })
}

fn record(job: &Job, trained: &Trained<'_>, watch: &dyn WatchRun) -> Result<AuditRecord> {
    let run = trained.run;
    let mut record = AuditRecord::new(job);
    // As a resumed run has it.
    record.data = std::path::absolute(&job.data)?;
    if let Some(known) = of_member(run)? {
        record.compared = known.compared;
        let manifest = job.manifest();
        let bare = known.bare.iter().filter_map(|key| manifest.position(key));
        record.take_bare(job, &bare.collect::<Vec<_>>());
        record.pairs = known.pairs;
        record.clusters = known.clusters;
    } else {
        let found = found(job, run, watch)?;
        record.compared = found.compared;
        record.take_bare(job, &found.bare);
        let folds = KnownFolds::resolved(run.folds.resolve(job.manifest())?);
        record.pairs = pair_records(job, &found.pairs, &folds);
        let linked = Linked::of(job, &found.pairs);
        record.take_clusters(job, &linked);
        if trained.other_folds == OtherFolds::Compare {
            let judged = Judged {
                out_of_fold: trained.out_of_fold,
                linked: &linked.names,
                torn: torn(&record.pairs),
            };
            record.folds = on_other_folds(job, run, &judged, watch)?;
        }
    }
    record.count();
    record.notes.push(
        "pairs were looked for within a run, quickly; 'eosin audit' looks closer, and at more"
            .to_owned(),
    );
    Ok(record)
}

/// The pairs, by pixels and in small sets by embeddings, too. In large sets they depend on pixels alone, so
/// that the runs of an ablation look for them once.
fn found(job: &Job, run: &Run<'_>, watch: &dyn WatchRun) -> Result<PairsFound> {
    if job.manifest().patches.len() <= MOST_EMBEDDED {
        return search(job, cached_directions(run, watch)?.as_ref(), watch);
    }
    if let Some(known) = job.pairs.get() {
        return Ok(known.clone());
    }
    let found = search(job, None, watch)?;
    Ok(job.pairs.get_or_init(|| found).clone())
}

fn search(job: &Job, directions: Option<&Directions>, watch: &dyn WatchRun) -> Result<PairsFound> {
    let search = PairSearch {
        planes: &planes(job, watch)?,
        directions,
        first_same: &first_same(&job.patches),
        effort: Effort::Quick,
    };
    let found = find_pairs(search, &mut |_| pulse(watch))?;
    Ok(PairsFound {
        pairs: with_same_pixels(job, found.pairs)?,
        ..found
    })
}

/// What the first member of an ensemble found in a large set, by pixels alone: an ensemble has the same
/// patches and folds, and would find the same. `None` where that is not known.
fn of_member(run: &Run<'_>) -> Result<Option<Written>> {
    let members = run.start.members().map(|members| &members.members);
    let Some(member) = members.and_then(|members| members.first()) else {
        return Ok(None);
    };
    if run.patches.manifest().patches.len() <= MOST_EMBEDDED || !member.folder.has(names::AUDIT) {
        return Ok(None);
    }
    let written: Written = member.folder.read_json(names::AUDIT)?;
    Ok((written.eosin_version == env!("CARGO_PKG_VERSION")).then_some(written))
}

/// Patches that are in pairs across folds.
fn torn(pairs: &[PairRecord]) -> usize {
    let across_folds = pairs.iter().filter(|pair| {
        let mut across = pair.across.iter();
        across.any(|across| across.starts_with("fold"))
    });
    let keys: BTreeSet<&str> = across_folds
        .flat_map(|pair| [pair.a.as_str(), pair.b.as_str()])
        .collect();
    keys.len()
}

/// What `audit.json` in `folder` says; nothing where there is none.
///
/// # Errors
/// When the file is damaged.
pub(crate) fn audit_of_run(folder: &RunFolder) -> Result<AuditOfRun> {
    if !folder.has(names::AUDIT) {
        return Ok(AuditOfRun::default());
    }
    let written: Written = folder.read_json(names::AUDIT)?;
    let pairs = across(written.pairs);
    let text = sentence(&pairs, &written.data);
    Ok(AuditOfRun {
        across: text.map(|text| PairsAcross { pairs, text }),
        folds: written.folds.as_ref().and_then(FoldsCompared::text),
    })
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

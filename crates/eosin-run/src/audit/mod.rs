//! Whom to trust: pairs of patches that show the same, labels that models contradict, facts of files
//! that tell classes apart.

mod cards;
mod embeddings;
mod facts;
mod folds;
mod groups;
mod in_run;
mod labels;
mod looked;
mod out;
mod page;
mod pairs;
mod pseudo;
mod record;
mod run_predictions;
mod shortcuts;

use std::path::PathBuf;

use anyhow::Result;
use eosin_audit::{Directions, Effort, PairSearch, find_pairs};

pub(crate) use self::cards::Pictures;
pub(crate) use self::facts::name_pattern;
use self::folds::KnownFolds;
use self::groups::Linked;
pub use self::in_run::InRun;
pub(crate) use self::in_run::{AuditOfRun, PairsAcross, Trained, audit_of_run, look_in_run};
use self::looked::Looked;
pub use self::out::AuditOut;
use self::pairs::pair_records;
pub use self::record::{AuditRecord, PairCounts, PairRecord};
use self::run_predictions::RunPredictions;
use self::shortcuts::{Known, ShortcutRecord};
use crate::event::{RunEvent, WatchRun, note, tell};
use crate::job::Job;

/// What is audited besides the patches of a job.
#[derive(Clone, Debug, Default)]
pub struct AuditArgs {
    /// A finished run on these patches, whose folds and out-of-fold probabilities count.
    pub run: Option<PathBuf>,
}

/// What an audit found, and what is written of it.
pub struct Audited {
    /// What `audit.json` holds.
    pub record: AuditRecord,
    /// `groups.csv`: the patches, those that are linked in one group.
    pub groups_csv: Vec<u8>,
    /// `pseudo_groups.csv`: the same with guessed patients as groups, where there are some.
    pub pseudo_csv: Option<Vec<u8>>,
    /// The page.
    pub page: String,
}

/// Looks for what makes a score on these patches too good.
///
/// # Errors
/// When a patch or the weights cannot be used, the run is of other patches, or `watch` fails or ends
/// the work.
pub fn audit(job: &Job, args: &AuditArgs, watch: &dyn WatchRun) -> Result<Audited> {
    let run = args.run.as_deref();
    let run = run.map(|dir| RunPredictions::open(dir, job)).transpose()?;
    let mut record = AuditRecord::new(job);
    let folds = KnownFolds::of(job, run.as_ref(), &mut record.notes, watch)?;
    let directions = embeddings::directions(job, &mut record.notes, watch)?;
    let looked = Looked::at(job, watch)?;
    let pairs = search(job, &looked, directions.as_ref(), &mut record, watch)?;
    record.pairs = pair_records(job, &pairs, &folds);
    record.count();
    let linked = Linked::of(job, &pairs);
    record.take_clusters(job, &linked);
    record.take_left_out(job, &linked);
    record.labels = run.as_ref().map(|run| labels::labels(job, run));
    let known = Known {
        job,
        looked: &looked,
        folds: &folds,
        directions: directions.as_ref(),
        run: run.as_ref(),
    };
    record.shortcuts = shortcuts::shortcuts(known, watch)?;
    let warning = record.shortcuts.as_ref().and_then(ShortcutRecord::warning);
    record.notes.extend(warning);
    let pseudo = pseudo::pseudo(job, &looked, directions.as_ref(), &pairs)?;
    record.take_pseudo(pseudo);
    for text in &record.notes {
        note(watch, &format!("note: {text}"))?;
    }
    Ok(Audited {
        groups_csv: linked.csv(job)?,
        pseudo_csv: record
            .pseudo_patients
            .as_ref()
            .map(|pseudo| pseudo.csv.clone()),
        page: page::page(job, &record),
        record,
    })
}

/// Pairs of patches, with what is said of those that could not be compared.
fn search(
    job: &Job,
    looked: &Looked,
    directions: Option<&Directions>,
    record: &mut AuditRecord,
    watch: &dyn WatchRun,
) -> Result<Vec<eosin_audit::FoundPair>> {
    let first_same = pairs::first_same(&job.patches);
    let search = PairSearch {
        planes: &looked.planes,
        directions,
        first_same: &first_same,
        effort: Effort::Thorough,
    };
    let mut pulse = |compared: eosin_audit::Compared| {
        tell(
            watch,
            &RunEvent::Comparing {
                done: compared.done,
                total: compared.total,
            },
        )
    };
    let found = find_pairs(search, &mut pulse)?;
    record.compared = found.compared;
    record.take_bare(job, &found.bare);
    pairs::with_same_pixels(job, found.pairs)
}

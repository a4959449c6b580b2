//! A job carried out into a run folder, and going on with one that was left.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Result, bail};
use eosin_core::Config;
use eosin_data::{Folds, Patches};
use eosin_store::{EmbeddingsRecord, Existing, RunFolder, RunRecord, WeightStore, names};
use eosin_train::{DecisionFindings, FoldOutcome, OwnEmbeddings, RunResult, StartingPoint};
use eosin_weights::StateDict;
use serde::{Deserialize, Serialize};

use crate::audit::InRun;
use crate::carry_out::{Begun, finish};
use crate::ensemble_findings::EnsembleFindings;
use crate::event::{RunEvent, WatchRun, WatchTraining, tell};
use crate::job::Job;
use crate::named_weights::HubOptions;
use crate::other_folds::OtherFolds;
use crate::settings::{cache_dir, config_of_run};
use crate::timings::Timings;

/// The main job: what is to be done, and on which patches.
#[derive(Clone, Debug)]
pub struct RunArgs {
    /// The resolved configuration.
    pub config: Config,
    /// Folder of patches, or a CSV or TSV manifest.
    pub data: PathBuf,
    /// How weights are found by name.
    pub hub: HubOptions,
}

/// Whether a run or a file that is there already is replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// It is an error.
    #[default]
    Refuse,
    /// Its files are removed, and no others.
    Replace,
}

impl Overwrite {
    /// What a flag says: it replaces only where it was given.
    pub const fn of_flag(given: bool) -> Self {
        if given { Self::Replace } else { Self::Refuse }
    }
}

/// Where and how a run is written.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The run folder.
    pub out: PathBuf,
    /// What happens when a run is there.
    pub overwrite: Overwrite,
    /// Whether TensorBoard event files are written, too.
    pub tensorboard: bool,
    /// Whether it is judged on other folds, too.
    pub other_folds: OtherFolds,
    /// The command line that asked for it, to be noted.
    pub command: Vec<String>,
}

/// A run that has been written.
pub struct Finished {
    /// Its folder.
    pub folder: RunFolder,
    /// What it says of itself.
    pub record: RunRecord,
    /// What came of it.
    pub result: RunResult,
    /// What it found of pairs of patches across folds and parts.
    pub pairs: InRun,
    /// How it decides, and how it might.
    pub decided: DecisionFindings,
    /// How long it took.
    pub timings: Timings,
}

/// What going on with a run came to.
pub enum Resumed {
    /// There was nothing to go on with.
    Complete,
    /// It is complete now.
    Finished(Box<Finished>),
}

/// How a run was begun: with its configuration, manifest and folds all that going on takes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Start {
    pub(crate) created: String,
    pub(crate) command: Vec<String>,
    data: PathBuf,
    /// Hash of the patches' contents.
    pub(crate) patches_hash: String,
    hub: HubOptions,
    pub(crate) tensorboard: bool,
    #[serde(default)]
    pub(crate) other_folds: OtherFolds,
    /// The embeddings that it starts from, where they were made elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    embeddings: Option<EmbeddingsRecord>,
}

/// The main job from a configuration on: finds and looks at the patches, divides them, embeds,
/// trains, judges, reports.
///
/// # Errors
/// When a stage fails, or `watch` fails or ends the work; what was written stays.
pub fn run(args: &RunArgs, place: &Place, watch: &dyn WatchRun) -> Result<Finished> {
    let job = Job::open(args.config.clone(), &args.data, &args.hub, watch)?;
    let folds = job.split(watch)?;
    create(&job, &folds, place, watch)
}

/// Embeds, trains, judges and writes the run folder.
///
/// # Errors
/// As [`run`].
pub fn create(job: &Job, folds: &Folds, place: &Place, watch: &dyn WatchRun) -> Result<Finished> {
    create_ensemble(job, folds, place, None, watch)
}

/// What is known of an ensemble before it is written.
pub(crate) struct KnownEnsemble<'a> {
    /// How its members get along.
    pub findings: &'a EnsembleFindings,
    /// Its folds, where the search has solved them.
    pub solved: Option<&'a [FoldOutcome<StateDict>]>,
}

/// As [`create`]; of an ensemble with what was found of its members.
pub(crate) fn create_ensemble(
    job: &Job,
    folds: &Folds,
    place: &Place,
    known: Option<KnownEnsemble<'_>>,
    watch: &dyn WatchRun,
) -> Result<Finished> {
    let created = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let existing = match place.overwrite {
        Overwrite::Refuse => Existing::Refuse,
        Overwrite::Replace => Existing::Overwrite,
    };
    // Before the folder is made: a weight file that cannot be used leaves nothing behind.
    let start_from = job.start(watch)?;
    if lies_in(&place.out, &job.data) && lies_in(&job.data, &place.out) {
        bail!(
            "'--out {}' is the folder of the patches itself; name another, which may lie in it",
            place.out.display()
        );
    }
    if lies_in(&place.out, &job.data) {
        let text = format!(
            "note: the run is written to {}, within the data folder; it is passed over when patches \
             are read",
            place.out.display()
        );
        tell(watch, &RunEvent::Note(&text))?;
    }
    // And neither does one that cannot succeed; where a run would be replaced, it stays.
    let cache = job.cache()?;
    let plan = job.run(folds, &start_from, &cache, None);
    plan.refuse_plan()?;
    if place.overwrite == Overwrite::Replace {
        plan.refuse_leaks(&WatchTraining { watch })?;
    }
    let folder = RunFolder::create(&place.out, existing)?;
    let start = Start {
        created,
        command: place.command.clone(),
        data: std::path::absolute(&job.data)?,
        patches_hash: job.patches.content_hash(),
        hub: job.hub.clone(),
        tensorboard: place.tensorboard,
        other_folds: place.other_folds,
        embeddings: start_from.own().map(OwnEmbeddings::record).cloned(),
    };
    if let Some(known) = &known {
        folder.write_json(names::ENSEMBLE, known.findings)?;
    }
    write_inputs(&folder, job, folds, &start)?;
    if let Some(solved) = known.and_then(|known| known.solved) {
        job.run(folds, &start_from, &cache, Some(&folder))
            .keep(solved)?;
    }
    let begun = Begun {
        folder,
        start,
        job,
        folds,
        start_from: &start_from,
    };
    begun.carry_out(watch)
}

/// What a run was begun with.
pub(crate) struct BegunWith {
    /// Where its patches were.
    pub data: PathBuf,
    /// How weights are found by name.
    pub hub: HubOptions,
}

/// What the run in `folder` was begun with.
pub(crate) fn begun_with(folder: &RunFolder) -> Result<BegunWith> {
    let Start { data, hub, .. } = folder.read_json(names::START)?;
    Ok(BegunWith { data, hub })
}

/// Whether a path, which need not exist yet, is within a folder.
pub fn lies_in(path: &Path, folder: &Path) -> bool {
    let real = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let known = path.ancestors().find_map(|above| {
            let real = std::fs::canonicalize(above).ok()?;
            Some(real.join(path.strip_prefix(above).ok()?))
        });
        known.unwrap_or(path)
    };
    folder.is_dir() && real(path).starts_with(real(folder))
}

/// Goes on with the run in `dir`: finished folds stay, the others go on from their last checkpoints.
///
/// # Errors
/// When no run was begun there, or its patches are no longer those that it began with; and as
/// [`run`].
pub fn resume(dir: &Path, watch: &dyn WatchRun) -> Result<Resumed> {
    if !dir.is_dir() {
        bail!(
            "{} does not exist; give the folder of an interrupted run",
            dir.display()
        );
    }
    if !dir.join(names::START).is_file() {
        bail!(
            "no run was begun in {}; give the folder of an interrupted run, or begin one with \
             '--out {0}'",
            dir.display()
        );
    }
    let folder = RunFolder::create(dir, Existing::Resume)?;
    if folder.has(names::RUN) {
        // Of another format it is refused here, by name.
        folder.record()?;
    }
    let start: Start = folder.read_json(names::START)?;
    let job = Job::open(config_of_run(&folder)?, &start.data, &start.hub, watch)?;
    refuse_other_patches(&folder, &start, &job.patches)?;
    if folder.has(names::RUN) {
        finish(&folder, &job)?;
        return Ok(Resumed::Complete);
    }
    let folds = Folds::from_json(&folder.read_text(names::FOLDS)?)?;
    let start_from = job.start(watch)?;
    refuse_other_embeddings(&start, &start_from)?;
    let begun = Begun {
        folder,
        start,
        job: &job,
        folds: &folds,
        start_from: &start_from,
    };
    Ok(Resumed::Finished(Box::new(begun.carry_out(watch)?)))
}

/// What a run goes on with must be what it began with, to the last pixel.
fn refuse_other_patches(folder: &RunFolder, start: &Start, patches: &Patches) -> Result<()> {
    if manifest_csv(patches)? != folder.read(names::MANIFEST)? {
        bail!(
            "the patches in {} are no longer those that the run began with ({} has the list); \
             restore them, or begin a new run",
            start.data.display(),
            folder.path(names::MANIFEST).display()
        );
    }
    if patches.content_hash() != start.patches_hash {
        bail!(
            "a picture in {} is no longer the one that the run began with, though the names are; \
             restore it, or begin a new run",
            start.data.display()
        );
    }
    Ok(())
}

/// And so must embeddings that were made elsewhere be, to the last bit.
fn refuse_other_embeddings(start: &Start, start_from: &StartingPoint) -> Result<()> {
    let now = start_from.own().map(OwnEmbeddings::record);
    if let (Some(begun), Some(now)) = (&start.embeddings, now)
        && !begun.is_same(now)
    {
        bail!(
            "{} is no longer what the run began with (BLAKE3 {}, and it was {}); restore it, or begin a \
             new run",
            now.file.display(),
            now.hash(),
            begun.hash()
        );
    }
    Ok(())
}

/// The store of weights that belongs to a run: beside the cache that its configuration names.
///
/// # Errors
/// When the run's configuration is damaged, or there is no cache folder.
pub fn weight_store(folder: &RunFolder) -> Result<WeightStore> {
    let config = config_of_run(folder)?;
    Ok(WeightStore::beside(&cache_dir(&config.cache.dir)?))
}

/// `start.json` last: a folder that has it can be gone on with.
fn write_inputs(folder: &RunFolder, job: &Job, folds: &Folds, start: &Start) -> Result<()> {
    folder.write(names::CONFIG, job.config.to_toml())?;
    folder.write(names::MANIFEST, manifest_csv(&job.patches)?)?;
    folder.write(names::FOLDS, folds.to_json()?)?;
    if !job.skipped.is_empty() {
        folder.write(names::SKIPPED, job.skipped.join("\n") + "\n")?;
    }
    folder.write_json(names::START, start)?;
    Ok(())
}

fn manifest_csv(patches: &Patches) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    patches.manifest().write_csv(&mut bytes)?;
    Ok(bytes)
}

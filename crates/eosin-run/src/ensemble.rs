//! Runs made one: an ensemble is a run.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use eosin_core::Config;
use eosin_core::config::{EnsembleConfig, EnsembleMethod};
use eosin_data::Folds;
use eosin_store::names;
use eosin_train::{MemberRun, check_agreement};

use crate::create::{Finished, Place, begun_with, create};
use crate::event::WatchRun;
use crate::job::Job;
use crate::members::open_member;

/// Which runs become one, and how.
#[derive(Clone, Debug)]
pub struct EnsembleArgs {
    /// Their folders.
    pub runs: Vec<PathBuf>,
    /// How their answers become one.
    pub method: EnsembleMethod,
    /// Where the patches are now; `None`: where they were when the first run began.
    pub data: Option<PathBuf>,
}

/// Combines finished runs on the same patches and folds to one, and writes it as a run.
///
/// # Errors
/// When a run is not finished, or two were not judged alike; when the patches are no longer those
/// that the runs saw; and as [`create`].
pub fn ensemble(args: &EnsembleArgs, place: &Place, watch: &dyn WatchRun) -> Result<Finished> {
    let members = open_all(&args.runs)?;
    let job = job_of(&members, args, watch)?;
    let folds = Folds::from_json(&members[0].folder.read_text(names::FOLDS)?)?;
    drop(members);
    create(&job, &folds, place, watch)
}

/// Opens runs that were judged alike.
///
/// # Errors
/// When one is not finished, or two differ in what they were judged on.
pub(crate) fn open_all(runs: &[PathBuf]) -> Result<Vec<MemberRun>> {
    let members = runs.iter().map(|path| open_member(path));
    let members = members.collect::<Result<Vec<MemberRun>>>()?;
    check_agreement(&members)?;
    Ok(members)
}

/// The job of an ensemble: that of its first member, but for what is trained.
fn job_of(members: &[MemberRun], args: &EnsembleArgs, watch: &dyn WatchRun) -> Result<Job> {
    let first = &members[0];
    let absolute = |path: &PathBuf| std::path::absolute(path);
    let mut config = Config {
        ensemble: EnsembleConfig {
            members: args.runs.iter().map(absolute).collect::<Result<_, _>>()?,
            method: args.method,
        },
        ..first.config.clone()
    };
    if args.method == EnsembleMethod::Concat {
        config.train = eosin_core::config::TrainConfig {
            select: config.train.select,
            doctor: config.train.doctor,
            ..eosin_core::config::TrainConfig::default()
        };
    }
    config.check()?;
    let begun = begun_with(&first.folder)?;
    let data = args.data.as_deref().unwrap_or(&begun.data);
    let job = Job::open(config, data, &begun.hub, watch)?;
    refuse_other_patches(&job, first, data)?;
    Ok(job)
}

/// The patches must be those that the members saw.
fn refuse_other_patches(job: &Job, first: &MemberRun, data: &Path) -> Result<()> {
    let (names, contents) = (job.manifest().hash(), job.patches.content_hash());
    if names != first.record.manifest_hash || contents != first.record.patches_hash {
        bail!(
            "the patches in {} are no longer those that {} was trained on ({} has the list); restore \
             them, or say with '--data' where they are",
            data.display(),
            first.name,
            first.folder.path(names::MANIFEST).display()
        );
    }
    Ok(())
}

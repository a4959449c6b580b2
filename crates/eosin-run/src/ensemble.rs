//! Runs made one: an ensemble is a run.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use eosin_core::config::{
    CalibratorKind, EnsembleConfig, EnsembleMethod, JudgeConfig, TrainConfig,
};
use eosin_core::{Config, Flow, ThresholdRule, Watch, WatchError};
use eosin_data::Folds;
use eosin_ensemble::joined_shares;
use eosin_store::{RunFolder, names};
use eosin_train::{
    Event, FoldOutcome, MemberRun, Run, RunResult, check_agreement, refuse_unjoinable,
    refuse_unlike,
};
use eosin_weights::StateDict;

use crate::create::{Finished, KnownEnsemble, Overwrite, Place, begun_with, create_ensemble};
use crate::ensemble_findings::{EnsembleFindings, SearchLimits};
use crate::event::{RunEvent, WatchRun, tell};
use crate::job::Job;
use crate::members::open_member;

/// Which runs become one, and how.
#[derive(Clone, Debug)]
pub struct EnsembleArgs {
    /// Their folders.
    pub runs: Vec<PathBuf>,
    /// Who chooses.
    pub choice: EnsembleChoice,
    /// Where the patches are now; `None`: where they were when the first run began.
    pub data: Option<PathBuf>,
    /// What calibrates the ensemble; `None`: what calibrates the first run.
    pub calibrate: Option<CalibratorKind>,
    /// How its threshold is chosen; `None`: as the first run's.
    pub threshold: Option<ThresholdRule>,
}

/// Who chooses members and method.
#[derive(Clone, Debug)]
pub enum EnsembleChoice {
    /// All runs, by this method.
    Given(EnsembleMethod),
    /// The best of what is within the limits.
    Searched(SearchLimits),
}

/// An ensemble that has been written.
pub struct Ensembled {
    /// The run.
    pub finished: Finished,
    /// How its members get along, and what a search found.
    pub findings: EnsembleFindings,
}

/// Combines finished runs on the same patches and folds to one, and writes it as a run.
///
/// # Errors
/// When a run is not finished, or two were not judged alike; when the patches are no longer those
/// that the runs saw; when nothing is within the limits; and as [`create`](crate::create()).
pub fn ensemble(args: &EnsembleArgs, place: &Place, watch: &dyn WatchRun) -> Result<Ensembled> {
    let members = open_all(&args.runs)?;
    refuse_own_member(&members, &place.out)?;
    if place.overwrite == Overwrite::Refuse {
        RunFolder::refuse_existing(&place.out)?;
    }
    // Answers are looked at before anything is combined, by whatever combines them.
    let looked = with_members(&members[0], &args.runs, EnsembleMethod::Geometric)?;
    let begun = begun_with(&members[0].folder)?;
    let data = args.data.as_deref().unwrap_or(&begun.data);
    if let EnsembleChoice::Given(method) = args.choice {
        // What cannot be is refused before a patch is read.
        with_members(&members[0], &args.runs, method)?;
        refuse_unjoinable(&members, method)?;
        refuse_unlike(&members, method)?;
    }
    let job = Job::open(looked, data, &begun.hub, watch)?;
    refuse_other_patches(&job, &members[0], data)?;
    let judge = JudgeConfig {
        calibrate: args.calibrate.unwrap_or(job.config.judge.calibrate),
        threshold: args.threshold.unwrap_or(job.config.judge.threshold),
    };
    // What cannot be is refused before anything is searched.
    let decides = Config {
        judge,
        ..job.config.clone()
    };
    decides.check_judge(job.task.classes.len())?;
    let folds = Folds::from_json(&members[0].folder.read_text(names::FOLDS)?)?;
    let (start, cache) = (job.start(watch)?, job.cache()?);
    let pool = job.run(&folds, &start, &cache, None).answers()?;
    let mut solved: Vec<Joined> = Vec::new();
    let findings = match &args.choice {
        EnsembleChoice::Given(method) => {
            EnsembleFindings::of_all(&members, &pool, *method, job.select)?
        }
        EnsembleChoice::Searched(limits) => {
            let mut join = |subset: &[usize]| {
                let config = concat_of(&members, &args.runs, subset)?;
                tell(
                    watch,
                    &RunEvent::Note(&format!(
                        "one head on the embeddings of {}",
                        names_of(&members, subset)
                    )),
                )?;
                let job = job.with_config(config, watch)?;
                let start = job.start(watch)?;
                let run = job.run(&folds, &start, &cache, None);
                let folds = run.run(&Passing { watch })?.folds;
                let first = folds.iter().filter(|fold| fold.rows.id.repeat == 0);
                let logits = first.flat_map(|fold| fold.logits.val.clone()).collect();
                let members = subset.to_vec();
                solved.push(Joined { members, folds });
                Ok(logits)
            };
            let (select, seed) = (job.select, job.config.seed);
            EnsembleFindings::searched(&members, pool, limits, select, seed, &mut join)?
        }
    };
    let runs: Vec<PathBuf> = findings
        .members
        .iter()
        .map(|at| args.runs[*at].clone())
        .collect();
    let mut chosen = with_members(&members[findings.members[0]], &runs, findings.method)?;
    chosen.judge = judge;
    drop(members);
    let job = job.with_config(chosen, watch)?;
    let is_concat = findings.method == EnsembleMethod::Concat;
    let mine = |joined: &&Joined| is_concat && joined.members == findings.members;
    let known = KnownEnsemble {
        findings: &findings,
        solved: solved.iter().find(mine).map(|joined| &*joined.folds),
    };
    let finished = create_ensemble(&job, &folds, place, Some(known), watch)?;
    let findings = finished.folder.read_json(names::ENSEMBLE)?;
    Ok(Ensembled { finished, findings })
}

/// Adds to what was found of an ensemble what each member brings to the head that was solved on all
/// embeddings.
pub(crate) fn keep_joined_shares(
    folder: &RunFolder,
    run: &Run<'_>,
    result: &RunResult,
    watch: &dyn WatchRun,
) -> Result<()> {
    let mut findings: EnsembleFindings = folder.read_json(names::ENSEMBLE)?;
    let said = run.joined_said(&result.folds, &Passing { watch })?;
    let (labels, members) = (&said.labels, &findings.members);
    let shares = joined_shares(labels, &said.sums, members, result.metrics.select)?;
    findings.harmony.joined = Some(shares);
    Ok(folder.write_json(names::ENSEMBLE, &findings)?)
}

/// Passes how far a run without a folder is on to whoever watches; what else is to be said of it, the
/// run that is chosen says.
struct Passing<'a> {
    watch: &'a dyn WatchRun,
}

impl Watch<Event> for Passing<'_> {
    fn event(&self, event: &Event) -> Result<Flow, WatchError> {
        match event {
            Event::Embedding { .. } | Event::Pulse => self.watch.event(&RunEvent::Training(event)),
            _ => Ok(Flow::GoOn),
        }
    }
}

/// One head on the embeddings of some members, solved in a search.
struct Joined {
    members: Vec<usize>,
    folds: Vec<FoldOutcome<StateDict>>,
}

/// An ensemble in the place of its own member would remove what it is made of.
fn refuse_own_member(members: &[MemberRun], out: &Path) -> Result<()> {
    let Ok(real) = std::fs::canonicalize(out) else {
        return Ok(());
    };
    for member in members {
        let own = std::fs::canonicalize(member.folder.dir())?;
        if own == real || own.starts_with(&real) {
            bail!(
                "'--out {}' would replace the member {}; name another folder",
                out.display(),
                member.name
            );
        }
    }
    Ok(())
}

/// The configuration of one head on the embeddings of some members.
fn concat_of(members: &[MemberRun], runs: &[PathBuf], subset: &[usize]) -> Result<Config> {
    let runs: Vec<PathBuf> = subset.iter().map(|at| runs[*at].clone()).collect();
    with_members(&members[subset[0]], &runs, EnsembleMethod::Concat)
}

fn names_of(members: &[MemberRun], subset: &[usize]) -> String {
    let names = subset.iter().map(|at| members[*at].name.as_str());
    names.collect::<Vec<_>>().join(" and ")
}

/// Opens runs that were judged alike.
///
/// # Errors
/// When one is not finished, or two differ in what they were judged on.
pub(crate) fn open_all(runs: &[PathBuf]) -> Result<Vec<MemberRun>> {
    let members = runs.iter().map(|path| open_member(path));
    let members = members.collect::<Result<Vec<MemberRun>>>()?;
    check_agreement(&members)?;
    for member in &members {
        member.verify()?;
    }
    Ok(members)
}

/// The configuration of an ensemble: that of its first member, but for what is trained.
fn with_members(first: &MemberRun, runs: &[PathBuf], method: EnsembleMethod) -> Result<Config> {
    let absolute = |path: &PathBuf| std::path::absolute(path);
    let mut config = Config {
        ensemble: EnsembleConfig {
            members: runs.iter().map(absolute).collect::<Result<_, _>>()?,
            method,
        },
        ..first.config.clone()
    };
    if method == EnsembleMethod::Concat {
        config.train = TrainConfig {
            select: config.train.select,
            doctor: config.train.doctor,
            ..TrainConfig::default()
        };
    }
    config.check()?;
    Ok(config)
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

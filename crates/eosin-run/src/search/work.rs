//! Taking part in a study until it has all its trials.

use std::time::Duration;

use anyhow::{Result, bail};
use eosin_core::{Config, Seed, Stream};
use eosin_data::Folds;
use eosin_search::{Goal, Method, Space, suggest_at_random};
use eosin_store::write_atomic;

use super::args::{Prune, SearchArgs};
use super::default_space::default_space;
use super::evaluator::Evaluator;
use super::findings::{SearchFindings, of_trials};
use super::hold_out::{HeldOut, hold_out};
use super::keys::{differing, refuse_fixed};
use super::pruning::refuse_impossible;
use super::record::StudyRecord;
use super::study::{Study, Taken, now, read_record};
use crate::event::{RunEvent, WatchRun, note, tell};
use crate::job::Job;

/// Trials where nobody says how many.
const USUAL_TRIALS: usize = 100;
/// Time between two looks at trials that are all in others' hands.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Trials that are trained side by side at most.
const TOGETHER: usize = 64;
/// The same where each suggestion follows from what came of others.
const TOGETHER_LEARNING: usize = 8;
/// Values that are tried before the first trial, so that a space that fits nothing is refused.
const PROBED: u64 = 64;
/// File with the winner's configuration.
const WINNER: &str = "winner.toml";

/// A study that has all its trials.
pub struct Searched {
    /// What it came to.
    pub findings: SearchFindings,
    /// The winner, as a job on the study's patches.
    pub winner: Option<Job>,
    /// The study's folds.
    pub folds: Folds,
    /// Trials that this process did.
    pub done_here: usize,
}

/// Takes part in a study, or makes it, until it has all its trials.
///
/// # Errors
/// When the study is another's, a line of it is damaged, the space fits nothing, or what no trial is to
/// blame for goes wrong.
pub fn search(args: SearchArgs, watch: &dyn WatchRun) -> Result<Searched> {
    let plan = Plan::of(&args)?;
    let base = match plan.outer {
        Some(share) => hold_out(args.base, share, watch)?,
        None => args.base,
    };
    let folds = base.split(watch)?;
    refuse_undefined(&plan, &base, &folds)?;
    tell_set_and_searched(&plan.space, &base, watch)?;
    let mut evaluator = Evaluator::new(&base, &folds, watch)?;
    probe_space(&plan.space, &evaluator, watch)?;
    let wanted = plan.record(&base, args.command)?;
    let mut study = Study::join(&args.study, &wanted, &folds, args.grace)?;
    let done_here = work(&mut study, &mut evaluator, plan.trials, watch)?;
    let mut findings = of_trials(&study.record, &study.trials)?;
    let mut winner = None;
    if let (Some(config), Some(trial)) = (&findings.winner_config, findings.winner) {
        write_atomic(study.dir.join(WINNER), config.to_toml().as_bytes())?;
        let job = base.with_config(config.clone(), watch)?;
        if plan.outer.is_some() {
            let metrics = evaluator.held_out(&job, watch)?;
            let held_out = HeldOut::new(trial, study.record.metric, &metrics);
            held_out.write(&study.dir)?;
            findings.held_out = Some(held_out);
        }
        winner = Some(job);
    }
    Ok(Searched {
        findings,
        winner,
        folds,
        done_here,
    })
}

/// Says which keys are set and searched, too: then the space's values count.
fn tell_set_and_searched(space: &Space, base: &Job, watch: &dyn WatchRun) -> Result<()> {
    let set = differing(&Config::default(), &base.config);
    let searched = |key: &String| space.parameters().iter().any(|one| one.key == *key);
    for one in set.into_iter().filter(|one| searched(&one.key)) {
        let text = format!(
            "note: {} is {} here, and it is searched: trials have the values of the space, not this one; \
             give a '--space' without it to keep it",
            one.key,
            one.other.unwrap_or_default()
        );
        note(watch, &text)?;
    }
    Ok(())
}

/// What is to be done: what a study that is there says holds, unless something else is asked for, which
/// is refused when it is joined.
struct Plan {
    space: Space,
    method: Method,
    prune: Prune,
    outer: Option<f64>,
    trials: u64,
}

impl Plan {
    fn of(args: &SearchArgs) -> Result<Self> {
        let known = read_record(&args.study)?;
        let known = known.as_ref();
        let mode = args.base.config.train.mode;
        let space = args
            .space
            .clone()
            .or(known.map(|study| study.space.clone()));
        let space = match space {
            Some(space) => space,
            None => default_space(mode)?,
        };
        let method = args.method.or(known.map(|study| study.method));
        let prune = args.prune.or(known.map(|study| study.prune));
        let plan = Self {
            method: method.unwrap_or(Method::Tpe),
            prune: prune.unwrap_or(Prune::None),
            outer: args.outer.or_else(|| known.and_then(|study| study.outer)),
            trials: count(args.trials, method.unwrap_or(Method::Tpe), &space)?,
            space,
        };
        refuse_fixed(&plan.space)?;
        refuse_impossible(plan.prune, mode, &plan.space)?;
        Ok(plan)
    }

    /// What a study of it says of itself.
    fn record(&self, base: &Job, command: Vec<String>) -> Result<StudyRecord> {
        let metric = base.select;
        Ok(StudyRecord {
            format: StudyRecord::FORMAT,
            eosin_version: env!("CARGO_PKG_VERSION").to_owned(),
            created: now(),
            command,
            data: std::path::absolute(&base.data)?,
            manifest_hash: base.manifest().hash(),
            patches_hash: base.patches.content_hash(),
            method: self.method,
            prune: self.prune,
            metric,
            goal: if metric.higher_is_better() {
                Goal::Maximise
            } else {
                Goal::Minimise
            },
            outer: self.outer,
            space: self.space.clone(),
            base: base.config.clone(),
        })
    }
}

/// Trials are ended early by the folds' values of the metric, which must have one in each.
fn refuse_undefined(plan: &Plan, base: &Job, folds: &Folds) -> Result<()> {
    let by = base.selected_by(folds)?;
    if plan.prune != Prune::None && by != base.select {
        bail!(
            "--prune {} compares folds by {}, which is undefined in some: classes are absent there; \
             leave it out, or search by another '--select'",
            plan.prune,
            base.select
        );
    }
    Ok(())
}

/// How many trials there are to be.
fn count(asked: Option<usize>, method: Method, space: &Space) -> Result<u64> {
    let places = method.trials(space)?;
    let count = match (asked, places) {
        (Some(asked), Some(places)) => asked.min(places),
        (Some(asked), None) => asked,
        (None, places) => places.unwrap_or(USUAL_TRIALS),
    };
    if count == 0 {
        bail!("--trials is 0; it must be 1 or more");
    }
    Ok(count as u64)
}

/// Refuses a space none of whose values go together with the base, and says when some do not.
fn probe_space(space: &Space, evaluator: &Evaluator<'_>, watch: &dyn WatchRun) -> Result<()> {
    let mut problems = Vec::new();
    for number in 0..PROBED {
        let mut rng = Seed(u64::MAX).stream(Stream::Trial, &[number]);
        let assignment = suggest_at_random(space, &mut rng);
        problems.extend(evaluator.config(&assignment).err());
    }
    let failed = problems.len();
    let Some(first) = problems.into_iter().next() else {
        return Ok(());
    };
    if failed as u64 == PROBED {
        return Err(first.context("the space fits nothing that the base has"));
    }
    let text = format!(
        "warning: values of the space do not always go together ({failed} of {PROBED} at random): \
         {first:#}; such trials fail: give the key a 'when'"
    );
    note(watch, &text)
}

/// Does trials until all have ended, whoever does them; returns how many this process did.
fn work(
    study: &mut Study,
    evaluator: &mut Evaluator<'_>,
    trials: u64,
    watch: &dyn WatchRun,
) -> Result<usize> {
    let mut done = 0;
    loop {
        study.refresh()?;
        let ended = (0..trials)
            .filter(|trial| study.trials.has_ended(*trial))
            .count();
        let best = study.trials.best(study.record.goal);
        let best = best.and_then(|best| best.ended.outcome.value());
        tell(
            watch,
            &RunEvent::Trials {
                ended,
                total: usize::try_from(trials)?,
                best,
            },
        )?;
        if ended as u64 == trials {
            return Ok(done);
        }
        let taken = take(study, evaluator, trials, ended as u64)?;
        if taken.is_empty() {
            std::thread::sleep(LOOK_EVERY);
            continue;
        }
        done += taken.len();
        evaluator.evaluate(study, taken, watch)?;
    }
}

/// The next trial that is to be done; where heads can be trained side by side as many as pay off, but
/// not so many that nothing is left to others.
fn take(
    study: &mut Study,
    evaluator: &Evaluator<'_>,
    trials: u64,
    ended: u64,
) -> Result<Vec<Taken>> {
    let Some(first) = study.take(trials)? else {
        return Ok(Vec::new());
    };
    let most = match study.record.method {
        Method::Tpe => TOGETHER_LEARNING,
        Method::Random | Method::Grid => TOGETHER,
    };
    let share = usize::try_from((trials - ended) / 4)?.min(most);
    let mut taken = vec![first];
    while taken.len() < share && evaluator.is_column(&taken[0].assignment) {
        match study.take(trials)? {
            Some(next) => taken.push(next),
            None => break,
        }
    }
    Ok(taken)
}

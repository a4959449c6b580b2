//! A run that was begun, carried out: embedded, trained, judged and written.

use std::time::Instant;

use anyhow::{Context as _, Result};
use eosin_core::config::EnsembleMethod;
use eosin_data::Folds;
use eosin_store::{Checkpoints, RunFolder, WeightStore, names};
use eosin_train::{RunResult, StartingPoint, save_run};

use crate::audit::{Trained, look_in_run};
use crate::create::{Finished, Start};
use crate::decision::{decide_run, decided_task};
use crate::ensemble::keep_joined_shares;
use crate::event::{RunEvent, WatchRun, note, tell};
use crate::job::Job;
use crate::log::RunLog;
use crate::members::keep_members;
use crate::record::{Circumstances, record};
use crate::report;
use crate::slices::{find_slices, keep_slices};
use crate::tensorboard::TensorBoard;
use crate::timings::Timings;

/// A run that was begun, now or before, and all that carrying it out takes.
pub(crate) struct Begun<'a> {
    pub folder: RunFolder,
    pub start: Start,
    pub job: &'a Job,
    pub folds: &'a Folds,
    pub start_from: &'a StartingPoint,
}

impl Begun<'_> {
    /// Embeds and trains what is not finished, judges and writes; where that fails, says what has become
    /// of a run that was to be replaced.
    pub(crate) fn carry_out(self, watch: &dyn WatchRun) -> Result<Finished> {
        let dir = self.folder.dir().to_owned();
        let replaced = self.folder.replaced();
        let finished = self.finish_folds(watch);
        if let (Err(_), Some(aside)) = (&finished, replaced) {
            let text = format!(
                "note: the run that this one was to replace is whole in {}, until 'eosin run --resume {}' has \
                 completed this one",
                aside.display(),
                dir.display()
            );
            // Why it failed is what is to be heard of.
            drop(tell(watch, &RunEvent::Note(&text)));
        }
        finished
    }

    fn finish_folds(self, watch: &dyn WatchRun) -> Result<Finished> {
        let Self {
            folder,
            start,
            job,
            folds,
            start_from,
        } = self;
        let begun = Instant::now();
        let cache = job.cache()?;
        let store = WeightStore::beside(cache.dir());
        keep_weights(&store, start_from)?;
        if let Some(members) = start_from.members() {
            keep_members(&folder, members, &store)?;
        }
        // What checkpoints and finished folds hold is told again, so these begin anew.
        folder.remove(names::EVENTS)?;
        TensorBoard::clear(folder.dir())?;
        let board = start.tensorboard.then(|| TensorBoard::new(folder.dir()));
        tell(
            watch,
            &RunEvent::Begins {
                config: &job.config,
                folds: folds.len(),
            },
        )?;
        let log = RunLog::new(&folder, board, watch)?;
        let run = job.run(folds, start_from, &cache, Some(&folder));
        let result = run.run(&log)?;
        if joins_embeddings(start_from) && folder.has(names::ENSEMBLE) {
            keep_joined_shares(&folder, &run, &result, watch)?;
        }
        if start.tensorboard {
            tell_solved(&mut TensorBoard::new(folder.dir()), &result)?;
        }
        let mut timings = log.finish();
        let trained = Trained {
            run: &run,
            out_of_fold: &result.metrics.out_of_fold,
            other_folds: start.other_folds,
        };
        let pairs = look_in_run(job, &trained, &folder, watch)?;
        let circumstances = Circumstances {
            created: start.created,
            command: start.command,
            patches_hash: start.patches_hash,
        };
        let decided = decide_run(job, folds, &result)?;
        for text in &decided.undone {
            note(watch, &format!("warning: {text}"))?;
        }
        folder.write_json(names::DECISION, &decided)?;
        let mut record = record(job, folds, start_from, &result, circumstances);
        let applied = &decided.applied;
        record.decision = Some(applied.clone()).filter(|applied| !applied.is_usual());
        let task = decided_task(&job.task, applied);
        let rows = &result.predictions;
        let slices = find_slices(&job.patches, folds, &task, rows, job.config.seed)?;
        folder.write_json(names::SLICES, &slices)?;
        save_run(&folder, &record, &task, &result)?;
        timings.total_secs = begun.elapsed().as_secs_f64();
        folder.write_json(names::TIMINGS, &timings)?;
        finish(&folder, job)?;
        Ok(Finished {
            folder,
            record,
            result,
            pairs,
            decided,
            timings,
        })
    }
}

/// Whether it starts from other runs' embeddings, one beside the other.
fn joins_embeddings(start: &StartingPoint) -> bool {
    let members = start.members();
    members.is_some_and(|members| members.method == EnsembleMethod::Concat)
}

/// Folds whose heads were solved have no epochs to write as they end, only what they came to.
fn tell_solved(board: &mut TensorBoard, result: &RunResult) -> Result<()> {
    for fold in &result.folds {
        if let Some(probe) = &fold.probe {
            board.solved(fold.rows.id, probe, &fold.metrics)?;
        }
    }
    Ok(())
}

/// The weights of a file live once, by their hash, wherever the file goes.
fn keep_weights(store: &WeightStore, start_from: &StartingPoint) -> Result<()> {
    if let Ok(backbone) = start_from.network()
        && let Some(path) = &backbone.weights_path
    {
        store.keep(&backbone.weights_hash, path)?;
    }
    Ok(())
}

/// What is left to do when `run.json` is there.
pub(crate) fn finish(folder: &RunFolder, job: &Job) -> Result<()> {
    if !folder.has(names::TIMINGS) {
        folder.write_json(names::TIMINGS, &Timings::default())?;
    }
    keep_slices(folder, job)?;
    report::write(folder, &job.patches, &job.data).context("cannot write the report")?;
    Checkpoints::remove(&folder.path(names::CHECKPOINTS))?;
    Ok(folder.drop_replaced()?)
}

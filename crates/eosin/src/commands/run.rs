//! `eosin run`: the main job.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use anyhow::{Result, bail};
use eosin_data::{Folds, Manifest};
use eosin_store::{Cache, Checkpoints, Existing, Normalisation, RunFolder, RunRecord, names};
use eosin_train::{Event, Experiment, ExperimentResult, PreparedBackbone, save_run};
use serde::Serialize;

use crate::args::{HubArgs, OutArgs, RunArgs};
use crate::interrupt::explain;
use crate::metrics_table::print_metrics;
use crate::output::{note, say, say_json};
use crate::pipeline::Job;
use crate::progress::Progress;
use crate::report;
use crate::settings::{self, cache_dir};
use crate::tell;
use crate::tensorboard::TensorBoard;

/// Inspects, splits, embeds, trains, evaluates and reports.
///
/// # Errors
/// When a stage fails; what earlier stages wrote stays.
pub fn run(args: &RunArgs, json: bool) -> Result<ExitCode> {
    if let Some(dir) = &args.resume {
        return resume(dir, json);
    }
    let job = Job::open(&args.job)?;
    let folds = job.split()?;
    execute(&args.out, &job, &folds, json)
}

/// How long each stage took, in seconds.
#[expect(clippy::struct_field_names, reason = "the unit is part of the name")]
#[derive(Clone, Debug, Default, Serialize, serde::Deserialize)]
pub struct Timings {
    /// Embedding, or decoding for full training.
    pub embed_secs: f64,
    /// Training and judging every fold.
    pub train_secs: f64,
    /// The whole command so far.
    pub total_secs: f64,
}

/// A run that has been written.
pub struct Finished {
    dir: PathBuf,
    folder: RunFolder,
    record: RunRecord,
    /// What came of it.
    pub result: ExperimentResult,
    timings: Timings,
}

/// Everything after the split.
///
/// # Errors
/// As [`run`].
pub fn execute(out: &OutArgs, job: &Job, folds: &Folds, json: bool) -> Result<ExitCode> {
    complete(out, job, folds)?.tell(json)
}

impl Finished {
    fn tell(&self, json: bool) -> Result<ExitCode> {
        let Self {
            dir,
            folder,
            record,
            result,
            timings,
        } = self;
        if json {
            say_json(&serde_json::json!({
                "run": dir, "record": record, "metrics": result.metrics, "timings": timings,
            }))?;
            return Ok(ExitCode::SUCCESS);
        }
        print_result(record, result);
        let [report, model] = [names::REPORT, eosin_train::MODEL].map(|name| folder.path(name));
        say(&format!("report   {}", report.display()));
        say(&format!("model    {}", model.display()));
        say(&format!(
            "predict  eosin predict {} IMAGES...",
            dir.display()
        ));
        Ok(ExitCode::SUCCESS)
    }
}

/// Embeds, trains, judges and writes the run folder.
///
/// # Errors
/// As [`run`].
pub fn complete(out: &OutArgs, job: &Job, folds: &Folds) -> Result<Finished> {
    let created = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let existing = if out.overwrite {
        Existing::Overwrite
    } else {
        Existing::Refuse
    };
    let dir = out
        .out
        .clone()
        .unwrap_or_else(|| default_out("runs", &created));
    // Before the folder is made: a weight file that cannot be used leaves nothing behind.
    let backbone = job.backbone()?;
    let folder = RunFolder::create(&dir, existing)?;
    let start = Start {
        created,
        command: std::env::args().collect(),
        data: std::path::absolute(&job.data)?,
        hub: job.hub.clone(),
        tensorboard: out.tensorboard,
    };
    write_inputs(&folder, job, folds, &start)?;
    go_on(folder, start, job, folds, &backbone)
}

/// How a run was begun: with its configuration, manifest and folds all that going on takes.
#[derive(Debug, Serialize, serde::Deserialize)]
struct Start {
    created: String,
    command: Vec<String>,
    data: PathBuf,
    hub: HubArgs,
    tensorboard: bool,
}

/// Goes on with the run in `dir` from its last checkpoints.
fn resume(dir: &Path, json: bool) -> Result<ExitCode> {
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
    let start: Start = folder.read_json(names::START)?;
    let config = settings::of_run(&folder)?;
    let job = Job::new(config, &start.data, &start.hub)?;
    if manifest_csv(&job.manifest)? != folder.read(names::MANIFEST)? {
        bail!(
            "the patches in {} are no longer those that the run began with ({} has the list); \
             restore them, or begin a new run",
            start.data.display(),
            folder.path(names::MANIFEST).display()
        );
    }
    if folder.has(names::RUN) {
        finish(&folder, &job)?;
        note(&format!(
            "{} is complete: there is nothing to go on with",
            dir.display()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let folds = Folds::from_json(&folder.read_text(names::FOLDS)?)?;
    let backbone = job.backbone()?;
    go_on(folder, start, &job, &folds, &backbone)?.tell(json)
}

/// Embeds and trains, from the last checkpoints where there are any, judges and writes.
fn go_on(
    folder: RunFolder,
    start: Start,
    job: &Job,
    folds: &Folds,
    backbone: &PreparedBackbone,
) -> Result<Finished> {
    let begun = Instant::now();
    let dir = folder.dir().to_owned();
    let cache = Cache::open(
        &cache_dir(&job.config.cache.dir)?,
        job.config.cache.max_bytes,
    )?;
    let checkpoints = Checkpoints::open(folder.path(names::CHECKPOINTS))?;
    let experiment = job.experiment(folds, backbone, &cache, Some(&checkpoints))?;
    // What checkpoints hold is told again, so these begin anew.
    folder.remove(names::EVENTS)?;
    TensorBoard::clear(&dir)?;
    let board = start.tensorboard.then(|| TensorBoard::new(&dir));
    let (result, mut timings) = watch(&experiment, &folder, board)?;
    let record = record(job, folds, backbone, &result, start);
    save_run(&folder, &record, backbone, &result)?;
    timings.total_secs = begun.elapsed().as_secs_f64();
    folder.write_json(names::TIMINGS, &timings)?;
    finish(&folder, job)?;
    Ok(Finished {
        dir,
        folder,
        record,
        result,
        timings,
    })
}

/// What is left to do when `run.json` is there.
fn finish(folder: &RunFolder, job: &Job) -> Result<()> {
    if !folder.has(names::TIMINGS) {
        folder.write_json(names::TIMINGS, &Timings::default())?;
    }
    report::write(folder, &job.manifest, &job.data)?;
    Checkpoints::remove(&folder.path(names::CHECKPOINTS))?;
    Ok(())
}

/// `<parent>/<time>`.
pub fn default_out(parent: &str, created: &str) -> PathBuf {
    PathBuf::from(parent).join(created.replace(':', "-"))
}

/// `start.json` last: a folder that has it can be gone on with.
fn write_inputs(folder: &RunFolder, job: &Job, folds: &Folds, start: &Start) -> Result<()> {
    folder.write(names::CONFIG, job.config.to_toml())?;
    folder.write(names::MANIFEST, manifest_csv(&job.manifest)?)?;
    folder.write(names::FOLDS, folds.to_json()?)?;
    if !job.skipped.is_empty() {
        folder.write(names::SKIPPED, job.skipped.join("\n") + "\n")?;
    }
    folder.write_json(names::START, start)?;
    Ok(())
}

fn manifest_csv(manifest: &Manifest) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    manifest.write_csv(&mut bytes)?;
    Ok(bytes)
}

/// Runs the experiment; events go to the bars, to `events.jsonl` and to TensorBoard's files.
fn watch(
    experiment: &Experiment<'_>,
    folder: &RunFolder,
    mut board: Option<TensorBoard>,
) -> Result<(ExperimentResult, Timings)> {
    let mut log = folder.event_log()?;
    let mut timings = Timings::default();
    let begun = Instant::now();
    let mut embed = Some(Progress::new("embed", "patches"));
    let mut train: Option<Progress> = None;
    let mut failure: Option<anyhow::Error> = None;
    let total = experiment.config.train.epochs * experiment.folds.folds.len();
    let mut epochs = 0;
    let result = experiment.run(&mut |event| match event {
        Event::Cost { .. } => tell::cost(event),
        Event::Precision { precision, effect } => {
            tell::precision(*precision, effect);
            let written = folder.write_json(names::PRECISION, effect);
            failure = failure.take().or(written.map_err(Into::into).err());
        }
        Event::Embedding { done, total } => {
            if let Some(embed) = &mut embed {
                embed.update(*done, *total, "");
            }
        }
        Event::Embedded { found, computed } => {
            timings.embed_secs = begun.elapsed().as_secs_f64();
            if let Some(embed) = embed.take() {
                embed.finish(&format!(
                    "{computed} embeddings computed, {found} found in the cache"
                ));
            }
        }
        Event::Examined { findings } => {
            tell::findings(findings, experiment.config.train.doctor);
            let written = folder.write_json(names::DOCTOR, findings);
            failure = failure.take().or(written.map_err(Into::into).err());
        }
        Event::Step { fold, done, total } => {
            let train = train.get_or_insert_with(|| Progress::new("train", "steps"));
            train.update(*done, *total, &format!("fold {fold}"));
        }
        Event::Epoch {
            repeat,
            fold,
            record,
        } => {
            epochs += 1;
            let metric = record
                .val_metric
                .map_or_else(String::new, |value| format!("{value:.4}"));
            let train = train.get_or_insert_with(|| Progress::new("train", "epochs"));
            train.update(epochs, total, &metric);
            let written = log.append(event).map_err(anyhow::Error::from);
            let drawn = board
                .as_mut()
                .map_or(Ok(()), |board| board.epoch(*repeat, *fold, record));
            failure = failure.take().or(written.and(drawn).err());
        }
    });
    let result = result.map_err(|error| explain(error, Some(folder.dir().to_owned())))?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    if let Some(train) = train {
        train.finish(&format!("{} folds", result.folds.len()));
    }
    timings.train_secs = begun.elapsed().as_secs_f64() - timings.embed_secs;
    Ok((result, timings))
}

fn record(
    job: &Job,
    folds: &Folds,
    backbone: &PreparedBackbone,
    result: &ExperimentResult,
    start: Start,
) -> RunRecord {
    let mode = job.config.backbone.normalise;
    let scales: Vec<Normalisation> = result
        .normalisations
        .iter()
        .map(|scale| Normalisation {
            mode,
            mean: scale.mean,
            std: scale.std,
        })
        .collect();
    RunRecord {
        eosin_version: env!("CARGO_PKG_VERSION").to_owned(),
        created: start.created,
        command: start.command,
        seed: job.config.seed.0,
        manifest_hash: job.manifest.hash(),
        backbone: job.config.backbone.name,
        classifier: backbone.spec.classifier.to_owned(),
        cut: result.cut.clone(),
        precision: job.config.backbone.precision,
        cache_dtype: Some(job.config.cache.dtype),
        weights_hash: backbone.weights_hash.clone(),
        seen_by_weights: result.seen_by_weights,
        classes: job.manifest.classes.clone(),
        positive: job.manifest.classes[job.positive].clone(),
        size_px: job.size_px,
        resized: job.config.data.size_px.is_some(),
        max_side_px: job.config.data.max_side_px,
        resize: job.config.data.resize,
        non_square: job.config.data.non_square,
        normalisation: scales[0],
        fold_normalisation: if scales.len() > 1 { scales } else { Vec::new() },
        repeats: folds.repeats,
        folds: folds.folds.len() / folds.repeats,
        best_repeat: result.folds[result.best_fold].rows.repeat,
        best_fold: result.folds[result.best_fold].rows.fold,
        device: "cpu".to_owned(),
        threads: rayon::current_num_threads(),
    }
}

fn print_result(record: &RunRecord, result: &ExperimentResult) {
    print_metrics(&record.classes, &record.positive, &result.metrics);
    if let Some(warning) = report::seen_warning(record) {
        note(&format!("warning: {warning}"));
    }
    let best = &result.folds[result.best_fold];
    note(&format!(
        "fold {} is the best by {}; epoch {} of {}",
        record.fold_name(best.rows.repeat, best.rows.fold),
        result.metrics.select,
        best.best_epoch + 1,
        best.epochs.len()
    ));
}

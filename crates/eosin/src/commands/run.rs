//! `eosin run`: the main job.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use eosin_core::config::{JudgeConfig, Keep};
use eosin_data::Folds;
use eosin_metrics::Metric;
use eosin_run::{
    Finished, Job, OtherFolds, Overwrite, Place, Resumed, config_of_run, create, seen_warning,
};
use eosin_store::{EnsembleRecord, names};
use eosin_train::{FoldOutcome, ProbeRecord, RunResult};
use eosin_weights::StateDict;

use crate::args::{JobArgs, OutArgs, RunArgs};
use crate::decision_lines::decision_lines;
use crate::interrupt::explain;
use crate::metrics_table::print_metrics;
use crate::output::{note, say, say_json};
use crate::settings;
use crate::tell;
use crate::terminal::Terminal;

/// Inspects, splits, embeds, trains, evaluates and reports.
///
/// # Errors
/// When a stage fails; what earlier stages wrote stays.
pub fn run(args: &RunArgs, json: bool) -> Result<ExitCode> {
    let terminal = Terminal::default();
    if let Some(dir) = &args.resume {
        return resume(dir, &terminal, json);
    }
    let job = open(&args.job, &terminal)?;
    let folds = job.split(&terminal)?;
    execute(&args.out, &job, &folds, &terminal, json)
}

/// The job that `args` describe.
///
/// # Errors
/// When anything cannot be used.
pub fn open(args: &JobArgs, terminal: &Terminal) -> Result<Job> {
    let config = settings::resolve(args)?;
    let job = Job::open(config, args.data(), &args.hub.options(), terminal);
    job.map_err(|error| explain(error, None))
}

/// Everything after the split.
///
/// # Errors
/// As [`run`].
pub fn execute(
    out: &OutArgs,
    job: &Job,
    folds: &Folds,
    terminal: &Terminal,
    json: bool,
) -> Result<ExitCode> {
    let place = Place {
        out: out.out.clone().unwrap_or_else(|| default_out("runs")),
        overwrite: Overwrite::of_flag(out.overwrite),
        tensorboard: out.tensorboard,
        other_folds: OtherFolds::Compare,
        command: std::env::args().collect(),
    };
    show(&complete(&place, job, folds, terminal)?, json)
}

/// Embeds, trains, judges and writes the run folder.
///
/// # Errors
/// As [`run`].
pub fn complete(place: &Place, job: &Job, folds: &Folds, terminal: &Terminal) -> Result<Finished> {
    let finished = create(job, folds, place, terminal);
    let finished = finished.map_err(|error| explain(error, Some(&place.out)))?;
    terminal.end_training();
    Ok(finished)
}

/// `<parent>/<time>`, or with a number behind it where a run of the same second is.
pub fn default_out(parent: &str) -> PathBuf {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let now = now.replace(':', "-");
    let numbered = (2..).map(|number| format!("{now}-{number}"));
    let names = std::iter::once(now.clone()).chain(numbered);
    names
        .map(|name| PathBuf::from(parent).join(name))
        .find(|path| !path.exists())
        .expect("there is no end of numbers")
}

fn resume(dir: &Path, terminal: &Terminal, json: bool) -> Result<ExitCode> {
    let resumed = eosin_run::resume(dir, terminal);
    match resumed.map_err(|error| explain(error, Some(dir)))? {
        Resumed::Complete => {
            note(&format!(
                "{} is complete: there is nothing to go on with",
                dir.display()
            ));
            Ok(ExitCode::SUCCESS)
        }
        Resumed::Finished(finished) => {
            terminal.end_training();
            show(&finished, json)
        }
    }
}

/// The strengths that the folds chose.
fn chosen(result: &RunResult) -> String {
    let mut counts: Vec<(&ProbeRecord, usize)> = Vec::new();
    for probe in result.folds.iter().filter_map(|fold| fold.probe.as_ref()) {
        let same = |(other, _): &&mut (&ProbeRecord, usize)| {
            other.strength.to_bits() == probe.strength.to_bits()
        };
        match counts.iter_mut().find(same) {
            Some((_, count)) => *count += 1,
            None => counts.push((probe, 1)),
        }
    }
    counts.sort_by(|a, b| a.0.strength.total_cmp(&b.0.strength));
    let words = |(probe, count): &(&ProbeRecord, usize)| {
        format!("{} in {count} folds", tell::strength(probe))
    };
    counts.iter().map(words).collect::<Vec<_>>().join(", ")
}

/// Which epoch a fold kept, and why that one.
fn epoch_kept(fold: &FoldOutcome<StateDict>, keep: Keep, select: Metric) -> String {
    let why = match keep {
        Keep::Last => String::new(),
        Keep::Inner => format!(", the best by {select} on a fifth of its training part"),
        Keep::Best => format!(", the best by {select} on its own validation part"),
    };
    format!(
        "epoch {} of {} is kept{why}",
        fold.kept_epoch + 1,
        fold.epochs.len()
    )
}

/// Prints what came of a run.
///
/// # Errors
/// When it has no JSON form.
pub fn show(finished: &Finished, json: bool) -> Result<ExitCode> {
    let Finished {
        folder,
        record,
        result,
        pairs,
        decided,
        timings,
    } = finished;
    let dir = folder.dir();
    if json {
        let mut told = serde_json::json!({
            "run": dir, "record": record, "metrics": result.metrics, "timings": timings,
        });
        if decided.asked != JudgeConfig::default() {
            told["threshold"] = serde_json::to_value(decided.asked_threshold())?;
            told["calibration"] = serde_json::to_value(decided.of_kind(decided.asked.calibrate))?;
        }
        say_json(&told)?;
        return Ok(ExitCode::SUCCESS);
    }
    print_metrics(&record.classes, &record.positive, &result.metrics);
    for line in decision_lines(decided) {
        say(&line);
    }
    if let Some(warning) = seen_warning(record) {
        note(&format!("warning: {warning}"));
    }
    if let Some(text) = pairs.text() {
        note(&format!("warning: {text}"));
    }
    if let Some(text) = pairs.of_other_folds() {
        note(&format!("note: {text}"));
    }
    let best = &result.folds[result.best_fold];
    let kept = if let Some(probe) = &best.probe {
        format!("; {}", tell::strength(probe))
    } else if best.combiner.is_some() || best.epochs.is_empty() {
        String::new()
    } else {
        let keep = config_of_run(folder)?.train.keep;
        format!("; {}", epoch_kept(best, keep, result.metrics.select))
    };
    note(&format!(
        "fold {} is the best by {}{kept}",
        record.fold_name(best.rows.id),
        result.metrics.select,
    ));
    let strength = best.probe.as_ref().and_then(|probe| probe.head.strength());
    if result.folds.len() > 1 && strength.is_some() {
        note(&chosen(result));
    }
    let dir = dir.display();
    say(&format!(
        "report   {}",
        folder.path(names::REPORT).display()
    ));
    if record.embeddings().is_some() {
        say(&format!("predict  eosin predict {dir} --embeddings FILE"));
        return Ok(ExitCode::SUCCESS);
    }
    let of = record.ensemble();
    if of.is_some_and(|of| of.members.iter().all(|member| member.on_embeddings)) {
        say(&format!("predict  eosin predict {dir} --embeddings FILE"));
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(member) = of.and_then(EnsembleRecord::on_embeddings) {
        note(&format!(
            "it predicts no images: the member {} was trained on embeddings that were made elsewhere",
            member.name
        ));
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("predict  eosin predict {dir} IMAGES..."));
    if record.network().is_some() {
        say(&format!("export   eosin export {dir} --out model.onnx"));
    }
    Ok(ExitCode::SUCCESS)
}

//! `eosin evaluate`: metrics and report again, from a run's predictions.

use std::process::ExitCode;

use anyhow::Result;
use eosin_store::{Existing, RunFolder, RunRecord, names};
use eosin_train::{RunMetrics, evaluate, predictions_from_csv};

use crate::args::EvaluateArgs;
use crate::output::{note, say_json};
use crate::report;

/// Recomputes `metrics.json` and prints it; says so when it differs from what the run had.
///
/// # Errors
/// When the folder is no run or a file in it is damaged.
pub fn run(args: &EvaluateArgs, json: bool) -> Result<ExitCode> {
    RunFolder::open(&args.run)?;
    let folder = RunFolder::create(&args.run, Existing::Resume)?;
    let record: RunRecord = folder.record()?;
    let before: RunMetrics = folder.read_json(names::METRICS)?;
    let path = folder.path(names::PREDICTIONS);
    let rows = predictions_from_csv(&path, &folder.read(names::PREDICTIONS)?, &record.classes)?;
    let positive = report::positive(&record)?;
    let metrics = evaluate(&rows, record.classes.len(), positive, before.select)?;
    // As text: read back, a number of JSON may differ in its last digit.
    if serde_json::to_string_pretty(&metrics)? != folder.read_text(names::METRICS)?.trim_end() {
        note("metrics.json did not agree with predictions.csv; it has been replaced");
        folder.write_json(names::METRICS, &metrics)?;
    }
    if json {
        say_json(&metrics)?;
    } else {
        report::print_metrics(&record.classes, &record.positive, &metrics);
    }
    Ok(ExitCode::SUCCESS)
}

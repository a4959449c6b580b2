//! `eosin evaluate`: a run's metrics again, from its predictions.

use std::process::ExitCode;

use anyhow::Result;
use eosin_run::{config_of_run, task_of};
use eosin_store::{Existing, RunFolder, RunRecord, names};
use eosin_train::{evaluate, held_predictions};

use crate::args::EvaluateArgs;
use crate::metrics_table::print_metrics;
use crate::output::{note, say_json};

/// Recomputes `metrics.json` and prints it; says so when it differs from what the run had.
///
/// # Errors
/// When the folder is no run or a file in it is damaged.
pub fn run(args: &EvaluateArgs, json: bool) -> Result<ExitCode> {
    RunFolder::open(&args.run)?;
    let folder = RunFolder::create(&args.run, Existing::Resume)?;
    let record: RunRecord = folder.record()?;
    let config = config_of_run(&folder)?;
    let rows = held_predictions(&folder, &record)?;
    let metrics = evaluate(&rows, &task_of(&record)?, config.train.select.parse()?)?;
    // As text: read back, a number of JSON may differ in its last digit.
    let before = folder.read_text(names::METRICS).unwrap_or_default();
    if serde_json::to_string_pretty(&metrics)? != before.trim_end() {
        note("metrics.json did not agree with predictions.csv; it has been replaced");
        folder.write_json(names::METRICS, &metrics)?;
    }
    if json {
        say_json(&metrics)?;
    } else {
        print_metrics(&record.classes, &record.positive, &metrics);
    }
    Ok(ExitCode::SUCCESS)
}

//! `eosin train`: trains on folds made before.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use eosin_data::Folds;

use crate::args::TrainArgs;
use crate::commands::run::{execute, open};
use crate::terminal::Terminal;

/// Trains, judges and reports, on the folds of a file.
///
/// # Errors
/// When the folds do not fit the data, or a stage fails.
pub fn run(args: &TrainArgs, json: bool) -> Result<ExitCode> {
    let path = args.split.display();
    let text = std::fs::read_to_string(&args.split)
        .with_context(|| format!("cannot read folds {path}; make them with 'eosin split'"))?;
    let folds = Folds::from_json(&text)
        .with_context(|| format!("{path} is no folds.json; make it with 'eosin split'"))?;
    let terminal = Terminal::default();
    let job = open(&args.job, &terminal)?;
    folds
        .validate(job.manifest())
        .with_context(|| format!("{path} does not fit the data"))?;
    execute(&args.out, &job, &folds, &terminal, json)
}

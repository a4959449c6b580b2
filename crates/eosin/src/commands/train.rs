//! `eosin train`: trains on folds made before.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use eosin_data::Folds;

use crate::args::TrainArgs;
use crate::commands::run::{execute, open};
use crate::settings;
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
    let asked = settings::resolve(&args.job)?.split.folds;
    if let Some(asked) = asked.filter(|asked| *asked != folds.k) {
        bail!(
            "'--folds {asked}' was given, but {path} divides into {}; leave out '--folds', or divide \
             anew with 'eosin split --folds {asked}'",
            folds.k
        );
    }
    let mut job = open(&args.job, &terminal)?;
    job.config.split.folds = folds.method.is_whole().then_some(folds.k);
    folds
        .validate(job.manifest())
        .with_context(|| format!("{path} does not fit the data"))?;
    execute(&args.out, &job, &folds, &terminal, json)
}

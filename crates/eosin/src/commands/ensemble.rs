//! `eosin ensemble`: several runs made one.

use std::process::ExitCode;

use anyhow::Result;
use eosin_core::config::EnsembleMethod;
use eosin_run::{Overwrite, Place, ensemble};

use crate::args::EnsembleArgs;
use crate::commands::run::show;
use crate::interrupt::explain;
use crate::terminal::Terminal;

/// Combines runs and writes the ensemble as a run.
///
/// # Errors
/// When a run cannot be a member, or a stage fails.
pub fn run(args: &EnsembleArgs, json: bool) -> Result<ExitCode> {
    let terminal = Terminal::default();
    let place = Place {
        out: args.out.clone(),
        overwrite: if args.overwrite {
            Overwrite::Replace
        } else {
            Overwrite::Refuse
        },
        tensorboard: false,
        command: std::env::args().collect(),
    };
    let asked = eosin_run::EnsembleArgs {
        runs: args.runs.clone(),
        method: args.method.unwrap_or(EnsembleMethod::Geometric),
        data: args.data.clone(),
    };
    let finished = ensemble(&asked, &place, &terminal);
    let finished = finished.map_err(|error| explain(error, None))?;
    terminal.end_training();
    show(&finished, json)
}

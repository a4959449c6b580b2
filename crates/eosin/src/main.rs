//! The command line of eosin: arguments are parsed, one command runs, its result goes to stdout.

mod args;
mod commands;
mod half_precision;
mod metrics_table;
mod named_weights;
mod output;
mod pipeline;
mod progress;
mod report;
mod score_files;
mod settings;
mod tensorboard;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Args;
use crate::output::print_error;

/// Exit codes: 0 done, 1 ran but a gate failed, 2 error, 130 interrupted (by the signal itself).
fn main() -> ExitCode {
    let args = Args::parse();
    match commands::run(args) {
        Ok(code) => code,
        Err(error) => {
            print_error(&error);
            ExitCode::from(2)
        }
    }
}

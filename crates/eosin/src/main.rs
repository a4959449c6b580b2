//! The command line of eosin: arguments are parsed, one command runs, its result goes to stdout.

mod args;
mod commands;
mod decision_lines;
mod gate;
mod interrupt;
mod look;
mod metrics_table;
mod output;
mod prediction_rows;
mod progress;
mod score_files;
mod settings;
mod sheet;
mod slice_tables;
mod tell;
mod terminal;

use std::process::ExitCode;

use crate::args::Args;
use crate::interrupt::Interrupted;
use crate::output::{note, print_error};

/// Exit codes: 0 done, 1 ran but a gate failed, 2 error, 130 interrupted.
fn main() -> ExitCode {
    let args = Args::parse_all(std::env::args_os()).unwrap_or_else(|error| error.exit());
    match commands::run(args) {
        Ok(code) => code,
        Err(error) => {
            if let Some(interrupted) = error.downcast_ref::<Interrupted>() {
                note(&interrupted.to_string());
                return ExitCode::from(interrupt::EXIT_CODE);
            }
            print_error(&error);
            ExitCode::from(2)
        }
    }
}

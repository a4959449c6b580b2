//! `eosin split`: patches to `folds.json`.

use std::process::ExitCode;

use anyhow::Result;
use eosin_run::{Overwrite, check_out_file};
use eosin_store::write_atomic;

use crate::args::SplitArgs;
use crate::commands::run::open;
use crate::output::{note, say, say_table};
use crate::terminal::Terminal;

/// Divides the patches and writes the folds.
///
/// # Errors
/// When the file is there already, the patches cannot be divided so, or the file cannot be written.
pub fn run(args: &SplitArgs, json: bool) -> Result<ExitCode> {
    check_out_file(&args.out, Overwrite::of_flag(args.overwrite))?;
    let terminal = Terminal::default();
    let job = open(&args.job, &terminal)?;
    let folds = job.split(&terminal)?;
    let text = folds.to_json()?;
    write_atomic(&args.out, text.as_bytes())?;
    if json {
        say(&text);
    } else {
        let mut rows = Vec::new();
        for fold in folds.resolve(job.manifest())? {
            let count = |rows: &[usize]| {
                let classes = job.manifest().class_counts_of(rows.iter().copied());
                classes
                    .iter()
                    .map(usize::to_string)
                    .collect::<Vec<_>>()
                    .join(" + ")
            };
            let name = fold.id.stem();
            rows.push(vec![name, count(&fold.train), count(&fold.val)]);
        }
        let classes = job.manifest().classes.join(" + ");
        let (train, val) = (format!("train ({classes})"), format!("val ({classes})"));
        say_table(&["fold", &train, &val], rows);
        note(&format!("written to {}", args.out.display()));
    }
    Ok(ExitCode::SUCCESS)
}

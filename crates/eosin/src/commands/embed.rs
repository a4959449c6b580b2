//! `eosin embed`: fills the cache.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::JobArgs;
use crate::commands::run::open;
use crate::interrupt::explain;
use crate::output::{say, say_json};
use crate::terminal::Terminal;

/// Computes what the cache lacks.
///
/// # Errors
/// When a patch, the weights or the cache cannot be used.
pub fn run(args: &JobArgs, json: bool) -> Result<ExitCode> {
    let terminal = Terminal::default();
    let job = open(args, &terminal)?;
    let folds = job.split(&terminal)?;
    let cache = job.cache()?;
    let backbone = job.backbone(&terminal)?;
    terminal.listen()?;
    let count = job
        .run(&folds, &backbone, &cache, None)
        .embed(&terminal)
        .map_err(|error| explain(error.into(), None))?;
    let dir = cache.dir();
    if json {
        say_json(&serde_json::json!({
            "computed": count.computed, "found": count.found, "cache": dir,
        }))?;
    } else {
        say(&format!(
            "{} embeddings in {}",
            count.computed + count.found,
            dir.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

//! `eosin embed`: fills the cache.

use std::process::ExitCode;

use anyhow::Result;
use eosin_store::Cache;
use eosin_train::Event;

use crate::args::JobArgs;
use crate::interrupt::explain;
use crate::output::{say, say_json};
use crate::pipeline::Job;
use crate::progress::Progress;
use crate::settings::cache_dir;
use crate::tell;

/// Computes what the cache lacks.
///
/// # Errors
/// When a patch, the weights or the cache cannot be used.
pub fn run(args: &JobArgs, json: bool) -> Result<ExitCode> {
    let job = Job::open(args)?;
    let folds = job.split()?;
    let dir = cache_dir(&job.config.cache.dir)?;
    let cache = Cache::open(&dir, job.config.cache.max_bytes)?;
    let backbone = job.backbone()?;
    let experiment = job.experiment(&folds, &backbone, &cache, None)?;
    let mut progress = Progress::new("embed", "patches");
    let count = experiment.embed(&mut |event| match event {
        Event::Embedding { done, total } => progress.update(*done, *total, ""),
        Event::Cost { .. } => tell::cost(event),
        Event::Precision { precision, effect } => tell::precision(*precision, effect),
        _ => {}
    });
    let count = count.map_err(|error| explain(error, None))?;
    progress.finish(&format!(
        "{} computed, {} found",
        count.computed, count.found
    ));
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

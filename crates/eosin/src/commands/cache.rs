//! `eosin cache`: list, verify, prune.

use std::process::ExitCode;

use anyhow::Result;
use eosin_run::cache_dir;
use eosin_store::Cache;
use eosin_store::cache::Prune;

use crate::args::{CacheArgs, CacheCommand};
use crate::output::{bytes, say, say_json, say_table};

fn open(args: &CacheArgs) -> Result<Cache> {
    let dir = cache_dir(args.cache.as_deref().unwrap_or_default())?;
    Ok(Cache::open(&dir, u64::MAX)?)
}

/// Runs a cache command; `verify` exits with 1 when something is damaged.
///
/// # Errors
/// When the cache cannot be read.
pub fn run(command: &CacheCommand, json: bool) -> Result<ExitCode> {
    match command {
        CacheCommand::Ls(args) => list(&open(args)?, json),
        CacheCommand::Verify(args) => verify(&open(args)?, json),
        CacheCommand::Prune {
            cache, max_bytes, ..
        } => {
            let how = max_bytes.map_or(Prune::All, Prune::ToBytes);
            prune(&open(cache)?, how, json)
        }
    }
}

fn list(cache: &Cache, json: bool) -> Result<ExitCode> {
    let entries = cache.list()?;
    if json {
        say_json(&serde_json::json!({ "entries": entries }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |entry: &eosin_store::cache::EntryInfo| {
        let recipe = entry.recipe.as_ref();
        let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        vec![
            entry.id.clone(),
            text(recipe.map(|recipe| recipe.backbone.to_string())),
            text(recipe.map(|recipe| recipe.cut.clone())),
            entry
                .records
                .map_or_else(|| "-".to_owned(), |count| count.to_string()),
            bytes(entry.bytes),
        ]
    };
    let rows = entries.iter().map(row).collect();
    say_table(&["entry", "backbone", "cut", "views", "size"], rows);
    let total = entries.iter().map(|entry| entry.bytes).sum();
    say(&format!("{} in {}", bytes(total), cache.dir().display()));
    Ok(ExitCode::SUCCESS)
}

fn verify(cache: &Cache, json: bool) -> Result<ExitCode> {
    let reports = cache.verify()?;
    let sound = reports
        .iter()
        .all(eosin_store::cache::VerifyReport::is_whole);
    if json {
        say_json(&serde_json::json!({ "entries": reports }))?;
    } else {
        let row = |report: &eosin_store::cache::VerifyReport| {
            vec![
                report.id.clone(),
                report.good.to_string(),
                report.damaged.to_string(),
                report.problem.clone().unwrap_or_default(),
            ]
        };
        let rows = reports.iter().map(row).collect();
        say_table(&["entry", "sound", "damaged", "problem"], rows);
        if !sound {
            say("damaged embeddings are never used: the next run computes them again");
        }
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn prune(cache: &Cache, how: Prune, json: bool) -> Result<ExitCode> {
    let evicted = cache.prune(how)?;
    if json {
        say_json(&evicted)?;
    } else {
        let freed = evicted.removed.iter().map(|entry| entry.bytes).sum();
        say(&format!(
            "removed {} entries, {}",
            evicted.removed.len(),
            bytes(freed)
        ));
        if !evicted.in_use.is_empty() {
            say(&format!(
                "{} entries are in use and stay",
                evicted.in_use.len()
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

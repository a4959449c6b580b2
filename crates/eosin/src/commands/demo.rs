//! `eosin demo`: the main job on a synthetic set.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use eosin_core::Seed;
use eosin_data::PhantomOptions;

use crate::args::{Args, Command, DemoArgs};
use crate::commands;
use crate::output::note;

/// Makes the patches and runs the job on them, in one folder.
///
/// # Errors
/// When the folder is not empty or a stage fails.
pub fn run(args: &DemoArgs, json: bool) -> Result<ExitCode> {
    let folder = match &args.out {
        Some(folder) => folder.clone(),
        None => fresh_folder()?,
    };
    let (data, out, cache) = (
        folder.join("patches"),
        folder.join("run"),
        folder.join("cache"),
    );
    note(&format!("demo in {}", folder.display()));
    let options = PhantomOptions {
        seed: Seed(args.seed),
        ..PhantomOptions::default()
    };
    commands::phantom::write(&data, &options)?;
    let seed = args.seed.to_string();
    let typed = ["eosin", "run", "--folds", "6", "--seed", &seed].map(std::ffi::OsStr::new);
    let named = [("--data", &data), ("--out", &out), ("--cache", &cache)];
    let typed = typed.into_iter().chain(
        named
            .iter()
            .flat_map(|(flag, path)| [std::ffi::OsStr::new(flag), path.as_os_str()]),
    );
    let Command::Run(args) = Args::parse_all(typed)?.command else {
        bail!("the demo's own command line is not 'run'");
    };
    commands::run::run(&args, json)
}

/// A new folder of its own in the temporary folder.
fn fresh_folder() -> Result<PathBuf> {
    let id = std::process::id();
    let folder = (0..1000)
        .map(|number| std::env::temp_dir().join(format!("eosin-demo-{id}-{number}")))
        .find(|folder| !folder.exists())
        .context("the temporary folder is full of demos; name another with '--out'")?;
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

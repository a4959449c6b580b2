//! What can be typed behind `eosin search`.

use std::path::PathBuf;

use clap::Subcommand;
use eosin_run::Prune;
use eosin_search::Method;

use super::JobArgs;

/// `eosin search`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct SearchJobArgs {
    /// What else to do with a study.
    #[command(subcommand)]
    pub command: Option<SearchCommand>,
    /// The base: what is not searched.
    #[command(flatten)]
    pub job: JobArgs,
    /// The study.
    #[command(flatten)]
    pub study: StudyArgs,
}

/// `eosin search show` and its like.
#[derive(Debug, Subcommand)]
pub enum SearchCommand {
    /// Show what a study came to so far.
    Show(SearchShowArgs),
}

/// `eosin search show`.
#[derive(Debug, clap::Args)]
pub struct SearchShowArgs {
    /// The study's folder.
    pub study: PathBuf,
    /// Also suggest every trial again, and say whether it follows from the seed and the results that it
    /// names.
    #[arg(long)]
    pub replay: bool,
    /// Also write the study as a journal of Optuna 5, which `optuna-dashboard FILE` opens; a file that is
    /// there is replaced with '--overwrite' only.
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// Replace the file that '--export' names.
    #[arg(long, requires = "export")]
    pub overwrite: bool,
}

/// The study that `eosin search` takes part in.
#[derive(Debug, clap::Args)]
pub struct StudyArgs {
    /// The study's folder; it is made where there is none. Give the command again to go on, or at the
    /// same time to work in several processes, also of several machines that share the folder.
    #[arg(long, value_name = "DIR", required = true)]
    pub study: Option<PathBuf>,
    /// Trials in all, those of other processes and of before among them; default: the whole grid, or
    /// 100.
    #[arg(long, value_name = "N")]
    pub trials: Option<usize>,
    /// What is searched, TOML, such as `train.strength = { float = [1e-4, 100.0], log = true }`;
    /// default: what is usual for the mode.
    #[arg(long, value_name = "FILE")]
    pub space: Option<PathBuf>,
    /// How: tpe (default), random, grid.
    #[arg(long, value_name = "NAME")]
    pub method: Option<Method>,
    /// How trials that promise nothing are ended early: none (default), folds, halving, hyperband.
    #[arg(long, value_name = "NAME")]
    pub prune: Option<Prune>,
    /// Share of the training patches that no trial sees, and that the winner is judged on in the end.
    #[arg(long, value_name = "SHARE")]
    pub outer: Option<f64>,
    /// Also write the winner as a run into this folder.
    #[arg(long, value_name = "RUN")]
    pub out: Option<PathBuf>,
    /// Replace the run that the folder holds.
    #[arg(long, requires = "out")]
    pub overwrite: bool,
    /// Seconds without a sign of life after which a process of another machine counts as dead; one of
    /// this machine is known to be.
    #[arg(long, value_name = "SECS", default_value_t = 60.0, value_parser = seconds)]
    pub grace: f64,
}

/// Seconds, of which there must be some.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(secs) if (1.0..=1e6).contains(&secs) => Ok(secs),
        _ => Err("it must be from 1 to 1e6".to_owned()),
    }
}

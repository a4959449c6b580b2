//! One file a command.

mod ablate;
mod audit;
mod augment;
mod cache;
mod compare;
mod demo;
mod embed;
mod ensemble;
mod evaluate;
mod explain;
mod export;
mod export_beside;
mod export_subject;
mod inspect;
mod models;
mod pack;
mod phantom;
mod predict;
mod predict_embeddings;
mod report;
mod robustness;
pub mod run;
mod score;
mod search;
mod serve;
mod split;
mod stain;
mod submit;
mod train;
mod weights;

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::args::{Args, Command};

/// Runs the command that was typed.
///
/// # Errors
/// Those of the command.
pub fn run(args: Args) -> Result<ExitCode> {
    if let Some(threads) = args.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build_global().context("cannot start threads")?;
    }
    let json = args.json;
    match args.command {
        Command::Demo(args) => demo::run(&args, json),
        Command::Phantom(args) => phantom::run(&args, json),
        Command::Run(args) => run::run(&args, json),
        Command::Inspect(args) => inspect::run(&args, json),
        Command::Split(args) => split::run(&args, json),
        Command::Embed(args) => embed::run(&args, json),
        Command::Train(args) => train::run(&args, json),
        Command::Audit(args) => audit::run(&args, json),
        Command::Augment(args) => augment::run(&args, json),
        Command::Stain(args) => stain::run(&args, json),
        Command::Ablate(args) => ablate::run(&args, json),
        Command::Search(args) => search::run(&args, json),
        Command::Ensemble(args) => ensemble::run(&args, json),
        Command::Explain(args) => explain::run(&args, json),
        Command::Robustness(args) => robustness::run(&args, json),
        Command::Evaluate(args) => evaluate::run(&args, json),
        Command::Compare(args) => compare::run(&args, json),
        Command::Report(args) => report::run(&args, json),
        Command::Predict(args) => predict::run(&args, json),
        Command::Export(args) => export::run(&args, json),
        Command::Pack(args) => pack::run(&args, json),
        Command::Serve(args) => serve::run(&args, json),
        Command::Score(args) => score::run(&args, json),
        Command::Submit(command) => submit::run(&command, json),
        Command::Models(args) => models::run(&args, json),
        Command::Weights(command) => weights::run(&command, json),
        Command::Cache(command) => cache::run(&command, json),
    }
}

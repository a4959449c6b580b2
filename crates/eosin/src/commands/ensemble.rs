//! `eosin ensemble`: several runs made one.

use std::process::ExitCode;

use anyhow::Result;
use eosin_core::config::EnsembleMethod;
use eosin_run::{
    EnsembleChoice, EnsembleFindings, Ensembled, OtherFolds, Overwrite, Place, SearchLimits,
    ensemble,
};

use crate::args::EnsembleArgs;
use crate::commands::run::show;
use crate::interrupt::explain;
use crate::output::{note, say, say_json};
use crate::terminal::Terminal;

/// Candidates that are listed.
const LISTED: usize = 8;

/// Combines runs and writes the ensemble as a run.
///
/// # Errors
/// When a run cannot be a member, nothing is within the limits, or a stage fails.
pub fn run(args: &EnsembleArgs, json: bool) -> Result<ExitCode> {
    let terminal = Terminal::default();
    let place = Place {
        out: args.out.clone(),
        overwrite: Overwrite::of_flag(args.overwrite),
        tensorboard: false,
        other_folds: OtherFolds::Leave,
        command: std::env::args().collect(),
    };
    let choice = match args.method {
        Some(method) => EnsembleChoice::Given(method),
        None => EnsembleChoice::Searched(SearchLimits {
            max_members: args.max_members,
            max_bytes: Some(args.max_bytes),
            max_ms: args.max_ms,
        }),
    };
    let asked = eosin_run::EnsembleArgs {
        runs: args.runs.clone(),
        choice,
        data: args.data.clone(),
        calibrate: args.calibrate,
        threshold: args.threshold,
    };
    let made = ensemble(&asked, &place, &terminal);
    let Ensembled { finished, findings } = made.map_err(|error| explain(error, None))?;
    terminal.end_training();
    if json {
        say_json(&serde_json::json!({
            "run": finished.folder.dir(), "record": finished.record,
            "metrics": finished.result.metrics, "timings": finished.timings,
            "ensemble": findings,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    list(&findings);
    if findings.method == EnsembleMethod::GreedySoup {
        for fold in &finished.result.folds {
            let name = finished.record.fold_name(fold.rows.id);
            say(&format!("fold {name}: {}", fold.soup.join(" + ")));
        }
    }
    show(&finished, json)
}

/// The best candidates, and what each member brings.
fn list(findings: &EnsembleFindings) {
    let title = findings.harmony.select.title();
    let ranking = findings.ranking();
    if !ranking.is_empty() {
        say(&format!("{title}   MB      ms a patch  members, method"));
    }
    for candidate in ranking.iter().take(LISTED) {
        let method = match candidate.members.len() {
            1 => "alone".to_owned(),
            _ => candidate.method.to_string(),
        };
        say(&format!(
            "{}  {:<7.1} {:<11.1} {}, {method}",
            shown(candidate.score),
            candidate.bytes as f64 / 1e6,
            candidate.ms,
            findings.shown(&candidate.members),
        ));
    }
    for sentence in findings.sentences() {
        note(&sentence);
    }
    for share in &findings.harmony.shares {
        say(&format!(
            "{}  alone {}, all gain {} by it, Shapley share {}",
            findings.names[share.member],
            shown(share.score),
            shown(share.leave_one_out),
            shown(share.shapley)
        ));
    }
    for share in findings
        .harmony
        .joined
        .iter()
        .flat_map(|joined| &joined.shares)
    {
        say(&format!(
            "{} in the one head  alone {}, lost without it {}, Shapley share {}",
            findings.names[share.member],
            shown(share.score),
            shown(share.leave_one_out),
            shown(share.shapley)
        ));
    }
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "undefined".to_owned(), |value| format!("{value:.4}"))
}

//! `eosin search`: many configurations, by several processes at once.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use eosin_run::{
    HeldOut, OtherFolds, Outcome, Overwrite, Place, SearchArgs, SearchFindings, Searched, TrialRow,
    check_out_file, create, export_journal, findings, replay, search,
};
use eosin_search::Space;

use crate::args::{SearchCommand, SearchJobArgs, SearchShowArgs, StudyArgs};
use crate::commands::run::{open, show as show_run};
use crate::interrupt::explain_study;
use crate::output::{note, say, say_json, say_table, short};
use crate::terminal::Terminal;

/// Trials that are listed.
const LISTED: usize = 10;

/// Searches, or shows a study.
///
/// # Errors
/// When the study is another's or damaged, or what no trial is to blame for goes wrong.
pub fn run(args: &SearchJobArgs, json: bool) -> Result<ExitCode> {
    match &args.command {
        Some(SearchCommand::Show(args)) => show(args, json),
        None => run_study(args, json),
    }
}

fn run_study(args: &SearchJobArgs, json: bool) -> Result<ExitCode> {
    let StudyArgs {
        study,
        trials,
        space,
        ..
    } = &args.study;
    let study = study.as_deref().context("'--study' names no folder")?;
    let space = space.as_deref().map(read_space).transpose()?;
    let terminal = Terminal::default();
    let base = open(&args.job, &terminal)?;
    terminal.listen()?;
    let asked = SearchArgs {
        base,
        study: study.to_owned(),
        trials: *trials,
        space,
        method: args.study.method,
        prune: args.study.prune,
        outer: args.study.outer,
        grace: Duration::from_secs_f64(args.study.grace),
        command: std::env::args().collect(),
    };
    let searched = search(asked, &terminal).map_err(|error| explain_study(error, study))?;
    terminal.end_training();
    if json {
        say_json(&serde_json::json!({
            "study": study, "done_here": searched.done_here, "findings": searched.findings,
        }))?;
    } else {
        print(&searched.findings);
    }
    write_winner(args, &searched, &terminal, json)
}

/// Writes the winner as a run, where one was asked for.
fn write_winner(
    args: &SearchJobArgs,
    searched: &Searched,
    terminal: &Terminal,
    json: bool,
) -> Result<ExitCode> {
    let study = args.study.study.as_deref().unwrap_or(Path::new("."));
    let (Some(winner), Some(out)) = (&searched.winner, &args.study.out) else {
        if searched.winner.is_some() {
            let (data, study) = (args.job.data().display(), study.display());
            say_unless(
                json,
                &format!("winner   eosin run --data {data} --config {study}/winner.toml"),
            );
        }
        return Ok(ExitCode::SUCCESS);
    };
    let place = Place {
        out: out.clone(),
        overwrite: Overwrite::of_flag(args.study.overwrite),
        tensorboard: false,
        other_folds: OtherFolds::Compare,
        command: std::env::args().collect(),
    };
    let finished = create(winner, &searched.folds, &place, terminal)?;
    terminal.end_training();
    if json {
        return Ok(ExitCode::SUCCESS);
    }
    show_run(&finished, json)
}

fn say_unless(json: bool, line: &str) {
    if !json {
        say(line);
    }
}

fn read_space(path: &Path) -> Result<Space> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the space {}", path.display()))?;
    Space::from_toml(&text).with_context(|| format!("in {}", path.display()))
}

fn show(args: &SearchShowArgs, json: bool) -> Result<ExitCode> {
    let findings = findings(&args.study)?;
    if let Some(out) = &args.export {
        check_out_file(out, Overwrite::of_flag(args.overwrite))?;
        export_journal(&args.study, out)?;
        note(&format!("written: {}", out.display()));
    }
    let replayed = args.replay.then(|| replay(&args.study)).transpose()?;
    if json {
        say_json(&serde_json::json!({
            "study": args.study, "findings": findings, "replayed": replayed,
        }))?;
    } else {
        print(&findings);
    }
    let Some(replayed) = replayed else {
        return Ok(ExitCode::SUCCESS);
    };
    if replayed.other.is_empty() {
        note(&format!(
            "all {} suggestions follow from the seed and the results that they name",
            replayed.same
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let others: Vec<String> = replayed.other.iter().map(ToString::to_string).collect();
    note(&format!(
        "the suggestions of trials {} do not follow from the seed and the results that they name",
        others.join(", ")
    ));
    Ok(ExitCode::from(1))
}

fn print(findings: &SearchFindings) {
    let SearchFindings {
        metric,
        goal,
        complete,
        pruned,
        failed,
        ..
    } = findings;
    let mut rows: Vec<&TrialRow> = findings.trials.iter().collect();
    let loss = |row: &TrialRow| match row.outcome.score() {
        Some(score) => goal.loss(score.value),
        None => f64::INFINITY,
    };
    rows.sort_by(|one, other| loss(one).total_cmp(&loss(other)));
    let shown = rows.into_iter().take(LISTED).map(row);
    let value = format!("{}, mean over folds", metric.title());
    say_table(&["trial", &value, "seconds", "values"], shown.collect());
    say(&format!(
        "trials trained to the end: {complete}, ended early: {pruned}, failed: {failed}"
    ));
    if *failed > 0
        && let Some(problem) = first_problem(findings)
    {
        note(&format!("the first that failed: {problem}"));
    }
    if findings.winner.is_none() {
        note("no trial has a value");
        return;
    }
    print_winner(findings);
}

fn print_winner(findings: &SearchFindings) {
    let number = findings.winner.unwrap_or_default();
    let none = || "not set".to_owned();
    if findings.changed.is_empty() {
        say(&format!(
            "trial {number} is the best; it is the base itself"
        ));
    }
    for (at, changed) in findings.changed.iter().enumerate() {
        let lead = if at == 0 {
            format!("trial {number} is the best; it changed ")
        } else {
            "  and ".to_owned()
        };
        let [base, winner] =
            [&changed.base, &changed.winner].map(|v| v.clone().unwrap_or_else(none));
        say(&format!("{lead}{} from {base} to {winner}", changed.key));
    }
    let shares = findings.importances.iter().filter(|one| one.share > 0.0);
    let shares: Vec<String> = shares
        .map(|one| format!("{} {:.0} %", one.key, 100.0 * one.share))
        .collect();
    if !shares.is_empty() {
        say(&format!("what mattered (PED-ANOVA): {}", shares.join(", ")));
    }
    if let Some(score) = &findings.honest {
        say(&format!(
            "{} of the best, mean over folds: {:.4}; chosen without each fold and judged on it, of {} \
             trials: {:.4} [{:.4}, {:.4}]",
            findings.metric.title(),
            score.chosen,
            score.trials,
            score.honest,
            score.ci_low,
            score.ci_high
        ));
    }
    if let Some(held_out) = &findings.held_out {
        print_held_out(held_out);
    }
}

fn print_held_out(held_out: &HeldOut) {
    let interval = held_out.interval.map_or_else(String::new, |interval| {
        format!(" [{:.4}, {:.4}]", interval.ci_low, interval.ci_high)
    });
    let value = held_out.value.map_or_else(
        || "undefined".to_owned(),
        |value| format!("{value:.4}{interval}"),
    );
    say(&format!(
        "{} of the best on the {} patches that no trial saw: {value}",
        held_out.metric.title(),
        held_out.patches
    ));
}

fn first_problem(findings: &SearchFindings) -> Option<&str> {
    findings.trials.iter().find_map(|row| match &row.outcome {
        Outcome::Failed { problem } => Some(problem.as_str()),
        Outcome::Complete(_) | Outcome::Pruned { .. } => None,
    })
}

fn row(row: &TrialRow) -> Vec<String> {
    let value = match &row.outcome {
        Outcome::Complete(score) => format!("{:.4}", score.value),
        Outcome::Pruned { predicted, .. } => format!("({predicted:.4})"),
        Outcome::Failed { .. } => "failed".to_owned(),
    };
    let values: Vec<String> = row
        .assignment
        .iter()
        .map(|(key, value)| match value {
            eosin_search::Value::Float(number) => format!("{key} {}", short(*number)),
            value => format!("{key} {value}"),
        })
        .collect();
    vec![
        row.number.to_string(),
        value,
        format!("{:.1}", row.secs),
        values.join(", "),
    ]
}

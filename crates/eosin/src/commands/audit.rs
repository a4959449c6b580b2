//! `eosin audit`: whom to trust.

use std::process::ExitCode;

use anyhow::{Result, bail};
use eosin_run::{AuditOut, AuditRecord, Overwrite, PairRecord, audit};

use crate::args::AuditArgs;
use crate::commands::run::{default_out, open};
use crate::interrupt::explain;
use crate::output::{note, say, say_json, say_table};
use crate::terminal::Terminal;

/// Pairs that the table shows.
const PAIRS_SHOWN: usize = 20;

/// Looks for copies and overlaps, and with a run for wrong labels.
///
/// # Errors
/// When a patch, the weights or the run cannot be used, or the folder not be written.
pub fn run(args: &AuditArgs, json: bool) -> Result<ExitCode> {
    refuse_ignored(args)?;
    let dir = args.out.clone().unwrap_or_else(|| default_out("audits"));
    let out = AuditOut::new(&dir, args.job.data(), Overwrite::of_flag(args.overwrite))?;
    let terminal = Terminal::default();
    let job = open(&args.job, &terminal)?;
    terminal.listen()?;
    let wanted = eosin_run::AuditArgs {
        run: args.run.clone(),
    };
    let found = audit(&job, &wanted, &terminal);
    terminal.end_bar();
    let found = found.map_err(|error| explain(error, None))?;
    let files = out.write(&found)?;
    if json {
        say_json(&found.record)?;
    } else {
        show(&found.record);
    }
    let names: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    note(&format!("written to {}", names.join(", ")));
    Ok(ExitCode::SUCCESS)
}

/// The folds of a run are what it was judged by.
fn refuse_ignored(args: &AuditArgs) -> Result<()> {
    let (Some(run), job) = (&args.run, &args.job) else {
        return Ok(());
    };
    let asked = [
        ("--folds", job.folds.is_some()),
        ("--group", job.group.is_some()),
        ("--seed", job.seed.is_some()),
    ];
    if let Some((flag, _)) = asked.into_iter().find(|(_, given)| *given) {
        bail!(
            "'{flag}' says how patches are divided, and with '--run' the folds of {} count; leave one of \
             the two out",
            run.display()
        );
    }
    Ok(())
}

fn show(record: &AuditRecord) {
    let shown = record.pairs.len().min(PAIRS_SHOWN);
    if shown > 0 {
        let header = [
            "a",
            "b",
            "what",
            "symmetry",
            "offset",
            "confidence",
            "across",
            "labels",
        ];
        say_table(&header, record.pairs[..shown].iter().map(row).collect());
    }
    let more = record.pairs.len() - shown;
    if more > 0 {
        say(&format!(
            "and {more} more pairs, all in audit.json and the first in audit.html"
        ));
    }
    let counts = &record.counts;
    say(&format!(
        "{} patches: {} copies, {} near-copies, {} overlaps; {} of these pairs across the test part, {} \
         across folds, {} with labels that differ",
        record.patches,
        counts.copies,
        counts.near_copies,
        counts.overlaps,
        counts.across_test,
        counts.across_folds,
        counts.labels_differ
    ));
    if let Some(labels) = &record.labels {
        say(&format!(
            "labels: {} of {} are contradicted by {}, about {} are wrong by confident learning",
            labels.ranked.len(),
            labels.patches,
            labels.run.display(),
            labels.estimated
        ));
    }
    if let Some(shortcuts) = &record.shortcuts {
        let score = |score: Option<eosin_run::Probed>| {
            score.map_or_else(|| "-".to_owned(), |score| format!("{:.3}", score.auroc))
        };
        let facts = shortcuts.facts.iter().map(|fact| {
            let near = if fact.warning { "near the model" } else { "" };
            vec![fact.name.clone(), score(fact.score), near.to_owned()]
        });
        let model = vec![
            shortcuts.model.clone(),
            score(shortcuts.model_score),
            String::new(),
        ];
        say_table(
            &["told apart by", "AUROC", ""],
            facts.chain([model]).collect(),
        );
    }
}

fn row(pair: &PairRecord) -> Vec<String> {
    let [x, y] = pair.offset_px;
    vec![
        pair.a.clone(),
        pair.b.clone(),
        pair.kind.as_str().to_owned(),
        pair.symmetry.clone(),
        format!("{x:.0}, {y:.0}"),
        format!("{:.3}", pair.confidence),
        pair.across.join(", "),
        if pair.labels_differ { "differ" } else { "" }.to_owned(),
    ]
}

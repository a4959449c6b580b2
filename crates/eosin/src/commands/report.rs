//! `eosin report`: the report of a finished run again.

use std::process::ExitCode;

use anyhow::{Result, bail};
use eosin_run::{Browser, Overwrite, ReportAsked, ReportMade, report};

use crate::args::ReportArgs;
use crate::output::{bytes, note, say, say_json};
use crate::terminal::Terminal;

/// Writes the report and the model card, and prints the report where that is asked for.
///
/// # Errors
/// When it is no finished run, the patches that were named are others, there is no browser, or a file cannot
/// be written.
pub fn run(args: &ReportArgs, json: bool) -> Result<ExitCode> {
    // Before any work: whoever has no browser need not wait to hear of it.
    let browser = args.pdf.then(Browser::find).transpose()?;
    let intended_use = args.intended_use.as_deref().map(str::trim);
    if intended_use.is_some_and(str::is_empty) {
        bail!("'--intended-use' is empty; say what the model is for, or leave the flag out");
    }
    let terminal = Terminal::default();
    let made = report(
        &eosin_run::ReportArgs {
            run: args.run.clone(),
            data: args.data.clone(),
            asked: ReportAsked {
                intended_use: intended_use.map(str::to_owned),
                prevalence: args.prevalence,
            },
            out: args.out.clone(),
            overwrite: Overwrite::of_flag(args.overwrite),
            print: browser,
        },
        &terminal,
    );
    terminal.end_bar();
    let made = made?;
    for text in &made.notes {
        note(&format!("note: {text}"));
    }
    if json {
        say_json(&json_of(&made))?;
    } else {
        show(&made);
    }
    Ok(ExitCode::SUCCESS)
}

fn show(made: &ReportMade) {
    say(&format!("{}: {}", made.html.display(), bytes(made.bytes)));
    say(&format!("{}: the model card", made.card.display()));
    if let Some(pdf) = &made.pdf {
        say(&format!("{}: printed", pdf.display()));
    }
    for share in &made.checklists {
        say(&format!(
            "{}: {} of {} items answered ({} in part), {} not applicable, {} left for the author",
            share.name,
            share.answered,
            share.items,
            share.in_part,
            share.not_applicable,
            share.author
        ));
    }
}

fn json_of(made: &ReportMade) -> serde_json::Value {
    let share = |share: &eosin_run::ChecklistShare| {
        serde_json::json!({
            "name": share.name, "items": share.items, "answered": share.answered, "in_part": share.in_part,
            "not_applicable": share.not_applicable, "author": share.author,
        })
    };
    serde_json::json!({
        "report": made.html, "bytes": made.bytes, "model_card": made.card, "pdf": made.pdf,
        "checklists": made.checklists.iter().map(share).collect::<Vec<_>>(), "notes": made.notes,
    })
}

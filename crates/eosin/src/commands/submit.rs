//! `eosin submit`: submissions to a contest.

use std::process::ExitCode;

use anyhow::Result;
use eosin_core::bytes_in_words;
use eosin_run::{
    MadeSubmission, Overwrite, PlannedSubmission, RuleChanges, SubmissionPlan, check_out_file,
    make_submission, plan_submissions, record_score,
};

use crate::args::{MakeSubmissionArgs, SubmitCommand};
use crate::output::{note, say, say_json, say_table};

/// Plans, makes or notes.
///
/// # Errors
/// Those of [`plan_submissions`], [`make_submission`] and [`record_score`].
pub fn run(command: &SubmitCommand, json: bool) -> Result<ExitCode> {
    match command {
        SubmitCommand::Plan { runs, ledger } => {
            let plan = plan_submissions(ledger, runs)?;
            if json {
                say_json(&plan)?;
            } else {
                show(&plan);
            }
        }
        SubmitCommand::Make(args) => make(args, json)?,
        SubmitCommand::Record {
            submission,
            score,
            ledger,
            overwrite,
        } => {
            let overwrite = Overwrite::of_flag(*overwrite);
            let returned = record_score(ledger, *submission, *score, overwrite)?;
            if json {
                say_json(&returned)?;
            } else {
                let before = returned
                    .before
                    .map_or_else(String::new, |before| format!(" in place of {before}"));
                say(&format!(
                    "submission {submission} ({}): {} {score}{before}",
                    returned.run,
                    returned.metric.title()
                ));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn make(args: &MakeSubmissionArgs, json: bool) -> Result<()> {
    if let Some(out) = &args.out {
        check_out_file(out, Overwrite::of_flag(args.overwrite))?;
    }
    let changes = RuleChanges {
        metric: args.metric,
        quota: args.quota,
        quota_secs: args.quota_secs,
        max_bytes: args.max_bytes,
    };
    let made = make_submission(&args.run, &args.ledger, args.out.as_deref(), &changes)?;
    if json {
        return say_json(&made);
    }
    let MadeSubmission {
        submission,
        file,
        bytes,
        rules,
        next_allowed,
    } = &made;
    say(&format!(
        "submission {}: {} lines of {} in {} (BLAKE3 {}), weights {} of {}",
        submission.number,
        submission.patches,
        submission.run.name,
        file.display(),
        &submission.lines_blake3[..16],
        bytes_in_words(*bytes),
        bytes_in_words(rules.max_bytes)
    ));
    let next = next_allowed.as_deref().unwrap_or("now");
    note(&format!(
        "next submission allowed: {next}. When its {} is known: 'eosin submit record {} SCORE --ledger {}'",
        rules.metric.title(),
        submission.number,
        args.ledger.display()
    ));
    Ok(())
}

fn show(plan: &SubmissionPlan) {
    let title = plan.rules.metric.title();
    let out_of_fold = format!("{title} out of fold");
    let header = [
        "run",
        "submission",
        &out_of_fold,
        "returned",
        "expected",
        "expected gain",
        "weights",
    ];
    say_table(&header, plan.all.iter().map(row).collect());
    for sentence in sentences(plan) {
        say(&sentence);
    }
    for text in &plan.notes {
        note(&format!("note: {text}"));
    }
}

fn row(one: &PlannedSubmission) -> Vec<String> {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let prospect = &one.prospect;
    let expected = one.returned.is_none().then(|| {
        format!(
            "{:.4} [{:.4}, {:.4}]",
            prospect.expected, prospect.ci_low, prospect.ci_high
        )
    });
    vec![
        one.run.clone(),
        or_dash(one.number.map(|number| number.to_string())),
        format!(
            "{:.4} [{:.4}, {:.4}]",
            one.out_of_fold, one.interval.ci_low, one.interval.ci_high
        ),
        or_dash(one.returned.map(|score| score.to_string())),
        or_dash(expected),
        or_dash(prospect.gain.map(|gain| format!("{gain:.5}"))),
        bytes_in_words(one.bytes),
    ]
}

fn sentences(plan: &SubmissionPlan) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(over) = &plan.over_fit {
        let best = &plan.all[over.best];
        let count = plan.all.iter().filter(|one| one.returned.is_some()).count();
        all.push(format!(
            "The best score that came back, {} of submission {}, is expected to be {:.5} [{:.5}, {:.5}] above \
             what other patches like those of the test set would give ({:.4}); were all {count} submissions \
             worth the same, the best would be {:.5} above.",
            over.returned,
            best.number.unwrap_or_default(),
            over.excess,
            over.ci_low,
            over.ci_high,
            over.expected,
            over.if_all_were_equal
        ));
    }
    for one in plan.all.iter().filter(|one| one.number.is_none()) {
        if let Some(why) = &one.refused {
            all.push(format!("Not {}: {why}.", one.run));
        }
    }
    let when = match &plan.next_allowed {
        None => "now".to_owned(),
        Some(time) => format!("from {time} on"),
    };
    all.push(match plan.next.map(|at| &plan.all[at]) {
        Some(next) => {
            let why = match next.prospect.gain {
                Some(gain) => format!("its expected gain is the largest, {gain:.5}"),
                None => format!(
                    "its expected score is the largest, {:.4}",
                    next.prospect.expected
                ),
            };
            format!("Next, allowed {when}: {} ({why}).", next.run)
        }
        None => format!("No run that was named can be submitted; the next is allowed {when}."),
    });
    all
}

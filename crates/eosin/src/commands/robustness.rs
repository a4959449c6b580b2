//! `eosin robustness`: a run's score on patches that are stained, blurred, compressed, lit or scaled otherwise.

use std::process::ExitCode;

use anyhow::Result;
use eosin_core::Seed;
use eosin_metrics::Metric;
use eosin_run::{RobustnessArgs as Wanted, RobustnessRecord, ShiftRecord, robustness};

use crate::args::RobustnessArgs;
use crate::output::{note, say, say_json, say_table};
use crate::progress::Progress;

/// Measures, writes `robustness.json` and prints it.
///
/// # Errors
/// When the run or its patches cannot be used.
pub fn run(args: &RobustnessArgs, json: bool) -> Result<ExitCode> {
    let wanted = Wanted {
        run: args.run.clone(),
        data: args.data.clone(),
        patches: args.patches,
        seed: args.seed.map(Seed),
    };
    let mut progress = Progress::new("shifts", "shifts");
    let mut told = |done, all| {
        progress.update(done, all, "");
        Ok(())
    };
    let found = robustness(&wanted, &mut told)?;
    progress.finish(&format!("{} shifts", found.record.shifts.len()));
    if json {
        say_json(&found.record)?;
    } else {
        show(&found.record);
    }
    if let Some(why) = &found.not_reported {
        note(&format!("note: report.html was not made anew: {why}"));
    }
    Ok(ExitCode::SUCCESS)
}

fn show(record: &RobustnessRecord) {
    let mut metrics = vec![record.select];
    let more = [Metric::Auroc, Metric::Accuracy];
    metrics.extend(more.into_iter().filter(|metric| *metric != record.select));
    let mut header = vec!["shift", "answers changed"];
    header.extend(metrics.iter().map(|metric| metric.title()));
    let row = |shift: &ShiftRecord| {
        let interval = shift.changed_interval.map_or_else(String::new, |of| {
            format!(" [{:.3}, {:.3}]", of.ci_low, of.ci_high)
        });
        let mut row = vec![
            shift.name.clone(),
            format!("{:.3}{interval}", shift.changed_share),
        ];
        let of = |metric: &Metric| {
            let found = shift.of(*metric);
            found.map_or_else(|| "undefined".to_owned(), eosin_run::MetricShift::text)
        };
        row.extend(metrics.iter().map(of));
        row
    };
    say_table(&header, record.shifts.iter().map(row).collect());
    for sentence in record.sentences() {
        say(&sentence);
    }
}

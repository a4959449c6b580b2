//! `eosin compare`: finished runs against the first of them.

use std::process::ExitCode;

use anyhow::Result;
use eosin_metrics::{Interval, Metric};
use eosin_run::{
    Comparison, Estimate, MetricDifference, Overwrite, PartComparison, RunDifference, TestKind,
    check_out_file, compare,
};
use eosin_store::write_atomic;
use eosin_train::Verdict;

use crate::args::CompareArgs;
use crate::metrics_table::predictive_words;
use crate::output::{note, say, say_json, say_table};

/// Compares, prints, and writes all of it where it is to be written.
///
/// # Errors
/// When runs cannot be compared, or the file cannot be written.
pub fn run(args: &CompareArgs, json: bool) -> Result<ExitCode> {
    if let Some(out) = &args.out {
        check_out_file(out, Overwrite::of_flag(args.overwrite))?;
    }
    let comparison = compare(&eosin_run::CompareArgs {
        runs: args.runs.clone(),
        prevalence: args.prevalence,
    })?;
    if let Some(out) = &args.out {
        write_atomic(out, &serde_json::to_vec_pretty(&comparison)?)?;
    }
    if json {
        say_json(&comparison)?;
    } else {
        for part in &comparison.parts {
            show(part, &comparison);
        }
    }
    for text in &comparison.notes {
        note(&format!("note: {text}"));
    }
    Ok(ExitCode::SUCCESS)
}

fn show(part: &PartComparison, comparison: &Comparison) {
    say(&format!(
        "{}: {} patches; intervals and tests by {} ({})",
        part.part,
        part.patches,
        part.by,
        part.by.counted(part.groups as u64)
    ));
    for difference in &part.differences {
        table(part, difference, comparison);
        for sentence in sentences(part, difference, comparison) {
            say(&sentence);
        }
    }
    for run in &part.runs {
        if let Some(at) = &run.at_prevalence {
            say(&format!("{}: {}", run.run, predictive_words(at)));
        }
    }
    say("");
}

fn table(part: &PartComparison, difference: &RunDifference, comparison: &Comparison) {
    let adjusted = part.differences.len() > 1;
    let holm = format!("p of {} (Holm)", part.differences.len());
    let (base, run) = (comparison.base.as_str(), difference.run.as_str());
    let mut header = vec!["metric", base, run, "difference", "p"];
    header.extend(adjusted.then_some(holm.as_str()));
    header.push("than the base");
    let of_run = |name: &str, metric: Metric| {
        let run = part.runs.iter().find(|run| run.run == name);
        run.and_then(|run| run.metrics.get(&metric)).copied()
    };
    let row = |metric: &Metric| {
        let found = difference.metrics.get(metric)?;
        let mut row = vec![metric.title().to_owned()];
        row.extend([base, run].map(|name| shown(&of_run(name, *metric).unwrap_or_default())));
        row.push(signed(&found.estimate));
        row.push(chance(found.p));
        row.extend(adjusted.then(|| chance(found.p_holm)));
        row.push(verdict(found).to_owned());
        Some(row)
    };
    say_table(&header, Metric::ALL.iter().filter_map(row).collect());
}

const fn verdict(of: &MetricDifference) -> &'static str {
    match of.verdict {
        Verdict::Helps => "better",
        Verdict::Hurts => "worse",
        Verdict::CannotTell => "cannot tell",
    }
}

fn sentences(part: &PartComparison, of: &RunDifference, comparison: &Comparison) -> Vec<String> {
    let (base, run, unit) = (&comparison.base, &of.run, part.by);
    let mut all = Vec::new();
    let is_delong = |of: &MetricDifference| of.test == Some(TestKind::DeLong);
    let tests = if of.metrics.values().any(is_delong) {
        "p of AUROC: DeLong's paired test; the others: exchange of what both say"
    } else {
        "p: exchange of what both say"
    };
    all.push(format!(
        "{tests}, by {unit}. Intervals of differences: 95 %."
    ));
    if let (Some(right), Some(mcnemar)) = (&of.right, &of.mcnemar) {
        let than = match right.difference {
            0 => format!("{run} is right on as many patches as {base}"),
            more @ 1.. => format!("{run} is right on {} than {base}", patches(more, "more")),
            fewer => format!("{run} is right on {} than {base}", patches(-fewer, "fewer")),
        };
        let told = right.told_from.map_or_else(
            || format!("of one {unit} no difference can be told from chance"),
            |least| format!("by {unit}, these patches cannot tell differences below {least}"),
        );
        all.push(format!(
            "{than} ({} won, {} lost); {told}. McNemar's exact p {}, which takes patches for independent.",
            mcnemar.won,
            mcnemar.lost,
            chance(Some(mcnemar.p))
        ));
    }
    if let Some(test) = of.folds.get(&comparison.select) {
        all.push(format!(
            "Over {:.0} folds: {} {:+.4}, corrected resampled t {:.2}, p {}.",
            test.df + 1.0,
            comparison.select.title(),
            test.mean,
            test.statistic,
            chance(Some(test.p))
        ));
    }
    all
}

/// `1 patch more`, `12 patches more`.
fn patches(count: i64, word: &str) -> String {
    match count {
        1 => format!("1 patch {word}"),
        count => format!("{count} patches {word}"),
    }
}

fn shown(estimate: &Estimate) -> String {
    match estimate.value {
        None => "undefined".to_owned(),
        Some(value) => format!("{value:.4} {}", bounds(estimate.interval()))
            .trim_end()
            .to_owned(),
    }
}

fn signed(estimate: &Estimate) -> String {
    let Some(value) = estimate.value else {
        return "undefined".to_owned();
    };
    let bounds = estimate
        .interval()
        .map(|interval| format!(" [{:+.4}, {:+.4}]", interval.ci_low, interval.ci_high));
    format!("{value:+.4}{}", bounds.unwrap_or_default())
}

fn bounds(interval: Option<Interval>) -> String {
    interval.map_or_else(String::new, |interval| {
        format!("[{:.4}, {:.4}]", interval.ci_low, interval.ci_high)
    })
}

/// A p-value: three digits, or how small it is.
fn chance(p: Option<f64>) -> String {
    match p {
        None => "-".to_owned(),
        Some(p) if p < 0.0005 => "< 0.0005".to_owned(),
        Some(p) => format!("{p:.3}"),
    }
}

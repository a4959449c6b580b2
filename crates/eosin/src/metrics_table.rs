//! A run's metrics as a table in the terminal.

use eosin_metrics::{Metric, MetricSet, PredictiveValues, Share};
use eosin_train::RunMetrics;

use crate::output::{say, say_table};

/// The metrics printed in the terminal.
const PRINTED: [Metric; 12] = [
    Metric::Auroc,
    Metric::Auprc,
    Metric::Accuracy,
    Metric::BalancedAccuracy,
    Metric::Recall,
    Metric::Specificity,
    Metric::Precision,
    Metric::Npv,
    Metric::F1,
    Metric::Mcc,
    Metric::Khd,
    Metric::LogLoss,
];

/// Prints the table of a run's metrics.
pub fn print_metrics(classes: &[String], positive: &str, metrics: &RunMetrics) {
    let mut header = vec!["metric".to_owned(), "folds".to_owned()];
    header.extend(match metrics.out_of_fold.len() {
        1 => vec!["out-of-fold".to_owned()],
        repeats => (0..repeats)
            .map(|n| format!("out-of-fold, repeat {n}"))
            .collect(),
    });
    if metrics.test_average.is_some() {
        header.extend(["test, fold average", "test, best fold"].map(str::to_owned));
    }
    let row = |metric: Metric| {
        let folds = &metrics.across_folds[&metric];
        let folds = match (folds.mean, folds.sd) {
            (Some(mean), Some(sd)) => format!("{mean:.4} ± {sd:.4}"),
            (Some(mean), None) => format!("{mean:.4}"),
            _ => "undefined".to_owned(),
        };
        let folds = match metrics.across_folds[&metric].undefined {
            0 => folds,
            count if count == metrics.folds.len() => folds,
            count => format!("{folds} (undefined in {count} of {})", metrics.folds.len()),
        };
        let mut row = vec![metric.title().to_owned(), folds];
        let sets = metrics.out_of_fold.iter().chain(&metrics.test_average);
        row.extend(sets.chain(&metrics.test_best).map(|set| cell(set, metric)));
        row
    };
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    say_table(&header, PRINTED.into_iter().map(row).collect());
    if let Some(one_view) = &metrics.one_view {
        let gain = |sets: &[MetricSet], set: &MetricSet| {
            let before = sets.first().and_then(|set| set.auroc);
            let pair = before.zip(set.auroc);
            pair.map(|(before, after)| format!("{before:.4} -> {after:.4}"))
        };
        let text = metrics
            .out_of_fold
            .first()
            .and_then(|set| gain(&one_view.out_of_fold, set));
        if let Some(text) = text {
            say(&format!(
                "out-of-fold AUROC, one view of a patch -> all views: {text}"
            ));
        }
    }
    if classes.len() == 2 {
        say(&format!("positive class: {positive}"));
    }
    let test = metrics.test_average.as_ref();
    for (part, set) in [("out-of-fold", metrics.out_of_fold.first()), ("test", test)] {
        if let Some(basis) = set.and_then(|set| set.intervals_by.as_ref()) {
            say(&format!("{part}: {}", basis.note()));
        }
    }
}

/// `0.9123 [0.9001, 0.9240]`
fn cell(set: &MetricSet, metric: Metric) -> String {
    let value = set
        .get(metric)
        .map_or_else(|| "undefined".to_owned(), |v| format!("{v:.4}"));
    match set.interval(metric) {
        Some(interval) => format!("{value} [{:.4}, {:.4}]", interval.ci_low, interval.ci_high),
        None => value,
    }
}

/// `at a prevalence of 0.05: PPV 0.3214 [0.2000, 0.4500], NPV ...`
pub fn predictive_words(at: &PredictiveValues) -> String {
    let share = |share: Option<Share>| {
        share.map_or_else(
            || "undefined".to_owned(),
            |Share { value, interval }| {
                format!(
                    "{value:.4} [{:.4}, {:.4}]",
                    interval.ci_low, interval.ci_high
                )
            },
        )
    };
    let (ppv, npv) = (share(at.ppv), share(at.npv));
    format!("at a prevalence of {}: PPV {ppv}, NPV {npv}", at.prevalence)
}

//! The folds: their metrics and learning curves.

use eosin_metrics::{Metric, summarise};

use crate::html::{Table, escape, section};
use crate::model::{FoldReport, Report};
use crate::numbers;
use crate::plots::{learning_of_fold, learning_overview};

/// Every metric of every fold.
pub(crate) fn folds(report: &Report) -> String {
    if report.folds.is_empty() {
        return String::new();
    }
    let kept = report.strength.as_deref().unwrap_or("epoch");
    let mut head: Vec<String> = ["fold", "train", "val", kept].map(str::to_owned).to_vec();
    head.extend(Metric::ALL.iter().map(|metric| match metric {
        Metric::Recall => "Recall".to_owned(),
        _ => metric.title().to_owned(),
    }));
    let mut table = Table::new("Validation metrics of each fold", head);
    for (place, fold) in report.folds.iter().enumerate() {
        let star = if report.best_fold == Some(place) {
            " <b class=\"best\" title=\"the best fold\">best</b>"
        } else {
            ""
        };
        let mut cells = vec![
            format!("{}{star}", escape(&fold.name)),
            numbers::count(fold.train_count),
            numbers::count(fold.metrics.count),
            match fold.strength {
                Some(c) => format!("{c:.2e}"),
                None => fold.kept_epoch.to_string(),
            },
        ];
        cells.extend(
            Metric::ALL
                .iter()
                .map(|&metric| numbers::value(fold.metrics.get(metric))),
        );
        table.row(cells);
    }
    let summaries: Vec<_> = Metric::ALL
        .iter()
        .map(|&metric| summarise(report.folds.iter().map(|fold| fold.metrics.get(metric))))
        .collect();
    let blank = || vec![String::new(); 3];
    let row = |name: &str, values: Vec<Option<f64>>| {
        let mut cells = vec![name.to_owned()];
        cells.extend(blank());
        cells.extend(values.into_iter().map(numbers::value));
        cells
    };
    table.foot(row(
        "mean",
        summaries.iter().map(|summary| summary.mean).collect(),
    ));
    table.foot(row(
        "sd",
        summaries.iter().map(|summary| summary.sd).collect(),
    ));
    let lead = format!("<p>{}</p>\n", escape(&report.kept));
    section("folds", "Folds", &format!("{lead}{}", table.finish()))
}

/// Learning curves of all folds together and of each alone.
pub(crate) fn learning(report: &Report) -> String {
    let drawn: Vec<FoldReport> = report
        .folds
        .iter()
        .filter(|fold| !fold.epochs.is_empty())
        .cloned()
        .collect();
    if drawn.is_empty() {
        return String::new();
    }
    let small: String = drawn.iter().map(learning_of_fold).collect();
    let body = format!(
        "<div class=\"figures\">\n{}</div>\n<details><summary>Loss of each fold</summary>\n\
         <ul class=\"legend\"><li><span class=\"swatch c0\"></span>training</li>\
         <li><span class=\"swatch c1\"></span>validation; dots mark the epoch kept</li></ul>\n\
         <div class=\"figures small\">\n{small}</div>\n</details>\n",
        learning_overview(&drawn, report.selection),
    );
    section("learning", "Learning curves", &body)
}

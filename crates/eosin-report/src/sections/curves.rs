//! The sections that are all charts.

use crate::evaluation::Evaluation;
use crate::html::{each, section};
use crate::model::Report;
use crate::plots;

/// ROC and precision-recall curves.
pub(crate) fn discrimination(report: &Report) -> String {
    if report.evaluations.is_empty() {
        return String::new();
    }
    let rows = [plots::roc, plots::pr].map(|draw| {
        each(&report.evaluations, |evaluation| {
            draw(evaluation, &report.classes)
        })
    });
    let figures = |row: String| format!("<div class=\"figures\">\n{row}</div>\n");
    // Of one evaluation side by side, of more one kind below the other.
    let rows = if report.evaluations.len() == 1 {
        vec![figures(rows.concat())]
    } else {
        rows.map(figures).to_vec()
    };
    section("curves", "ROC and precision-recall", &rows.concat())
}

/// Histograms of probabilities.
pub(crate) fn probabilities(report: &Report) -> String {
    charts(report, "probabilities", "Probabilities", |evaluation| {
        plots::histograms(evaluation, &report.classes)
    })
}

fn charts(
    report: &Report,
    id: &str,
    heading: &str,
    draw: impl Fn(&Evaluation) -> String,
) -> String {
    if report.evaluations.is_empty() {
        return String::new();
    }
    let figures = each(&report.evaluations, draw);
    section(
        id,
        heading,
        &format!("<div class=\"figures\">\n{figures}</div>\n"),
    )
}

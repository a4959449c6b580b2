//! Confusion matrices.

use crate::evaluation::Evaluation;
use crate::html::{each, escape, section};
use crate::model::Report;
use crate::numbers;

/// A matrix for each evaluation, shaded by the share of the target class.
pub(crate) fn confusion(report: &Report) -> String {
    if report.evaluations.is_empty() {
        return String::new();
    }
    let matrices: String = report
        .evaluations
        .iter()
        .map(|evaluation| matrix(evaluation, &report.classes))
        .collect();
    let body = format!(
        "<p>Rows are targets, columns are preds; beneath a count, its share of the row.</p>\n\
         <div class=\"figures\">\n{matrices}</div>\n"
    );
    section("confusion", "Confusion matrices", &body)
}

fn matrix(evaluation: &Evaluation, classes: &[String]) -> String {
    let name = escape(&evaluation.name);
    let head = each(classes, |class| {
        format!("<th scope=\"col\">{}</th>", escape(class))
    });
    let rows = evaluation.metrics.confusion.rows().zip(classes).enumerate();
    let rows = each(rows, |(target, (row, class))| {
        let cells = cells(row, target);
        format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", escape(class))
    });
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Confusion matrix, {name}\">\
         <table class=\"confusion\">\n<caption>{name}</caption>\n\
         <thead><tr><td class=\"corner\">target \\ pred</td>{head}</tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div>\n"
    )
}

fn cells(row: &[u64], target: usize) -> String {
    let total: u64 = row.iter().sum();
    let cell = |(pred, &count): (usize, &u64)| {
        let kind = if pred == target { "right" } else { "wrong" };
        let share = if total == 0 {
            0.0
        } else {
            count as f64 / total as f64
        };
        let percent = if total == 0 {
            "<small>no targets</small>".to_owned()
        } else {
            format!("<small>{}</small>", numbers::percent(share))
        };
        // Some tint for the rarest error, so that one wrong patch in a thousand is still seen.
        let tint = if count == 0 { 0.0 } else { 12.0 + 58.0 * share };
        let count = numbers::count(count);
        format!("<td class=\"{kind}\" style=\"--tint:{tint:.0}%\">{count}{percent}</td>")
    };
    row.iter().enumerate().map(cell).collect()
}

//! How the run does under shifts of stated strength.

use eosin_metrics::Metric;

use crate::html::{Table, each, escape, section};
use crate::model::Report;
use crate::numbers;
use crate::plots::shift_curve;
use crate::robustness::{RobustnessReport, ShiftCurve};

/// A chart and a table of every shift, or what measures it.
pub(crate) fn robustness(report: &Report) -> String {
    let body = match &report.robustness {
        None => return String::new(),
        Some(RobustnessReport::NotMeasured { command }) => format!(
            "<p>How the run does where patches are stained, blurred, compressed, lit or scaled otherwise was not \
             measured: <code>{}</code> does it, and adds it here.</p>\n",
            escape(command)
        ),
        Some(RobustnessReport::Measured {
            sentences,
            metric,
            curves,
        }) => measured(sentences, *metric, curves),
    };
    section("robustness", "Robustness", &body)
}

fn measured(sentences: &[String], metric: Metric, curves: &[ShiftCurve]) -> String {
    let said = each(sentences, |sentence| {
        format!("<p>{}</p>\n", escape(sentence))
    });
    let known = curves.iter().filter(|curve| !curve.points.is_empty());
    let heights: Vec<f64> = curves.iter().flat_map(ShiftCurve::heights).collect();
    let plots = each(known, |curve| shift_curve(curve, metric, &heights));
    format!(
        "{said}<div class=\"figures\">\n{plots}</div>\n\
         <details><summary>Every shift</summary>\n{}</details>\n",
        table(metric, curves)
    )
}

fn table(metric: Metric, curves: &[ShiftCurve]) -> String {
    let head = [
        "shift".to_owned(),
        metric.title().to_owned(),
        "difference".to_owned(),
        "answers changed".to_owned(),
    ];
    let mut table = Table::new("Shifts of stated strength", head);
    for point in curves.iter().flat_map(|curve| &curve.points) {
        table.row(vec![
            escape(&point.name),
            numbers::value(point.after),
            numbers::value_with_interval(point.difference, point.interval),
            numbers::value_with_interval(Some(point.changed_share), point.changed_interval),
        ]);
    }
    table.finish()
}

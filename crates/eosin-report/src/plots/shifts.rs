//! A metric under shifts of one kind.

use eosin_metrics::Metric;

use crate::html::escape;
use crate::robustness::ShiftCurve;
use crate::svg::{Axis, MEDIUM, Plot};

/// The metric by strength, each with the interval of its difference from the unshifted one, which is the red dot;
/// `heights` are those of all curves, so that they can be compared.
pub(crate) fn shift_curve(curve: &ShiftCurve, metric: Metric, heights: &[f64]) -> String {
    let mut ends = vec![];
    let mut points: Vec<(f64, f64)> = vec![];
    points.extend(curve.before.map(|before| (curve.unchanged, before)));
    for point in &curve.points {
        points.extend(point.after.map(|after| (point.strength, after)));
        if let (Some(before), Some(interval)) = (curve.before, point.interval) {
            let whisker = [before + interval.ci_low, before + interval.ci_high];
            ends.push((point.strength, whisker));
        }
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let strengths = points.iter().map(|point| point.0);
    let mut plot = Plot::new(
        MEDIUM,
        &curve.name,
        Axis::around(&curve.name, strengths),
        Axis::around(metric.title(), heights.iter().copied()),
    );
    for (strength, [low, high]) in &ends {
        plot.line(&[(*strength, *low), (*strength, *high)], "chance");
    }
    plot.line(&points, "c0");
    for point in &curve.points {
        if let Some(after) = point.after {
            let changed = 100.0 * point.changed_share;
            let name = metric.title();
            let hover = format!(
                "{}: {name} {after:.4}, {changed:.1} % of answers changed",
                point.name
            );
            plot.dot((point.strength, after), 3.5, "c0", &hover);
        }
    }
    if let Some(before) = curve.before {
        plot.dot((curve.unchanged, before), 4.0, "c1", "as they are");
    }
    plot.figure(&[
        ("c0".to_owned(), escape(metric.title())),
        ("c1".to_owned(), "as they are".to_owned()),
    ])
}

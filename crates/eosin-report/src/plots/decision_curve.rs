//! Decision curves.

use eosin_metrics::DecisionPoint;

use crate::svg::{Axis, Plot, Size};

/// Read on narrow screens, too.
const SIZE: Size = Size {
    width: 440.0,
    height: 290.0,
};

/// Net benefit by threshold of the model, of acting always and of acting never.
pub(crate) fn decision_curve(title: &str, curve: &[DecisionPoint]) -> String {
    let most = curve
        .iter()
        .flat_map(|point| [point.model, point.treat_all])
        .fold(0.0, f64::max);
    // What acting always loses at high thresholds has no end: it is cut off a little below nothing.
    let least = -0.25 * most;
    let y = Axis::around("net benefit", [least, most]);
    let low = y.low;
    let mut plot = Plot::new(
        SIZE,
        title,
        Axis::unit("probability from which on one acts"),
        y,
    );
    plot.line(&[(0.0, 0.0), (1.0, 0.0)], "c5");
    let all = |point: &DecisionPoint| (point.threshold, point.treat_all);
    plot.line(&above(curve.iter().map(all), low), "c4 dashed");
    let model = |point: &DecisionPoint| (point.threshold, point.model);
    plot.line(&above(curve.iter().map(model), low), "c1 bold");
    let legend = [
        ("c1", "the model"),
        ("c4 dashed", "act on every patch"),
        ("c5", "act on none"),
    ];
    plot.figure(&legend.map(|(class, label)| (class.to_owned(), label.to_owned())))
}

/// What lies below `low` breaks the line.
fn above(points: impl Iterator<Item = (f64, f64)>, low: f64) -> Vec<(f64, f64)> {
    points
        .map(|(x, y)| (x, if y < low { f64::NAN } else { y }))
        .collect()
}

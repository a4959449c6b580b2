//! The reliability diagram of the positive class with intervals.

use eosin_metrics::ReliabilityPoint;

use crate::html::escape;
use crate::svg::{Axis, Plot, SQUARE};

/// How often patches given a probability are of the class, each bin with its 95 % interval; the diagonal is
/// perfect calibration.
pub(crate) fn reliability_points(title: &str, class: &str, points: &[ReliabilityPoint]) -> String {
    let (x, y) = (
        Axis::unit("mean probability in bin"),
        Axis::unit("share of the class in bin"),
    );
    let mut plot = Plot::new(SQUARE, title, x, y);
    plot.line(&[(0.0, 0.0), (1.0, 1.0)], "chance");
    let filled = points.iter().filter_map(|point| {
        let bin = &point.bin;
        Some((bin.mean_prob?, bin.observed?, bin.count, point.interval))
    });
    let filled: Vec<_> = filled.collect();
    for (prob, _, _, interval) in &filled {
        if let Some(interval) = interval {
            plot.line(
                &[(*prob, interval.ci_low), (*prob, interval.ci_high)],
                "c1 whisker",
            );
        }
    }
    let line: Vec<(f64, f64)> = filled
        .iter()
        .map(|(prob, share, ..)| (*prob, *share))
        .collect();
    plot.line(&line, "c1");
    let most = filled.iter().map(|bin| bin.2).max().unwrap_or(1) as f64;
    for (prob, share, count, interval) in filled {
        let interval = interval.map_or_else(
            || "no interval".to_owned(),
            |interval| format!("{:.3} to {:.3}", interval.ci_low, interval.ci_high),
        );
        let hover = format!(
            "mean probability {prob:.3}, observed {share:.3} ({interval}), {count} patches"
        );
        plot.dot(
            (prob, share),
            2.5 + 4.5 * (count as f64 / most).sqrt(),
            "c1",
            &hover,
        );
    }
    plot.figure(&[(
        "c1".to_owned(),
        format!(
            "{}; lines are 95 % intervals, larger dots hold more patches",
            escape(class)
        ),
    )])
}

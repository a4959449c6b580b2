//! Reliability diagrams.

use super::series;
use crate::evaluation::Evaluation;
use crate::html::escape;
use crate::numbers;
use crate::svg::{Axis, Plot, SQUARE};

/// How often patches given a probability are of the class; the diagonal is perfect calibration.
pub(crate) fn reliability(evaluation: &Evaluation, classes: &[String]) -> String {
    let title = format!("Calibration, {}", evaluation.name);
    let (x, y) = (
        Axis::unit("mean probability in bin"),
        Axis::unit("share of the class in bin"),
    );
    let mut plot = Plot::new(SQUARE, &title, x, y);
    plot.line(&[(0.0, 0.0), (1.0, 1.0)], "chance");
    let mut legend = vec![];
    for (index, view) in evaluation.views.iter().enumerate() {
        let filled: Vec<(f64, f64, u64)> = view
            .reliability
            .iter()
            .filter_map(|bin| Some((bin.mean_prob?, bin.observed?, bin.count)))
            .collect();
        let points: Vec<(f64, f64)> = filled
            .iter()
            .map(|&(prob, share, _)| (prob, share))
            .collect();
        plot.line(&points, &series(index));
        let most = filled.iter().map(|bin| bin.2).max().unwrap_or(1) as f64;
        for &(prob, share, count) in &filled {
            let hover = format!("mean probability {prob:.3}, observed {share:.3}, {count} patches");
            let radius = 2.5 + 4.5 * (count as f64 / most).sqrt();
            plot.dot((prob, share), radius, &series(index), &hover);
        }
        legend.push((series(index), escape(&classes[view.class])));
    }
    let ece = numbers::value(evaluation.metrics.ece);
    legend.push((
        "none".to_owned(),
        format!("ECE {ece}; larger dots hold more patches"),
    ));
    plot.figure(&legend)
}

//! Precision-recall curves.

use super::series;
use crate::evaluation::Evaluation;
use crate::html::escape;
use crate::numbers;
use crate::svg::{Axis, Plot, SQUARE};

/// The precision-recall curves of an evaluation, as the steps whose area is the AUPRC.
pub(crate) fn pr(evaluation: &Evaluation, classes: &[String]) -> String {
    let title = format!("Precision-recall curve, {}", evaluation.name);
    let mut plot = Plot::new(
        SQUARE,
        &title,
        Axis::unit("recall"),
        Axis::unit("precision"),
    );
    let mut legend = vec![];
    for (index, view) in evaluation.views.iter().enumerate() {
        let class = &evaluation.metrics.per_class[view.class];
        if evaluation.views.len() == 1 {
            let share = class.targets as f64 / evaluation.metrics.count as f64;
            plot.line(&[(0.0, share), (1.0, share)], "chance");
        }
        let mut steps = vec![];
        let mut reached = 0.0;
        for point in view.pr.iter().flatten() {
            steps.extend([(reached, point.precision), (point.recall, point.precision)]);
            reached = point.recall;
        }
        plot.line(&steps, &series(index));
        let auprc = numbers::value(class.auprc);
        legend.push((
            series(index),
            format!("{}: AUPRC {auprc}", escape(&classes[view.class])),
        ));
    }
    plot.figure(&legend)
}

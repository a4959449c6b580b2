//! ROC curves.

use super::series;
use crate::evaluation::Evaluation;
use crate::html::escape;
use crate::numbers;
use crate::svg::{Axis, Plot, SQUARE};

/// The ROC curves of an evaluation: of the positive class, or of every class against the rest.
pub(crate) fn roc(evaluation: &Evaluation, classes: &[String]) -> String {
    let title = format!("ROC curve, {}", evaluation.name);
    let x = Axis::unit("false positive rate (1 − specificity)");
    let mut plot = Plot::new(SQUARE, &title, x, Axis::unit("true positive rate (recall)"));
    plot.line(&[(0.0, 0.0), (1.0, 1.0)], "chance");
    let mut legend = vec![];
    for (index, view) in evaluation.views.iter().enumerate() {
        let points: Vec<(f64, f64)> = view
            .roc
            .iter()
            .flatten()
            .map(|point| (point.false_positive_rate, point.true_positive_rate))
            .collect();
        plot.line(&points, &series(index));
        let auroc = numbers::value(evaluation.metrics.per_class[view.class].auroc);
        legend.push((
            series(index),
            format!("{}: AUROC {auroc}", escape(&classes[view.class])),
        ));
    }
    plot.figure(&legend)
}

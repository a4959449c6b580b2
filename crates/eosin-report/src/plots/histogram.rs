//! Histograms of probabilities by true class.

use crate::evaluation::{ClassView, Evaluation};
use crate::html::escape;
use crate::svg::{Axis, MEDIUM, Plot};

/// One histogram for each view of an evaluation.
pub(crate) fn histograms(evaluation: &Evaluation, classes: &[String]) -> String {
    evaluation
        .views
        .iter()
        .map(|view| histogram(evaluation, view, classes))
        .collect()
}

/// Patches of the class above the line, of the rest below it: neither hides the other, and a small
/// class keeps a scale of its own, since each side is a share of its own total.
fn histogram(evaluation: &Evaluation, view: &ClassView, classes: &[String]) -> String {
    let class = &classes[view.class];
    let rest = rest_name(view.class, classes);
    let title = format!("P({class}), {}", evaluation.name);
    let sides = [
        (&view.histogram_of_class, 1.0, "c1", class.as_str()),
        (&view.histogram_of_rest, -1.0, "c0", rest.as_str()),
    ];
    let share = |bins: &[u64], count: u64| count as f64 / bins.iter().sum::<u64>().max(1) as f64;
    let tallest = sides
        .iter()
        .flat_map(|(bins, ..)| bins.iter().map(|&count| share(bins, count)))
        .fold(0.05, f64::max);
    let y = Axis::around("share of true class", [-tallest, tallest]).unsigned();
    let mut plot = Plot::new(
        MEDIUM,
        &title,
        Axis::unit(&format!("probability of {class}")),
        y,
    );
    let mut legend = vec![];
    for (bins, sign, style, name) in sides {
        let edge = |index: usize| index as f64 / bins.len() as f64;
        for (index, &count) in bins.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (low, high) = (edge(index), edge(index + 1));
            let hover = format!("{count} {name} from {low:.2} to {high:.2}");
            plot.bar((low, high), (0.0, sign * share(bins, count)), style, &hover);
        }
        let side = if sign > 0.0 { "above" } else { "below" };
        let total = bins.iter().sum::<u64>();
        legend.push((
            style.to_owned(),
            format!("{} (n = {total}, {side})", escape(name)),
        ));
    }
    plot.line(&[(0.0, 0.0), (1.0, 0.0)], "zero");
    plot.figure(&legend)
}

fn rest_name(class: usize, classes: &[String]) -> String {
    if classes.len() == 2 {
        classes[1 - class].clone()
    } else {
        "all others".to_owned()
    }
}

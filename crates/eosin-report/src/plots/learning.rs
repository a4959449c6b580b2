//! Learning curves.

use eosin_metrics::Metric;

use crate::html::escape;
use crate::model::{EpochPoint, FoldReport};
use crate::numbers;
use crate::svg::{Axis, Plot, SMALL, Size, WIDE};

/// Loss and selection metric of all folds, with their means in bold and the epochs kept as dots.
pub(crate) fn learning_overview(folds: &[FoldReport], selection: Metric) -> String {
    format!("{}{}", losses(folds), selections(folds, selection))
}

fn losses(folds: &[FoldReport]) -> String {
    let mut plot = empty(WIDE, "Loss by epoch, all folds", "loss", folds, |point| {
        [Some(point.train_loss), point.val_loss]
    });
    for (value, style) in [(train_loss as Value, "c0"), (val_loss as Value, "c1")] {
        for fold in folds {
            plot.line(&curve(fold, value), &format!("{style} faint"));
        }
        plot.line(&mean_curve(folds, value), &format!("{style} bold"));
    }
    let legend = [
        ("c0", "training, mean in bold"),
        ("c1", "validation, mean in bold"),
    ];
    plot.figure(&owned(&legend))
}

fn selections(folds: &[FoldReport], selection: Metric) -> String {
    let title = format!("Validation {} by epoch, all folds", selection.title());
    let mut plot = empty(WIDE, &title, selection.title(), folds, |point| {
        [point.val_metric, None]
    });
    for fold in folds {
        plot.line(&curve(fold, val_metric), "c2 faint");
    }
    plot.line(&mean_curve(folds, val_metric), "c2 bold");
    for fold in folds {
        if let Some((epoch, value)) = best(fold, val_metric) {
            let hover = format!(
                "fold {}: {} at epoch {epoch}",
                escape(&fold.name),
                numbers::fixed(value)
            );
            plot.dot((epoch, value), 3.5, "c2", &hover);
        }
    }
    let legend = [("c2", "folds, mean in bold; dots mark the epochs kept")];
    plot.figure(&owned(&legend))
}

/// The losses of one fold, with the epoch kept marked.
pub(crate) fn learning_of_fold(fold: &FoldReport) -> String {
    let title = format!("Fold {}: epoch {} kept", fold.name, fold.kept_epoch);
    let mut plot = empty(SMALL, &title, "loss", std::slice::from_ref(fold), |point| {
        [Some(point.train_loss), point.val_loss]
    });
    plot.line(&curve(fold, train_loss), "c0");
    plot.line(&curve(fold, val_loss), "c1");
    for (value, style) in [(train_loss as Value, "c0"), (val_loss as Value, "c1")] {
        if let Some((epoch, loss)) = best(fold, value) {
            plot.dot(
                (epoch, loss),
                3.5,
                style,
                &format!("{} at epoch {epoch}", numbers::fixed(loss)),
            );
        }
    }
    plot.figure(&[])
}

type Value = fn(&EpochPoint) -> Option<f64>;

#[expect(
    clippy::unnecessary_wraps,
    reason = "one of several values of type `Value`"
)]
fn train_loss(point: &EpochPoint) -> Option<f64> {
    Some(point.train_loss)
}

fn val_loss(point: &EpochPoint) -> Option<f64> {
    point.val_loss
}

fn val_metric(point: &EpochPoint) -> Option<f64> {
    point.val_metric
}

fn empty(
    size: Size,
    title: &str,
    label: &str,
    folds: &[FoldReport],
    values: impl Fn(&EpochPoint) -> [Option<f64>; 2],
) -> Plot {
    let points = || folds.iter().flat_map(|fold| &fold.epochs);
    let epochs = || points().map(|point| point.epoch);
    let x = Axis::whole(
        "epoch",
        epochs().min().unwrap_or(1),
        epochs().max().unwrap_or(1),
    );
    Plot::new(
        size,
        title,
        x,
        Axis::around(label, points().flat_map(values).flatten()),
    )
}

/// The curve of one fold; an undefined value becomes a gap.
fn curve(fold: &FoldReport, value: Value) -> Vec<(f64, f64)> {
    let point = |point: &EpochPoint| (point.epoch.into(), value(point).unwrap_or(f64::NAN));
    fold.epochs.iter().map(point).collect()
}

/// The mean over folds at each epoch where every fold has a value.
fn mean_curve(folds: &[FoldReport], value: Value) -> Vec<(f64, f64)> {
    let Some(longest) = folds.iter().max_by_key(|fold| fold.epochs.len()) else {
        return vec![];
    };
    let at = |epoch: u32| {
        let values: Option<Vec<f64>> = folds
            .iter()
            .map(|fold| {
                fold.epochs
                    .iter()
                    .find(|point| point.epoch == epoch)
                    .and_then(value)
            })
            .collect();
        values.map_or(f64::NAN, |values| {
            values.iter().sum::<f64>() / values.len() as f64
        })
    };
    longest
        .epochs
        .iter()
        .map(|point| (point.epoch.into(), at(point.epoch)))
        .collect()
}

fn best(fold: &FoldReport, value: Value) -> Option<(f64, f64)> {
    let point = fold
        .epochs
        .iter()
        .find(|point| point.epoch == fold.kept_epoch)?;
    Some((point.epoch.into(), value(point)?))
}

fn owned(legend: &[(&str, &str)]) -> Vec<(String, String)> {
    legend
        .iter()
        .map(|&(class, label)| (class.to_owned(), label.to_owned()))
        .collect()
}

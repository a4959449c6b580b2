//! `eosin score`: predictions against labels.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use eosin_core::task::{PositiveChoice, positive_class};
use eosin_metrics::{Metric, MetricSet};

use crate::args::ScoreArgs;
use crate::output::{note, say, say_json, say_table};
use crate::score_files::{Labels, Scored, read_labels, read_predictions};

/// Scores the file and prints every metric; exits with 1 when a bound is not reached.
///
/// # Errors
/// When a file is malformed, or keys do not match one to one.
pub fn run(args: &ScoreArgs, json: bool) -> Result<ExitCode> {
    let predictions = read_predictions(&args.predictions, args.part.as_deref())?;
    let labels = match &args.labels {
        Some(path) => read_labels(path)?,
        None => own_targets(&predictions, &args.predictions)?,
    };
    let (targets, probs) = join(&predictions, &labels, &args.predictions)?;
    let classes = &predictions.classes;
    let choice = PositiveChoice {
        named: args.positive.as_deref(),
        written: "--positive ",
    };
    let positive = positive_class(classes, choice)?;
    let metrics = MetricSet::new(&targets, &probs, classes.len(), positive)?;
    if json {
        say_json(&metrics)?;
    } else {
        let row = |(name, value): (&'static str, Option<f64>)| {
            vec![
                name.to_owned(),
                value.map_or_else(|| "undefined".to_owned(), |v| format!("{v:.10}")),
            ]
        };
        let rows = metrics
            .names_values()
            .into_iter()
            .filter(|(name, _)| predictions.has_probs || !needs_probs(name))
            .map(row)
            .collect();
        say_table(&["metric", "value"], rows);
        if classes.len() == 2 {
            say(&format!("positive class: {}", classes[positive]));
        }
    }
    gate(args.at_least.as_deref(), &metrics)
}

/// Metrics that class decisions alone cannot give.
fn needs_probs(name: &str) -> bool {
    [
        Metric::Auroc,
        Metric::Auprc,
        Metric::LogLoss,
        Metric::Brier,
        Metric::Ece,
    ]
    .iter()
    .any(|metric| metric.as_str() == name)
}

fn own_targets(predictions: &Scored, path: &Path) -> Result<Labels> {
    if predictions.targets.is_empty() {
        bail!(
            "{} has no targets of its own; name the labels with '--labels FILE'",
            path.display()
        );
    }
    Ok(predictions.targets.clone())
}

/// Targets and probabilities in the order of the labels.
fn join(predictions: &Scored, labels: &Labels, path: &Path) -> Result<(Vec<usize>, Vec<f64>)> {
    let list = |keys: Vec<&String>| {
        let shown = keys
            .iter()
            .take(5)
            .map(|key| key.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        let more = keys.len().saturating_sub(5);
        if more > 0 {
            format!("{shown} and {more} more")
        } else {
            shown
        }
    };
    let unpredicted: Vec<&String> = labels
        .keys()
        .filter(|key| !predictions.probs.contains_key(*key))
        .collect();
    if !unpredicted.is_empty() {
        let count = unpredicted.len();
        bail!(
            "{} has no prediction for {count} labelled keys: {}",
            path.display(),
            list(unpredicted)
        );
    }
    let unlabelled: Vec<&String> = predictions
        .probs
        .keys()
        .filter(|key| !labels.contains_key(*key))
        .collect();
    if !unlabelled.is_empty() {
        let count = unlabelled.len();
        bail!(
            "{} predicts {count} keys that have no label: {}",
            path.display(),
            list(unlabelled)
        );
    }
    let mut targets = Vec::new();
    let mut probs = Vec::new();
    for (key, label) in labels {
        let class = predictions.classes.iter().position(|class| class == label);
        targets.push(class.with_context(|| {
            let classes = predictions.classes.join(", ");
            format!("label '{label}' of key {key} is none of the predicted classes {classes}")
        })?);
        probs.extend_from_slice(&predictions.probs[key]);
    }
    Ok((targets, probs))
}

fn gate(bound: Option<&str>, metrics: &MetricSet) -> Result<ExitCode> {
    let Some(bound) = bound else {
        return Ok(ExitCode::SUCCESS);
    };
    let (name, least) = bound
        .split_once('=')
        .with_context(|| format!("--at-least {bound} has no '='; write --at-least khd=0.99"))?;
    let metric: Metric = name.parse()?;
    let least: f64 = least
        .parse()
        .with_context(|| format!("--at-least {bound}: '{least}' is no number"))?;
    let value = metrics.get(metric);
    let reached = value.is_some_and(|value| value >= least);
    if !reached {
        let value = value.map_or_else(|| "undefined".to_owned(), |value| value.to_string());
        note(&format!("{name} is {value}, below {least}"));
    }
    Ok(if reached {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

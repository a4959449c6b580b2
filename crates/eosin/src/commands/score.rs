//! `eosin score`: predictions against labels.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use eosin_core::task::{PositiveChoice, positive_class};
use eosin_data::likeness;
use eosin_data::matching::{Keys, Rule, match_keys};
use eosin_metrics::{Metric, MetricSet};

use crate::args::ScoreArgs;
use crate::gate::Gate;
use crate::output::{note, say, say_json, say_table};
use crate::score_files::{Labels, Scored, read_labels, read_predictions};

/// What two probabilities that are written with few digits may differ by.
const TIE: f64 = 1e-4;

/// Scores the file and prints every metric; exits with 1 when a bound is not reached.
///
/// # Errors
/// When a file is malformed, or keys do not match one to one.
pub fn run(args: &ScoreArgs, json: bool) -> Result<ExitCode> {
    let gates = Gate::parse_all(&args.at_least, &args.at_most)?;
    let predictions = read_predictions(&args.predictions, args.part.as_deref())?;
    let labels = match &args.labels {
        Some(path) => read_labels(path)?,
        None => own_targets(&predictions, &args.predictions)?,
    };
    let (targets, probs) = join(&predictions, &labels, args)?;
    tell_other_decisions(&predictions);
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
    let missed = gates.iter().filter_map(|gate| gate.missed_by(&metrics));
    let missed: Vec<String> = missed.collect();
    for text in &missed {
        note(text);
    }
    Ok(if missed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
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
fn join(predictions: &Scored, labels: &Labels, args: &ScoreArgs) -> Result<(Vec<usize>, Vec<f64>)> {
    let file = args.labels.as_ref().unwrap_or(&args.predictions);
    let matched = match_keys(
        &Keys::of(file, labels),
        &Keys::of(&args.predictions, &predictions.probs),
    )?;
    if matched.rule != Rule::EQUAL {
        note(&format!(
            "labels and predictions are matched by {}",
            matched.rule
        ));
    }
    let mut targets = Vec::new();
    let mut probs = Vec::new();
    let mut said = BTreeSet::new();
    let mut other_targets = Vec::new();
    for (key, label) in labels {
        let class = class_of(label, &predictions.classes).with_context(|| {
            let classes = predictions.classes.join(", ");
            format!(
                "label '{label}' of key {key} is none of the predicted classes {classes}; write \
                 labels as the classes are called"
            )
        })?;
        if predictions.classes[class] != *label && said.insert(label) {
            let class = &predictions.classes[class];
            note(&format!("note: label '{label}' is read as class '{class}'"));
        }
        targets.push(class);
        let own_key = matched.predictions[key.as_str()];
        probs.extend_from_slice(&predictions.probs[own_key]);
        if let Some(own) = predictions.targets.get(own_key)
            && class_of(own, &predictions.classes) != Some(class)
        {
            other_targets.push(format!("key {own_key} is '{own}' there and '{label}' here"));
        }
    }
    if let [first, ..] = other_targets.as_slice() {
        note(&format!(
            "warning: {} predictions have a target of their own that the labels contradict, and the \
             labels count: {first}",
            other_targets.len()
        ));
    }
    Ok((targets, probs))
}

/// Says where a file's own decisions are not those of its probabilities, which are scored.
fn tell_other_decisions(predictions: &Scored) {
    let is_other = |(key, pred): &(&String, &String)| {
        let probs = &predictions.probs[*key];
        let most = probs.iter().copied().fold(f64::MIN, f64::max);
        let of_pred = class_of(pred, &predictions.classes).map(|class| probs[class]);
        of_pred.is_none_or(|prob| prob < most - TIE)
    };
    let mut others = predictions.preds.iter().filter(is_other);
    if let Some((key, pred)) = others.next() {
        note(&format!(
            "warning: the column pred of {} rows is not the most probable class (key {key}: '{pred}'); \
             the probabilities are scored, and the column is not",
            1 + others.count()
        ));
    }
}

/// The class that a label names: the equal one, else the only one that is spelled much the same.
fn class_of(label: &str, classes: &[String]) -> Option<usize> {
    let equal = classes.iter().position(|class| class == label);
    equal.or_else(|| {
        let is_alike = |at: &usize| likeness(&classes[*at]) == likeness(label);
        let mut alike = (0..classes.len()).filter(is_alike);
        alike.next().filter(|_| alike.next().is_none())
    })
}

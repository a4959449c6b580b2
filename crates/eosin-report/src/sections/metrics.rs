//! The table of metrics.

use eosin_metrics::{Metric, summarise};

use crate::evaluation::Evaluation;
use crate::html::{Table, escape, section};
use crate::model::Report;
use crate::numbers;

/// Every metric: of each pooled evaluation with intervals, then by fold.
pub(crate) fn metrics(report: &Report) -> String {
    let mut head = vec!["metric".to_owned()];
    head.extend(
        report
            .evaluations
            .iter()
            .map(|evaluation| escape(&evaluation.name)),
    );
    // Last: on a narrow screen what matters stands beside the names.
    if !report.folds.is_empty() {
        head.push(format!("{} folds, mean ± sd", report.folds.len()));
    }
    let mut table = Table::new("Metrics with 95 % intervals", head);
    for &metric in Metric::ALL {
        let mut cells = vec![name(metric)];
        cells.extend(report.evaluations.iter().map(|evaluation| {
            let metrics = &evaluation.metrics;
            numbers::value_with_interval(metrics.get(metric), metrics.interval(metric))
        }));
        if !report.folds.is_empty() {
            let values = report.folds.iter().map(|fold| fold.metrics.get(metric));
            cells.push(numbers::mean_sd(&summarise(values)));
        }
        table.row(cells);
    }
    let body = format!(
        "<div class=\"side table-first\">\n<div>{}</div>\n<div>{}{}<p class=\"note\">{}{INTERVALS}</p>\n\
         {DEFINITIONS}</div>\n</div>\n",
        table.finish(),
        notes(report),
        form(report),
        bases(report),
    );
    section("metrics", "Metrics", &body)
}

/// How intervals are made; none stands where it would claim more than the patches give.
const INTERVALS: &str = "Made by Wilson’s formula for proportions (of groups with the number of patches that \
     they are worth, Korn and Graubard 1998), DeLong’s on the logit for the AUROC of two classes (of groups \
     Obuchowski’s 1997, with Student’s t), else from 2,000 resamples of groups (BCa, widened where groups \
     are few). There is none at perfect separation, of one group, or of a class in one group only.";

/// What the intervals of each evaluation take for independent.
fn bases(report: &Report) -> String {
    let sentence = |evaluation: &Evaluation| {
        let basis = evaluation.metrics.intervals_by.as_ref()?;
        let (name, note) = (escape(&evaluation.name), escape(&basis.note()));
        Some(format!("<b>{name}</b>: {note}. "))
    };
    report.evaluations.iter().filter_map(sentence).collect()
}

fn name(metric: Metric) -> String {
    let direction = if metric.higher_is_better() {
        ""
    } else {
        " <small>lower is better</small>"
    };
    format!("{}{direction}", metric.title())
}

fn notes(report: &Report) -> String {
    let item = |evaluation: &Evaluation| {
        format!(
            "<li><b>{}</b>: {}</li>\n",
            escape(&evaluation.name),
            escape(&evaluation.note)
        )
    };
    let items: String = report
        .evaluations
        .iter()
        .filter(|evaluation| !evaluation.note.is_empty())
        .map(item)
        .collect();
    if items.is_empty() {
        items
    } else {
        format!("<ul class=\"plain\">\n{items}</ul>\n")
    }
}

fn form(report: &Report) -> String {
    let form = if report.classes.len() == 2 {
        format!(
            "Positive class: <b>{}</b>.",
            escape(&report.classes[report.positive])
        )
    } else {
        format!(
            "{} classes: precision, recall, specificity, NPV, F1, AUROC, AUPRC and KHD are macro \
             averages of each class against the rest.",
            report.classes.len()
        )
    };
    format!("<p>{form}</p>\n")
}

/// The one-vs-rest values of each class, for more than two classes.
pub(crate) fn per_class(report: &Report) -> String {
    if report.classes.len() == 2 {
        return String::new();
    }
    let tables: String = report
        .evaluations
        .iter()
        .map(|evaluation| class_table(evaluation, report))
        .collect();
    let judged = report
        .evaluations
        .iter()
        .flat_map(|judged| &judged.metrics.per_class);
    // What has a value in every metric and no interval was written by an older version.
    let note = if judged.clone().count() > 0
        && judged.clone().all(|class| class.intervals.is_empty())
    {
        "<p class=\"note\">metrics.json has no intervals of classes: an older version wrote it, and ‘eosin evaluate \
         RUN’ writes it anew.</p>\n"
    } else {
        "<p class=\"note\">Intervals as in the table of metrics; AUPRC and F1 of a class have none.</p>\n"
    };
    section("classes", "Classes", &format!("{tables}{note}"))
}

fn class_table(evaluation: &Evaluation, report: &Report) -> String {
    let caption = format!("Each class against the rest, {}", escape(&evaluation.name));
    let head = [
        "class",
        "targets",
        "AUROC",
        "AUPRC",
        "precision",
        "recall",
        "specificity",
        "NPV",
        "F1",
    ];
    let mut table = Table::new(&caption, head);
    for class in &evaluation.metrics.per_class {
        let mut cells = vec![
            escape(&report.classes[class.class]),
            numbers::count(class.targets),
        ];
        let values = [
            (class.auroc, Metric::Auroc),
            (class.auprc, Metric::Auprc),
            (class.precision, Metric::Precision),
            (class.recall, Metric::Recall),
            (class.specificity, Metric::Specificity),
            (class.npv, Metric::Npv),
            (class.f1, Metric::F1),
        ];
        let shown = values
            .into_iter()
            .map(|(value, metric)| numbers::value_with_interval(value, class.interval(metric)));
        cells.extend(shown);
        table.row(cells);
    }
    for (name, averages) in [
        ("micro", &evaluation.metrics.micro),
        ("weighted", &evaluation.metrics.weighted),
    ] {
        let Some(averages) = averages else { continue };
        let ranked = |value| {
            if name == "micro" {
                String::new()
            } else {
                numbers::value(value)
            }
        };
        table.foot(vec![
            name.to_owned(),
            numbers::count(evaluation.metrics.count),
            ranked(averages.auroc),
            ranked(averages.auprc),
            numbers::value(averages.precision),
            numbers::value(averages.recall),
            numbers::value(averages.specificity),
            numbers::value(averages.npv),
            numbers::value(averages.f1),
        ]);
    }
    table.finish()
}

const DEFINITIONS: &str = "<details><summary>How each number is defined</summary>\n\
<dl class=\"facts\">\n\
<div><dt>KHD score</dt><dd>mean of accuracy, precision, recall, specificity, NPV and F1, 0.001 added to every denominator (datathon of 2020)</dd></div>\n\
<div><dt>AUROC</dt><dd>chance that a positive patch outranks a negative one, ties by half</dd></div>\n\
<div><dt>AUPRC</dt><dd>average precision: sum of (R<sub>k</sub> − R<sub>k−1</sub>) P<sub>k</sub> over distinct scores</dd></div>\n\
<div><dt>Accuracy</dt><dd>(TP + TN) / n</dd></div>\n\
<div><dt>Balanced accuracy</dt><dd>mean of the classes’ recalls</dd></div>\n\
<div><dt>Precision</dt><dd>TP / (TP + FP)</dd></div>\n\
<div><dt>Recall</dt><dd>TP / (TP + FN)</dd></div>\n\
<div><dt>Specificity</dt><dd>TN / (TN + FP)</dd></div>\n\
<div><dt>NPV</dt><dd>TN / (TN + FN)</dd></div>\n\
<div><dt>F1</dt><dd>2 TP / (2 TP + FP + FN)</dd></div>\n\
<div><dt>MCC</dt><dd>correlation of targets and preds, −1 to 1</dd></div>\n\
<div><dt>Log loss</dt><dd>mean of −ln of the target’s probability</dd></div>\n\
<div><dt>Brier score</dt><dd>mean squared error of the probability (summed over classes when more than two)</dd></div>\n\
<div><dt>ECE</dt><dd>mean gap of confidence and accuracy over 15 bins</dd></div>\n\
<div><dt>undefined</dt><dd>0/0: there is nothing to measure the number on</dd></div>\n\
</dl>\n</details>\n";

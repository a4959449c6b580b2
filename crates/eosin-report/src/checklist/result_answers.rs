//! Answers about results.

use eosin_metrics::{Metric, summarise};

use super::Answer;
use super::data_answers::{counts, test};
use crate::model::Report;
use crate::numbers;
use crate::robustness::RobustnessReport;

/// How many were in each analysis.
pub(super) fn analysed(report: &Report) -> Answer {
    let val: u64 = report.folds.iter().map(|fold| fold.metrics.count).sum();
    Answer::made(
        format!(
            "{} folds, {} patches judged out of fold in all, each fold’s numbers in its table. {}.",
            report.folds.len(),
            numbers::count(val),
            counts(report)
        ),
        "folds",
    )
}

/// How development and evaluation compare.
pub(super) fn compared(report: &Report) -> Answer {
    match test(report) {
        None => {
            Answer::not_applicable("evaluated by cross-validation on the patches of development")
        }
        Some(_) => Answer::made(format!("Classes: {}.", counts(report)), "data")
            .with_rest("how patients and images differ"),
    }
}

/// Sensitivity and specificity at the locked threshold.
pub(super) fn performance(report: &Report) -> Answer {
    let said = |one: &crate::page_one::ClassFigures| {
        format!(
            "{}: sensitivity {}, specificity {}",
            report.classes[one.class],
            numbers::share_text(one.sensitivity),
            numbers::share_text(one.specificity)
        )
    };
    let all: Vec<String> = report.page_one.figures.iter().map(said).collect();
    if all.is_empty() {
        return Answer::Author;
    }
    Answer::made(
        format!("{}. {}.", report.page_one.judged, all.join("; ")),
        "page-one",
    )
}

/// The same with the worst of the slices of each kind; subgroups that nobody named are the author's.
pub(super) fn performance_and_subgroups(report: &Report) -> Answer {
    let Answer::Made(mut made) = performance(report) else {
        return Answer::Author;
    };
    let first = report.slices.iter().flat_map(|slices| &slices.parts).next();
    let kinds = first.map_or(&[][..], |part| &part.kinds);
    let worst = kinds
        .iter()
        .map(|kind| format!(" By {}: {}.", kind.kind, kind.worst));
    made.text.extend(worst);
    Answer::Made(made).with_rest("subgroups of patients that matter and are not on record")
}

/// How performance holds where images are otherwise.
pub(super) fn robustness(report: &Report) -> Answer {
    match &report.robustness {
        Some(RobustnessReport::Measured { sentences, .. }) => {
            Answer::made(sentences.join(" "), "robustness")
                .with_rest("other scanners and centres, as they are")
        }
        Some(RobustnessReport::NotMeasured { .. }) | None => Answer::Author,
    }
}

/// All metrics.
pub(super) fn metrics(report: &Report) -> Answer {
    let Some(judged) = report.evaluations.first() else {
        return Answer::Author;
    };
    let said = |metric: Metric| {
        let interval = judged.metrics.interval(metric).map(|interval| {
            format!(
                " ({} to {})",
                numbers::fixed(interval.ci_low),
                numbers::fixed(interval.ci_high)
            )
        });
        let value = judged
            .metrics
            .get(metric)
            .map_or_else(|| "undefined".to_owned(), numbers::fixed);
        format!("{} {value}{}", metric.title(), interval.unwrap_or_default())
    };
    let shown = [Metric::Auroc, Metric::Accuracy, Metric::F1].map(said);
    Answer::made(format!("{}: {}.", judged.name, shown.join(", ")), "metrics")
}

/// How performance varies between what belongs together.
pub(super) fn heterogeneity(report: &Report) -> Answer {
    let Some(kept) = report
        .study
        .kept_together
        .as_ref()
        .filter(|_| report.folds.len() > 1)
    else {
        return Answer::Author;
    };
    let accuracy = summarise(
        report
            .folds
            .iter()
            .map(|fold| fold.metrics.get(Metric::Accuracy)),
    );
    let (Some(mean), Some(sd)) = (accuracy.mean, accuracy.sd) else {
        return Answer::Author;
    };
    Answer::made(
        format!(
            "Over folds, each of other {kept}s, accuracy is {} ± {}.",
            numbers::fixed(mean),
            numbers::fixed(sd)
        ),
        "folds",
    )
    .with_rest("centres and scanners")
}

/// Internal data.
pub(super) fn internal(report: &Report) -> Answer {
    let names: Vec<&str> = report
        .evaluations
        .iter()
        .map(|judged| judged.name.as_str())
        .collect();
    Answer::made(format!("{}.", names.join("; ")), "metrics")
}

/// External data.
pub(super) fn external(_: &Report) -> Answer {
    Answer::made(
        "None: no data of another source were judged, which page one names as a limit.",
        "page-one",
    )
}

/// What went wrong.
pub(super) fn failures(report: &Report) -> Answer {
    Answer::made(
        format!(
            "The {} errors that are held with most confidence are shown; confusion matrices count all.",
            report.most_wrong.len()
        ),
        "wrong",
    )
    .with_rest("why they went wrong, by a pathologist")
}

/// Explanations.
pub(super) fn explained(report: &Report) -> Answer {
    Answer::made(
        format!(
            "Maps of what speaks for an answer stand beside the errors (exact class maps, else HiRes-CAM); \
             'eosin explain {}' makes them of any image.",
            report.study.run
        ),
        "wrong",
    )
    .with_rest("what the maps show")
}

/// Limits.
pub(super) fn limitations(report: &Report) -> Answer {
    let all: Vec<&str> = report
        .page_one
        .cannot_tell
        .iter()
        .map(String::as_str)
        .collect();
    Answer::made(all.join(" "), "page-one").with_rest("limits of labels, patients and setting")
}

/// What is updated.
pub(super) fn updated(report: &Report) -> Answer {
    let applied = report.deciding.iter().any(|deciding| {
        deciding
            .calibrations
            .iter()
            .any(|one| one.is_applied && one.calibrator != "none")
    });
    if applied {
        return Answer::made(
            "The only change after training: probabilities were recalibrated, fitted out of fold before the test part \
             was judged.",
            "calibration",
        );
    }
    Answer::not_applicable("the model was not updated after it was evaluated")
}

/// Further details.
pub(super) fn details(report: &Report) -> Answer {
    Answer::made(
        format!(
            "This report, and in {} the configuration, the folds and every prediction.",
            report.study.run
        ),
        "configuration",
    )
    .with_rest("the study’s protocol")
}

//! Answers about the data.

use super::Answer;
use crate::model::{Report, SplitCounts};
use crate::numbers::count;

/// The split that models are judged on untouched, where there is one.
pub(super) fn test(report: &Report) -> Option<&SplitCounts> {
    report.data.splits.iter().find(|split| split.name == "test")
}

/// Nobody but the author knows.
pub(super) fn author(_: &Report) -> Answer {
    Answer::Author
}

/// `train: 64 benign, 52 malignant of 10 groups`, split by split.
pub(super) fn counts(report: &Report) -> String {
    let of = |split: &SplitCounts| {
        let classes = split.patches.iter().zip(&report.classes);
        let classes: Vec<String> = classes
            .map(|(patches, class)| format!("{} {class}", count(*patches)))
            .collect();
        let groups = split
            .groups
            .map(|groups| format!(" of {} groups", count(groups)));
        format!(
            "{}: {}{}",
            split.name,
            classes.join(", "),
            groups.unwrap_or_default()
        )
    };
    report
        .data
        .splits
        .iter()
        .map(of)
        .collect::<Vec<_>>()
        .join("; ")
}

/// Where the data are from.
pub(super) fn sources(report: &Report) -> Answer {
    let text = match test(report) {
        Some(_) => "Development and test part are both",
        None => "Development and evaluation are on the same patches, by cross-validation:",
    };
    Answer::made(
        format!("{text} from {}. {}.", report.data.source, counts(report)),
        "data",
    )
    .with_rest("where patients come from, why these data, and whom they represent")
}

/// What patches were taken.
pub(super) fn eligibility(report: &Report) -> Answer {
    let left_out = match report.study.left_out {
        Some(0) => "none was left out".to_owned(),
        Some(some) => format!(
            "{} that could not be used were left out, named in skipped.txt",
            count(some)
        ),
        None => "how many were left out is not known".to_owned(),
    };
    Answer::made(
        format!(
            "Every labelled patch in the folder that can be read and is not blank; {left_out}."
        ),
        "data",
    )
    .with_rest("which patients and slides were eligible")
}

/// How many of what were used.
pub(super) fn flow(report: &Report) -> Answer {
    let left_out = match report.study.left_out {
        Some(some) => format!("{} patches left out as unusable. ", count(some)),
        None => String::new(),
    };
    Answer::made(format!("{left_out}Used: {}.", counts(report)), "data")
        .with_rest("the way from patients asked to patches cut, as a diagram")
}

/// What is known of patches.
pub(super) fn characteristics(report: &Report) -> Answer {
    Answer::made(
        format!("Patches by class and part: {}.", counts(report)),
        "data",
    )
    .with_rest("age, sex, diagnosis, site and scanner of patients and slides")
}

/// What happens to patches before the network sees them.
pub(super) fn preprocessing(report: &Report) -> Answer {
    Answer::made(report.study.preprocessing.clone(), "configuration")
}

/// The same, with what was checked.
pub(super) fn preparation(report: &Report) -> Answer {
    let problems: Vec<&str> = report
        .study
        .checks
        .iter()
        .filter_map(|check| check.problem.as_deref())
        .collect();
    let checks = match (report.study.checks.len(), problems.as_slice()) {
        (0, _) => "No checks before training are on record.".to_owned(),
        (all, []) => format!("{all} checks before training found nothing."),
        (all, found) => format!("{all} checks before training found: {}.", found.join("; ")),
    };
    Answer::made(
        format!("{} {checks}", report.study.preprocessing),
        "configuration",
    )
}

/// What part of slides was used.
pub(super) fn subsets(report: &Report) -> Answer {
    Answer::made(
        format!("Whole patches as they were given. {}", report.study.input),
        "data",
    )
    .with_rest("how patches were chosen and cut from slides")
}

/// What is missing.
pub(super) fn missing(report: &Report) -> Answer {
    let left_out = match report.study.left_out {
        Some(0) => "none was".to_owned(),
        Some(some) => format!("{} were", count(some)),
        None => "how many is not known".to_owned(),
    };
    Answer::made(
        format!(
            "A patch has all its pixels or cannot be used: truncated, blank or unreadable ones end the run \
             unless they are left out by name ({left_out}); nothing is imputed. Every training patch has a \
             label."
        ),
        "data",
    )
}

/// How labels that contradict each other were found.
pub(super) fn label_agreement(report: &Report) -> Answer {
    let audit = &report.audit;
    if audit.pairs == 0 {
        return Answer::Author;
    }
    Answer::made(
        format!(
            "Of {} pairs of patches found to show the same tissue, {} are labelled differently.",
            count(audit.pairs),
            count(audit.labels_differ)
        ),
        "audit",
    )
    .with_rest("agreement within and between those who labelled")
}

/// How patches were divided.
pub(super) fn partition(report: &Report) -> Answer {
    Answer::made(
        format!("{} {}.", report.study.partition, counts(report)),
        "data",
    )
}

/// What may not be on both sides.
pub(super) fn disjoint(report: &Report) -> Answer {
    match &report.study.kept_together {
        Some(kept) => Answer::made(
            format!(
                "By {kept}: patches of one are never on both sides of a fold, which a run refuses. Copies and \
                 overlaps across folds: see the audit."
            ),
            "audit",
        ),
        None => Answer::made(
            "By patch only: no patient, slide or group was used, so patches of one slide may be on both sides.",
            "warnings",
        ),
    }
}

/// What was defined as the outcome.
pub(super) fn outcome(report: &Report) -> Answer {
    Answer::made(
        format!(
            "The class of a patch, one of {}, as the data name it.",
            report.classes.join(", ")
        ),
        "data",
    )
    .with_rest("how, by whom and by which standard labels were given")
}

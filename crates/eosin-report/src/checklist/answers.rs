//! Answers about the model and how it was made.

use super::Answer;
use super::data_answers::{counts, test};
use crate::model::Report;
use crate::numbers;

/// What the model is for, if its author said so.
pub(super) fn intended_use(report: &Report) -> Answer {
    match &report.page_one.intended_use {
        Some(text) => Answer::made(text.clone(), "page-one")
            .with_rest("the place in care, and who its users are, where that does not say it"),
        None => Answer::Author,
    }
}

/// Development, and validation of which kind.
pub(super) fn objectives(report: &Report) -> Answer {
    let judged = match test(report) {
        Some(_) => "internal validation by cross-validation and on a test part of the same data",
        None => "internal validation by cross-validation",
    };
    Answer::made(
        format!(
            "Development of a classifier of H&E patches ({}) with {judged}; no external validation.",
            report.classes.join(", ")
        ),
        "summary",
    )
}

/// What enters the model.
pub(super) fn predictors(report: &Report) -> Answer {
    Answer::made(
        format!(
            "The pixels of a patch and nothing else: none is selected beforehand. {}",
            report.study.model
        ),
        "reproducibility",
    )
}

/// How it is measured.
pub(super) fn predictors_measured(report: &Report) -> Answer {
    let mpp = match &report.study.mpp {
        Some(mpp) => format!("{mpp} micrometres a pixel."),
        None => "The size of a pixel in micrometres is not on record.".to_owned(),
    };
    Answer::made(format!("{} {mpp}", report.study.input), "configuration")
        .with_rest("scanner, magnification and staining")
}

/// Nobody judges pixels.
pub(super) fn predictors_subjective(_: &Report) -> Answer {
    Answer::not_applicable(
        "pixels are measured by a scanner: nobody interprets them before the model does",
    )
}

/// What was needed against what there is.
pub(super) fn sample_size(report: &Report) -> Answer {
    let first = report
        .deciding
        .iter()
        .flat_map(|deciding| &deciding.usefulness)
        .next();
    let Some(of) = first else {
        return Answer::Author;
    };
    let size = &of.sample_size;
    let met = size
        .needs
        .iter()
        .filter(|need| need.is_met == Some(true))
        .count();
    let worth = size
        .rows_worth
        .map(|worth| format!(", worth {worth:.0} independent ones"));
    Answer::made(
        format!(
            "{} patches were judged {}{}; they suffice for {met} of {} criteria (observed / expected, slope, \
             AUROC, net benefit).",
            numbers::count(size.rows as u64),
            of.part,
            worth.unwrap_or_default(),
            size.needs.len()
        ),
        "sample-size",
    )
    .with_rest("why so many were taken")
}

/// How the data were used.
pub(super) fn used_data(report: &Report) -> Answer {
    Answer::made(report.study.partition.clone(), "data")
}

/// How pixels enter.
pub(super) fn handled_predictors(report: &Report) -> Answer {
    Answer::made(
        format!(
            "{} {}",
            report.study.preprocessing, report.study.augmentation
        ),
        "configuration",
    )
}

/// The model and how it was built.
pub(super) fn model(report: &Report) -> Answer {
    let study = &report.study;
    Answer::made(
        format!("{} {} {}", study.model, study.training, study.selection),
        "configuration",
    )
}

/// What it is.
pub(super) fn architecture(report: &Report) -> Answer {
    Answer::made(report.study.model.clone(), "reproducibility")
}

/// What it was made with.
pub(super) fn software(report: &Report) -> Answer {
    Answer::made(report.study.software.clone(), "reproducibility")
}

/// What weights it begins with.
pub(super) fn initial_weights(report: &Report) -> Answer {
    Answer::made(report.study.initial_weights.clone(), "reproducibility")
}

/// How it was trained.
pub(super) fn training(report: &Report) -> Answer {
    let study = &report.study;
    Answer::made(
        format!(
            "{} {} {}",
            study.training, study.augmentation, study.imbalance
        ),
        "configuration",
    )
}

/// How the final model was chosen.
pub(super) fn selection(report: &Report) -> Answer {
    Answer::made(report.study.selection.clone(), "selection")
}

/// How several answer as one.
pub(super) fn combination(report: &Report) -> Answer {
    let link = if report.ensemble.is_some() {
        "ensemble"
    } else {
        "summary"
    };
    Answer::made(report.study.combination.clone(), link)
}

/// What was done about what belongs together.
pub(super) fn clusters(report: &Report) -> Answer {
    match &report.study.kept_together {
        Some(kept) => Answer::made(
            format!(
                "Folds keep every {kept} together, and intervals take {kept}s for independent, not patches."
            ),
            "metrics",
        ),
        None => Answer::made(
            "Nothing was done: no patient, slide or group is known, so patches count as independent, which page \
             one names as a limit.",
            "page-one",
        ),
    }
}

/// What measures.
pub(super) fn measures(report: &Report) -> Answer {
    let two = if report.classes.len() == 2 {
        "; calibration by slope, intercept and reliability with intervals; net benefit by threshold"
    } else {
        "; calibration by ECE and reliability of each class"
    };
    Answer::made(
        format!(
            "AUROC, AUPRC, sensitivity, specificity, predictive values, F1, MCC, log loss, Brier score{two}."
        ),
        "metrics",
    )
}

/// How uncertain they are.
pub(super) fn uncertainty(report: &Report) -> Answer {
    let basis = report
        .evaluations
        .first()
        .and_then(|judged| judged.metrics.intervals_by.as_ref());
    match basis {
        Some(basis) => Answer::made(
            format!(
                "{}; Wilson, DeLong or bootstrap, each said.",
                basis.heading()
            ),
            "metrics",
        ),
        None => Answer::Author,
    }
}

/// Whether it was updated.
pub(super) fn updating(report: &Report) -> Answer {
    let calibrators = report
        .deciding
        .iter()
        .flat_map(|deciding| &deciding.calibrations);
    match calibrators
        .filter(|one| one.is_applied)
        .find(|one| one.calibrator != "none")
    {
        Some(one) => Answer::made(
            format!(
                "Probabilities are recalibrated by {}, fitted out of fold.",
                one.calibrator
            ),
            "calibration",
        ),
        None => Answer::not_applicable("the model was not updated after it was evaluated"),
    }
}

/// How predictions were calculated for evaluation.
pub(super) fn calculated(report: &Report) -> Answer {
    Answer::made(report.study.combination.clone(), "metrics")
}

/// Classes of unequal size.
pub(super) fn imbalance(report: &Report) -> Answer {
    Answer::made(
        format!("{} {}.", report.study.imbalance, counts(report)),
        "data",
    )
}

/// Fairness.
pub(super) fn fairness(_: &Report) -> Answer {
    Answer::made(
        "None was used: no attribute of patients is known to the model or was balanced for.",
        "data",
    )
    .with_rest("whether one is needed here, and figures by groups of patients")
}

/// What comes out.
pub(super) fn output(report: &Report) -> Answer {
    Answer::made(
        format!("A probability of each class. {}", report.page_one.decided),
        "page-one",
    )
}

/// How development and evaluation differ.
pub(super) fn differences(report: &Report) -> Answer {
    match test(report) {
        None => {
            Answer::not_applicable("evaluated by cross-validation on the patches of development")
        }
        Some(_) => Answer::Author,
    }
}

/// What the model is, to be used.
pub(super) fn specification(report: &Report) -> Answer {
    Answer::made(
        format!(
            "The run folder holds every trained weight: 'eosin predict {run}' gives probabilities, 'eosin export \
             {run}' an ONNX file.",
            run = report.study.run
        ),
        "reproducibility",
    )
    .with_rest("where others get it, and under which terms")
}

/// The code.
pub(super) fn code(report: &Report) -> Answer {
    Answer::made(
        format!(
            "{} The command, the resolved configuration, the seed and all hashes are in this report.",
            report.study.software
        ),
        "reproducibility",
    )
    .with_rest("where own code and data can be had")
}

/// Images that cannot be used.
pub(super) fn bad_input(_: &Report) -> Answer {
    Answer::made(
        "'eosin predict' refuses an image that is truncated, unreadable or of another size, by name, unless it is \
         told to leave such out or to resize.",
        "data",
    )
    .with_rest("how tissue that the model has not seen is recognised")
}

/// What users do.
pub(super) fn users(report: &Report) -> Answer {
    Answer::made(
        format!(
            "Users give patches like those of training. {} Nothing else is asked of them.",
            report.study.input
        ),
        "data",
    )
    .with_rest("who is qualified to act on an answer")
}

//! How a run decides, as lines in the terminal.

use eosin_core::ThresholdRule;
use eosin_core::config::CalibratorKind;
use eosin_metrics::CutFigures;
use eosin_train::{CalibrationFigures, CalibratorFindings, DecisionFindings, ThresholdFindings};

/// What of decisions is shown.
const SHOWN: [Figure; 5] = [
    Figure {
        name: "sensitivity",
        of: |figures| figures.sensitivity,
    },
    Figure {
        name: "specificity",
        of: |figures| figures.specificity,
    },
    Figure {
        name: "precision",
        of: |figures| figures.precision,
    },
    Figure {
        name: "NPV",
        of: |figures| figures.npv,
    },
    Figure {
        name: "KHD score",
        of: |figures| figures.khd,
    },
];

/// One figure of decisions.
struct Figure {
    name: &'static str,
    of: fn(&CutFigures) -> Option<f64>,
}

/// A line for the calibrator and one for the threshold, where they were asked for and are applied: what
/// the run is without them, and with them.
pub fn decision_lines(found: &DecisionFindings) -> Vec<String> {
    let kind = found.asked.calibrate;
    let calibrated = found.applied.calibrator.as_ref().and_then(|_| {
        let plain = found.of_kind(CalibratorKind::None)?;
        Some(calibration_line(kind, plain, found.of_kind(kind)?))
    });
    let threshold = found
        .applied
        .threshold
        .filter(|threshold| threshold.rule.asks());
    let decided = threshold.and_then(|threshold| {
        let likeliest = found.of_rule(ThresholdRule::Likeliest)?;
        let line = threshold_line(likeliest, found.asked_threshold()?);
        Some(format!(
            "threshold {:.4} ({}), {line}",
            threshold.prob, threshold.rule
        ))
    });
    calibrated.into_iter().chain(decided).collect()
}

fn calibration_line(
    kind: CalibratorKind,
    plain: &CalibratorFindings,
    found: &CalibratorFindings,
) -> String {
    let pair = |[one, other]: [&CalibrationFigures; 2]| {
        format!(
            "log loss {}, Brier {}, ECE {}",
            arrow(one.log_loss, other.log_loss),
            arrow(one.brier, other.brier),
            arrow(one.ece, other.ece)
        )
    };
    let out_of_fold = plain.out_of_fold.first().zip(found.out_of_fold.first());
    let out_of_fold = match (out_of_fold, &found.out_of_fold_undefined) {
        (Some((one, other)), _) => {
            format!("out of fold (each by the others) {}", pair([one, other]))
        }
        (None, Some(why)) => format!("out of fold undefined ({why})"),
        (None, None) => "out of fold undefined".to_owned(),
    };
    let test = plain.test.as_ref().zip(found.test.as_ref());
    let test = test.map(|(one, other)| format!("; test {}", pair([one, other])));
    format!(
        "calibrated by {kind}, as it is -> calibrated: {out_of_fold}{}",
        test.unwrap_or_default()
    )
}

fn threshold_line(likeliest: &ThresholdFindings, found: &ThresholdFindings) -> String {
    let pair = |[one, other]: [&CutFigures; 2]| {
        let shown = SHOWN.iter();
        let each = shown.map(|Figure { name, of }| format!("{name} {}", arrow(of(one), of(other))));
        each.collect::<Vec<_>>().join(", ")
    };
    let out_of_fold = likeliest
        .out_of_fold
        .as_ref()
        .zip(found.out_of_fold.as_ref());
    let out_of_fold = match (out_of_fold, &found.out_of_fold_undefined) {
        (Some((one, other)), _) => {
            format!(
                "out of fold (chosen on the other folds) {}",
                pair([one, other])
            )
        }
        (None, Some(why)) => format!("out of fold undefined ({why})"),
        (None, None) => "out of fold undefined".to_owned(),
    };
    let test = likeliest.test.as_ref().zip(found.test.as_ref());
    let test = test.map(|(one, other)| format!("; test {}", pair([one, other])));
    format!(
        "likeliest class -> threshold: {out_of_fold}{}",
        test.unwrap_or_default()
    )
}

fn arrow(one: Option<f64>, other: Option<f64>) -> String {
    let shown = |value: Option<f64>| value.map_or("undefined".to_owned(), |v| format!("{v:.4}"));
    format!("{} -> {}", shown(one), shown(other))
}

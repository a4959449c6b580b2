//! Whether probabilities agree with what comes true, before and after calibrating.

use eosin_metrics::Estimate;

use crate::deciding::{CalibrationReport, CalibrationValues, DecidingReport, TwoClassCalibration};
use crate::evaluation::Evaluation;
use crate::html::{Table, each, escape, section};
use crate::model::Report;
use crate::numbers;
use crate::plots;

/// A figure of calibration: its name, and how it is read.
struct Measure {
    name: &'static str,
    of: fn(&CalibrationValues) -> String,
}

/// What stands in the table, a row each.
const MEASURES: [Measure; 12] = [
    Measure {
        name: "slope <small>1 is right</small>",
        of: |of| estimate(of, |two| &two.recalibration.slope),
    },
    Measure {
        name: "intercept <small>0 is right</small>",
        of: |of| estimate(of, |two| &two.recalibration.intercept),
    },
    Measure {
        name: "in the large <small>0 is right</small>",
        of: |of| estimate(of, |two| &two.recalibration.in_the_large),
    },
    Measure {
        name: "observed / expected <small>1 is right</small>",
        of: |of| two(of, |two| two.recalibration.observed_to_expected),
    },
    Measure {
        name: "ECE, 15 bins",
        of: |of| numbers::value(of.ece),
    },
    Measure {
        name: "log loss",
        of: |of| numbers::value(of.log_loss),
    },
    Measure {
        name: "Brier score",
        of: |of| numbers::value(of.brier),
    },
    Measure {
        name: "of it: reliability <small>lower is better</small>",
        of: |of| two(of, |two| Some(two.brier_parts.reliability)),
    },
    Measure {
        name: "of it: resolution <small>higher is better</small>",
        of: |of| two(of, |two| Some(two.brier_parts.resolution)),
    },
    Measure {
        name: "of it: uncertainty of the data",
        of: |of| two(of, |two| Some(two.brier_parts.uncertainty)),
    },
    Measure {
        name: "of it: within bins",
        of: |of| two(of, |two| Some(two.brier_parts.within_bins)),
    },
    Measure {
        name: "patches",
        of: |of| numbers::count(of.patches),
    },
];

/// The table and the reliability diagrams of each part; the diagrams of the evaluations alone where
/// nothing was found of how the run decides.
pub(crate) fn calibration(report: &Report) -> String {
    if report.evaluations.is_empty() {
        return String::new();
    }
    let body = match &report.deciding {
        Some(deciding) if !deciding.calibrations.is_empty() => of_parts(report, deciding),
        _ => of_evaluations(report),
    };
    section("calibration", "Calibration", &body)
}

fn of_evaluations(report: &Report) -> String {
    let figures = each(&report.evaluations, |evaluation: &Evaluation| {
        plots::reliability(evaluation, &report.classes)
    });
    format!("<div class=\"figures\">\n{figures}</div>\n")
}

fn of_parts(report: &Report, deciding: &DecidingReport) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for one in &deciding.calibrations {
        if !parts.contains(&one.part.as_str()) {
            parts.push(&one.part);
        }
    }
    let applied = deciding.calibrations.iter().find(|one| one.is_applied);
    let lead = match applied {
        Some(one) if one.calibrator != "none" => format!(
            "<p>Predicting calibrates by <b>{}</b>; the report’s other figures are of the run as it is.</p>\n",
            escape(&one.calibrator)
        ),
        _ => "<p>Probabilities are told as they are; beside them what each calibrator would make of them \
              (<code>judge.calibrate</code>).</p>\n"
            .to_owned(),
    };
    let undone = each(&deciding.undone, |text| {
        format!("<p class=\"warn\">{}.</p>\n", escape(text))
    });
    let of_part = each(parts, |part| of_part(report, deciding, part));
    format!(
        "{lead}{undone}{of_part}<p class=\"note\">Out of fold each fold is calibrated by what the other folds \
         give; on test patches by what all give. {}</p>\n",
        basis(deciding)
    )
}

fn basis(deciding: &DecidingReport) -> String {
    match deciding.by {
        Some(by) => format!("Intervals are by {by}."),
        None => "Intervals take patches for independent.".to_owned(),
    }
}

fn of_part(report: &Report, deciding: &DecidingReport, part: &str) -> String {
    let all: Vec<&CalibrationReport> = deciding
        .calibrations
        .iter()
        .filter(|one| one.part == part)
        .collect();
    let head = std::iter::once(String::new()).chain(all.iter().map(|one| {
        let name = match one.calibrator.as_str() {
            "none" => "as it is".to_owned(),
            name => escape(name),
        };
        let applied = if one.is_applied {
            " <b class=\"best\">applied</b>"
        } else {
            ""
        };
        format!("{name}{applied}")
    }));
    let mut table = Table::new(&format!("Calibration {}", escape(part)), head);
    let any_two = all
        .iter()
        .any(|one| matches!(&one.figures, Ok(values) if values.two_classes.is_some()));
    for measure in &MEASURES {
        let is_two =
            !["ECE, 15 bins", "log loss", "Brier score", "patches"].contains(&measure.name);
        if is_two && !any_two {
            continue;
        }
        let cells = all.iter().map(|one| match &one.figures {
            Ok(values) => (measure.of)(values),
            Err(_) => numbers::UNDEFINED.to_owned(),
        });
        table.row(
            std::iter::once(measure.name.to_owned())
                .chain(cells)
                .collect(),
        );
    }
    let why = each(&all, |one| match &one.figures {
        Ok(_) => String::new(),
        Err(why) => format!(
            "<p class=\"note\">{}: {}.</p>\n",
            escape(&one.calibrator),
            escape(why)
        ),
    });
    let drawn = all
        .iter()
        .filter(|one| one.calibrator == "none" || one.is_applied)
        .filter_map(|one| diagram(report, one));
    let drawn: Vec<String> = drawn.collect();
    let charts = if drawn.is_empty() {
        // Of more than two classes, as the evaluations have it.
        return format!("{}{why}{}", table.finish(), of_evaluations(report));
    } else {
        drawn.concat()
    };
    format!(
        "<div class=\"side table-first\">\n<div>{}{why}</div>\n<div class=\"figures\">\n{charts}</div>\n</div>\n",
        table.finish()
    )
}

fn diagram(report: &Report, one: &CalibrationReport) -> Option<String> {
    let values = one.figures.as_ref().ok()?;
    let points = &values.two_classes.as_ref()?.reliability;
    let how = match one.calibrator.as_str() {
        "none" => "as it is".to_owned(),
        name => format!("by {name}"),
    };
    let title = format!("Reliability {}, {how}", one.part);
    let class = &report.classes[report.positive];
    (!points.is_empty()).then(|| plots::reliability_points(&title, class, points))
}

fn two(of: &CalibrationValues, value: fn(&TwoClassCalibration) -> Option<f64>) -> String {
    match &of.two_classes {
        Some(two) => numbers::value(value(two)),
        None => String::new(),
    }
}

/// With what it is undefined for, where it is.
fn estimate(of: &CalibrationValues, value: fn(&TwoClassCalibration) -> &Estimate) -> String {
    let Some(two) = &of.two_classes else {
        return String::new();
    };
    let found = value(two);
    match (found.value, &found.undefined) {
        (None, Some(why)) => format!(
            "<span class=\"undefined\" title=\"{}\">undefined</span>",
            escape(&why.to_string())
        ),
        _ => numbers::value_with_interval(found.value, found.interval),
    }
}

//! What a caller of the report finds of the sample's predictions.

use eosin_metrics::{
    BrierParts, Metric, MetricSet, Recalibration, SampleSize, ScoredRows, decision_curve,
    reliability_points,
};
use eosin_report::{
    CalibrationReport, CalibrationValues, ClassFigures, DecidingReport, Evaluation, Figure,
    ThresholdReport, TwoClassCalibration, UsefulnessReport,
};

/// Of two classes the figures of the second, of more those of each.
pub fn figures(judged: &Evaluation) -> Vec<ClassFigures> {
    let set: &MetricSet = &judged.metrics;
    let classes = if set.class_count == 2 {
        1..2
    } else {
        0..set.class_count
    };
    let of = |class: usize| {
        let counts = set.confusion.one_vs_rest(class);
        let own = &set.per_class[class];
        let figure = |value: Option<f64>, metric: Metric| Figure {
            value,
            interval: match set.class_count {
                2 => set.interval(metric),
                _ => own.interval(metric),
            },
        };
        ClassFigures {
            class,
            targets: counts.positives(),
            others: counts.total() - counts.positives(),
            missed: counts.false_negatives,
            false_alarms: counts.false_positives,
            sensitivity: figure(own.recall, Metric::Recall),
            specificity: figure(own.specificity, Metric::Specificity),
            ppv: figure(own.precision, Metric::Precision),
            npv: figure(own.npv, Metric::Npv),
            at_prevalence: set.at_prevalence(0.05),
        }
    };
    classes.map(of).collect()
}

/// As `decision.json` would have it.
pub fn deciding(targets: &[usize], probs: &[f64]) -> DecidingReport {
    let positive = targets.iter().map(|target| *target == 1).collect();
    let z = probs.chunks(2).map(|row| (row[1] / row[0]).ln()).collect();
    let rows = ScoredRows::new(positive, z, None).unwrap();
    let values = |part: &str, calibrator: &str| CalibrationReport {
        calibrator: calibrator.to_owned(),
        is_applied: calibrator == "none",
        part: part.to_owned(),
        figures: Ok(CalibrationValues {
            patches: rows.len() as u64,
            log_loss: Some(0.2),
            brier: Some(0.1),
            ece: None,
            two_classes: Some(TwoClassCalibration {
                recalibration: Recalibration::of(&rows),
                brier_parts: BrierParts::of(&rows),
                reliability: reliability_points(&rows).unwrap(),
            }),
        }),
    };
    DecidingReport {
        undone: vec![],
        by: None,
        calibrations: vec![
            values("out of fold", "none"),
            values("out of fold", "platt"),
            CalibrationReport {
                figures: Err("there is one fold".to_owned()),
                ..values("out of fold", "isotonic")
            },
        ],
        thresholds: vec![ThresholdReport {
            rule: "likeliest".to_owned(),
            is_locked: true,
            prob: Ok(0.5),
            chosen_on: None,
            out_of_fold: None,
            test: None,
        }],
        usefulness: vec![UsefulnessReport {
            part: "out of fold".to_owned(),
            curve: decision_curve(&rows),
            sample_size: SampleSize::of(&rows, 0.0),
        }],
    }
}

//! Slices, robustness and patches that speak, as sections of a report.
#![expect(clippy::unwrap_used, reason = "helpers of a test fail by panicking")]

mod sample;

use eosin_metrics::{Groups, Interval, Metric, SliceFigures, SlicedRows};
use eosin_report::{
    Fact, Report, RobustnessReport, ShiftCurve, ShiftPoint, SliceKindReport, SliceRow, SlicedPart,
    SlicesReport, SpeakingClass, SpeakingPatch, render,
};

/// Figures of four rows, or of none.
fn figures(rows: &[usize]) -> SliceFigures {
    let (targets, preds, probs) = ([0, 1, 1, 0], [0, 1, 0, 0], [0.1, 0.8, 0.4, 0.3]);
    let groups = Groups::apart(4);
    let sliced = SlicedRows::new(&targets, &preds, &probs, 2, Some(1), &groups).unwrap();
    sliced.figures(rows)
}

fn slices(name: &str) -> SlicesReport {
    let row = |rows: &[usize]| SliceRow {
        name: name.to_owned(),
        too_small: true,
        figures: figures(rows),
    };
    SlicesReport {
        about: name.to_owned(),
        parts: vec![SlicedPart {
            name: name.to_owned(),
            all: figures(&[0, 1, 2, 3]),
            kinds: vec![SliceKindReport {
                kind: name.to_owned(),
                note: name.to_owned(),
                worst: name.to_owned(),
                is_told: true,
                shown: vec![row(&[0, 1]), row(&[])],
                count: 7,
            }],
        }],
        not_divided: vec![Fact::new(name, name)],
    }
}

fn robustness(name: &str) -> RobustnessReport {
    let point = |strength, after| ShiftPoint {
        name: name.to_owned(),
        strength,
        after,
        difference: after.map(|after: f64| after - 0.9),
        interval: after.map(|_| Interval {
            ci_low: -0.2,
            ci_high: 0.1,
        }),
        changed_share: 0.1,
        changed_interval: None,
    };
    RobustnessReport::Measured {
        sentences: vec![name.to_owned()],
        metric: Metric::Auroc,
        curves: vec![
            ShiftCurve {
                name: name.to_owned(),
                unchanged: 0.0,
                before: Some(0.9),
                points: vec![point(1.0, Some(0.8)), point(2.0, None)],
            },
            ShiftCurve {
                name: name.to_owned(),
                unchanged: 1.0,
                before: None,
                points: vec![point(0.8, None)],
            },
        ],
    }
}

fn with_parts(name: &str) -> Report {
    let patch = SpeakingPatch {
        key: name.to_owned(),
        pred: 0,
        prob: 0.4,
        origin: name.to_owned(),
        thumbnail: None,
    };
    let mut report = sample::report(&["benign", "malignant"], 3);
    report.slices = Some(slices(name));
    report.robustness = Some(robustness(name));
    report.speaking = vec![SpeakingClass {
        class: 1,
        typical: Vec::new(),
        least_sure: vec![patch],
    }];
    report
}

#[test]
fn what_is_known_has_sections_and_what_is_undefined_no_numbers() {
    let html = render(&with_parts("by site"));
    for id in ["slices", "robustness", "speaking"] {
        assert!(html.contains(&format!("<section id=\"{id}\">")), "{id}");
    }
    assert!(html.contains("too small to tell") && html.contains("5 more are in slices.json"));
    assert!(html.contains("<b>by site</b> (7 slices): <b>by site</b>"));
    assert!(html.contains("none is right"));
    assert!(!html.contains("NaN") && html.contains("undefined"));
}

#[test]
fn outside_text_is_escaped_in_these_sections_too() {
    let html = render(&with_parts("<script>\"&'"));
    assert!(!html.contains("<script"));
    assert!(html.matches("&lt;script&gt;&quot;&amp;&#39;").count() > 12);
}

#[test]
fn where_robustness_was_not_measured_the_command_is_told_and_nothing_else_is_left() {
    let mut report = sample::report(&["benign", "malignant"], 3);
    report.robustness = Some(RobustnessReport::NotMeasured {
        command: "eosin robustness runs/a".to_owned(),
    });
    let html = render(&report);
    assert!(html.contains("<code>eosin robustness runs/a</code>"));
    assert!(
        !html.contains("<section id=\"slices\">") && !html.contains("<section id=\"speaking\">")
    );
}

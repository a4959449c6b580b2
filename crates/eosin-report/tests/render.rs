//! What every report must be: self-contained, escaped, complete, well formed, deterministic.
#![expect(clippy::unwrap_used, reason = "helpers of a test fail by panicking")]

mod sample;

use eosin_metrics::MetricSet;
use eosin_report::{Evaluation, PairCard, PairsReport, Report, render};
use sample::report;

fn binary() -> Report {
    report(&["benign", "malignant"], 10)
}

/// Elements that have no end tag.
const VOID: [&str; 3] = ["meta", "img", "br"];

/// Panics unless every tag is closed in order.
fn assert_balanced(html: &str) {
    let mut open: Vec<&str> = vec![];
    let (before, rest) = html.split_once("<style>").unwrap();
    let without_style = [before, rest.split_once("</style>").unwrap().1].concat();
    for tag in without_style.split('<').skip(1) {
        let (tag, _) = tag
            .split_once('>')
            .unwrap_or_else(|| panic!("'<{tag}' never ends"));
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/'])
            .next()
            .unwrap();
        if let Some(closed) = tag.strip_prefix('/') {
            let last = open.pop();
            assert_eq!(last, Some(closed), "</{closed}> closes {last:?}");
        } else if !tag.starts_with('!') && !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(Box::leak(name.to_owned().into_boxed_str()));
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

#[test]
fn the_file_asks_nothing_of_the_network() {
    let html = render(&binary());
    for reference in [
        "http://", "https://", "//cdn", "<script", "<link", "@import", "url(", "<iframe", "srcset",
    ] {
        assert!(!html.contains(reference), "found {reference}");
    }
    for source in html.split("src=\"").skip(1) {
        assert!(
            source.starts_with("data:image/"),
            "an image comes from elsewhere"
        );
    }
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn every_section_and_chart_is_there() {
    let html = render(&binary());
    for id in [
        "page-one",
        "summary",
        "warnings",
        "data",
        "metrics",
        "confusion",
        "curves",
        "probabilities",
        "calibration",
        "usefulness",
        "sample-size",
        "audit",
        "selection",
        "model-card",
        "checklists",
        "folds",
        "learning",
        "wrong",
        "timings",
        "reproducibility",
        "configuration",
    ] {
        assert!(
            html.contains(&format!("<section id=\"{id}\">")),
            "no section {id}"
        );
        assert!(
            html.contains(&format!("<a href=\"#{id}\">")),
            "no link to {id}"
        );
    }
    // Three evaluations with ROC, PR and histogram, a reliability diagram, a decision curve, two overviews,
    // ten folds.
    assert_eq!(html.matches("<svg ").count(), 3 * 3 + 1 + 1 + 2 + 10);
    assert_eq!(
        html.matches("<svg ").count(),
        html.matches("role=\"img\" aria-label").count()
    );
    assert_eq!(
        html.matches("<img ").count(),
        html.matches("<img alt=\"Patch ").count()
            + html.matches("<img alt=\"What speaks for").count()
    );
}

#[test]
fn tags_are_balanced_with_two_classes_and_with_nine() {
    assert_balanced(&render(&binary()));
    let nine = [
        "ADI", "BACK", "DEB", "LYM", "MUC", "MUS", "NORM", "STR", "TUM",
    ];
    let html = render(&report(&nine, 3));
    assert_balanced(&html);
    assert!(html.contains("<section id=\"classes\">"));
    assert!(html.contains("macro averages"));
}

#[test]
fn outside_text_is_escaped_wherever_it_appears() {
    let evil = "<b>&\"'</b><script>alert(1)</script>";
    let mut report = binary();
    report.title = evil.to_owned();
    report.run_id = evil.to_owned();
    report.created = evil.to_owned();
    report.eosin_version = evil.to_owned();
    report.classes = vec![evil.to_owned(), format!("{evil}2")];
    report.data.source = evil.to_owned();
    report.data.split_kind = evil.to_owned();
    report.data.splits[0].name = evil.to_owned();
    report.warnings[0] = evil.to_owned();
    report.pairs = Some(PairsReport {
        about: evil.to_owned(),
        shown: vec![PairCard {
            keys: [evil.to_owned(), evil.to_owned()],
            what: evil.to_owned(),
            how: evil.to_owned(),
            across: evil.to_owned(),
            thumbnails: [None, None],
        }],
        count: 3,
    });
    report.evaluations[0].name = evil.to_owned();
    report.evaluations[0].note = evil.to_owned();
    report.most_wrong[0].key = evil.to_owned();
    report.most_wrong[0].origin = evil.to_owned();
    report.config_toml = evil.to_owned();
    report.timings[0].stage = evil.to_owned();
    report.timings[0].note = evil.to_owned();
    report.reproducibility[0].name = evil.to_owned();
    report.reproducibility[0].value = evil.to_owned();
    report.command = evil.to_owned();
    report.page_one.intended_use = Some(evil.to_owned());
    report.page_one.judged = evil.to_owned();
    report.page_one.decided = evil.to_owned();
    report.page_one.cannot_tell = vec![evil.to_owned()];
    report.page_one.no_pictures = Some(evil.to_owned());
    report.study.model = evil.to_owned();
    report.study.preprocessing = evil.to_owned();
    report.study.run = evil.to_owned();
    report.study.selection = evil.to_owned();
    report.audit.sentences = vec![evil.to_owned()];
    report.audit.command = evil.to_owned();
    let deciding = report.deciding.as_mut().unwrap();
    deciding.undone = vec![evil.to_owned()];
    deciding.calibrations[0].calibrator = evil.to_owned();
    deciding.calibrations[0].part = evil.to_owned();
    deciding.calibrations[2].figures = Err(evil.to_owned());
    deciding.thresholds[0].rule = evil.to_owned();
    deciding.thresholds[0].prob = Err(evil.to_owned());
    deciding.usefulness[0].part = evil.to_owned();
    let html = render(&report);
    assert!(!html.contains("<script") && !html.contains("<b>&\""));
    assert!(html.contains("&lt;b&gt;&amp;&quot;&#39;&lt;/b&gt;&lt;script&gt;"));
    assert!(html.contains("<section id=\"pairs\">") && html.contains("And 2 more"));
    assert_balanced(&html);
}

#[test]
fn an_undefined_metric_is_called_undefined_and_never_given_a_number() {
    let mut report = binary();
    // Only benign targets, all called benign: no recall, no precision, no AUROC.
    let probs = [0.9, 0.1, 0.8, 0.2];
    report.evaluations = vec![Evaluation::new("Test", "", &[0, 0], &probs, 2, 1).unwrap()];
    report.folds[0].metrics = MetricSet::new(&[0, 0], &probs, 2, 1).unwrap();
    let html = render(&report);
    let metrics = html.split_once("<section id=\"metrics\">").unwrap().1;
    for name in [
        "AUROC",
        "AUPRC",
        "Precision",
        "Recall (sensitivity)",
        "F1",
        "MCC",
    ] {
        let row = metrics
            .split_once(&format!("<th scope=\"row\">{name}</th>"))
            .unwrap()
            .1;
        let first = row.split_once("<td>").unwrap().1;
        let first = first.split_once("</td>").unwrap().0;
        assert!(
            first.contains("undefined") && !first.contains("0.0000"),
            "{name}: {first}"
        );
    }
    assert!(metrics.contains("undefined in 1"));
    assert!(!html.contains("NaN"));
    assert_balanced(&html);
}

#[test]
fn a_run_without_folds_or_test_leaves_columns_out() {
    let mut report = binary();
    report.folds.clear();
    report.evaluations.truncate(1);
    report.timings.clear();
    report.most_wrong.clear();
    report.warnings.clear();
    let html = render(&report);
    assert!(!html.contains("folds, mean") && !html.contains("Test, best fold"));
    assert!(html.contains("No prediction was wrong"));
    assert!(!html.contains("<section id=\"learning\">"));
    assert_balanced(&html);
    report.evaluations.clear();
    assert_balanced(&render(&report));
}

#[test]
fn the_same_report_gives_the_same_bytes_and_a_small_file() {
    let (first, second) = (render(&binary()), render(&binary()));
    assert_eq!(first, second);
    assert!(first.len() < 400_000, "{} bytes", first.len());
}

#[test]
#[ignore = "writes samples to look at, into the temporary folder"]
fn write_samples() {
    let folder = std::env::temp_dir();
    std::fs::write(folder.join("eosin-report.html"), render(&binary())).unwrap();
    let nine = [
        "ADI", "BACK", "DEB", "LYM", "MUC", "MUS", "NORM", "STR", "TUM",
    ];
    std::fs::write(
        folder.join("eosin-report-9.html"),
        render(&report(&nine, 3)),
    )
    .unwrap();
}

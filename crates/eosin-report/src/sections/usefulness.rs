//! What decisions gain, ways of choosing a threshold, and whether patches suffice to tell.

use eosin_metrics::{Criterion, CutFigures, DecisionPoint, Need, SampleSize};

use crate::deciding::{DecidingReport, ThresholdReport, UsefulnessReport};
use crate::html::{Table, each, escape, section};
use crate::model::Report;
use crate::numbers;
use crate::plots;

/// Thresholds that stand in the table beside the curve.
const SHOWN: [f64; 7] = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9];

/// Decision curves and thresholds; nothing of more than two classes.
pub(crate) fn usefulness(report: &Report) -> String {
    let Some(deciding) = &report.deciding else {
        return String::new();
    };
    if deciding.usefulness.is_empty() && deciding.thresholds.is_empty() {
        return String::new();
    }
    let curves = each(&deciding.usefulness, curve);
    let body = format!(
        "<p>Net benefit: right alarms per patch, less false ones weighted by what the threshold says that they \
         cost. A model is worth using where its line is above both others.</p>\n{curves}{}",
        thresholds(deciding)
    );
    section("usefulness", "Decision curve and thresholds", &body)
}

fn curve(one: &UsefulnessReport) -> String {
    if one.curve.is_empty() {
        return format!(
            "<p>{}: undefined, all patches are of one class.</p>\n",
            capital(&one.part)
        );
    }
    let title = format!("Decision curve {}", one.part);
    let head = [
        "threshold",
        "the model",
        "act on every patch",
        "alarms spared of 100",
    ];
    let mut table = Table::new(&format!("Net benefit {}", escape(&one.part)), head);
    for shown in SHOWN {
        let near = |point: &&DecisionPoint| (point.threshold - shown).abs() < 1e-9;
        if let Some(point) = one.curve.iter().find(near) {
            table.row(vec![
                format!("{shown:.2}"),
                numbers::value(Some(point.model)),
                numbers::value(Some(point.treat_all)),
                format!("{:.1}", point.avoided * 100.0),
            ]);
        }
    }
    format!(
        "<div class=\"side\">\n<div class=\"figures wide\">\n{}</div>\n<div>{}</div>\n</div>\n",
        plots::decision_curve(&title, &one.curve),
        table.finish()
    )
}

fn thresholds(deciding: &DecidingReport) -> String {
    if deciding.thresholds.is_empty() {
        return String::new();
    }
    let has_test = deciding.thresholds.iter().any(|one| one.test.is_some());
    let mut head = [
        "way",
        "probability",
        "sensitivity",
        "specificity",
        "PPV",
        "NPV",
        "F1",
    ]
    .map(str::to_owned)
    .to_vec();
    if has_test {
        let of_test = ["sensitivity", "specificity", "PPV", "NPV", "F1"];
        head.extend(of_test.map(|name| format!("test {name}")));
    }
    let mut table = Table::new(
        "Ways of choosing a threshold, out of fold chosen on the other folds",
        head,
    );
    for one in &deciding.thresholds {
        table.row(threshold_row(one, has_test));
    }
    format!(
        "<details><summary>Ways of choosing a threshold</summary>\n{}</details>\n",
        table.finish()
    )
}

fn threshold_row(one: &ThresholdReport, has_test: bool) -> Vec<String> {
    let locked = if one.is_locked {
        " <b class=\"best\">locked</b>"
    } else {
        ""
    };
    let prob = match &one.prob {
        Ok(prob) => numbers::value(Some(*prob)),
        Err(why) => format!(
            "<span class=\"undefined\" title=\"{}\">undefined</span>",
            escape(why)
        ),
    };
    let mut cells = vec![format!("{}{locked}", escape(&one.rule)), prob];
    cells.extend(figures(one.out_of_fold.as_ref()));
    if has_test {
        cells.extend(figures(one.test.as_ref()));
    }
    cells
}

fn figures(of: Option<&CutFigures>) -> [String; 5] {
    let value = |value: fn(&CutFigures) -> Option<f64>| numbers::value(of.and_then(value));
    [
        value(|of| of.sensitivity),
        value(|of| of.specificity),
        value(|of| of.precision),
        value(|of| of.npv),
        value(|of| of.f1),
    ]
}

/// Patches needed against those at hand.
pub(crate) fn sample_size(report: &Report) -> String {
    let parts = report
        .deciding
        .iter()
        .flat_map(|deciding| &deciding.usefulness);
    let tables: Vec<String> = parts
        .map(|one| size_table(&one.part, &one.sample_size))
        .collect();
    if tables.is_empty() {
        return String::new();
    }
    let body = format!(
        "<div class=\"side\">\n{}</div>\n<p class=\"note\">What an evaluation of a model like this one needs for \
         intervals of useful width (Riley et al. 2021, as pmvalsampsize has it), times what the groups \
         cost.</p>\n",
        tables.concat()
    );
    section("sample-size", "Sample size", &body)
}

fn size_table(part: &str, size: &SampleSize) -> String {
    let head = [
        "interval of",
        "",
        "needed",
        "there are",
        "width wanted",
        "width here",
    ];
    let mut table = Table::new(&format!("Patches needed, {}", escape(part)), head);
    for need in &size.needs {
        table.row(need_row(need, size.rows));
    }
    format!("<div>{}<p>{}</p></div>\n", table.finish(), design(size))
}

fn need_row(need: &Need, rows: usize) -> Vec<String> {
    let enough = match need.is_met {
        Some(true) => "<span class=\"good\">enough</span>",
        Some(false) => "<b class=\"warn\">too few</b>",
        None => "",
    };
    vec![
        criterion(need.criterion).to_owned(),
        enough.to_owned(),
        need.rows
            .map_or_else(|| numbers::UNDEFINED.to_owned(), numbers::count),
        numbers::count(rows as u64),
        format!("{}", need.width),
        numbers::value(need.width_here),
    ]
}

const fn criterion(of: Criterion) -> &'static str {
    match of {
        Criterion::ObservedToExpected => "observed / expected",
        Criterion::Slope => "slope of calibration",
        Criterion::CStatistic => "AUROC",
        Criterion::NetBenefit => "net benefit, standardised",
    }
}

fn design(size: &SampleSize) -> String {
    let design = &size.design;
    match (design.effect, size.rows_worth) {
        (Some(effect), Some(worth)) if design.icc.is_some() => format!(
            "{} groups, a patch in one of {:.1} on average: design effect {effect:.2}, so {} patches are worth \
             {worth:.0} independent ones.",
            design.groups, design.rows_a_group, size.rows
        ),
        (Some(_), _) => {
            "Each patch counts by itself: no groups are known, or each has one patch.".to_owned()
        }
        (None, _) => "One group only: what its patches are worth is undefined.".to_owned(),
    }
}

/// With a capital at the front, escaped.
pub(crate) fn capital(text: &str) -> String {
    let mut rest = text.chars();
    match rest.next() {
        Some(first) => escape(&(first.to_uppercase().collect::<String>() + rest.as_str())),
        None => String::new(),
    }
}

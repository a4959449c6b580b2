//! How the run does on parts of its patches.

use eosin_metrics::{Measured, SliceFigures};

use crate::html::{Table, each, escape, section};
use crate::model::Report;
use crate::numbers;
use crate::slices::{SliceKindReport, SliceRow, SlicedPart, SlicesReport};

/// The worst slice of each kind, then every kind folded away; nothing where slices are not known.
pub(crate) fn slices(report: &Report) -> String {
    let Some(slices) = &report.slices else {
        return String::new();
    };
    let parts = each(&slices.parts, part);
    let body = format!(
        "<p>{}</p>\n{parts}{}<p class=\"note\">{METHOD}</p>\n",
        escape(&slices.about),
        not_divided(slices)
    );
    section("slices", "Slices", &body)
}

const METHOD: &str = "The worst slice is the one whose accuracy has the largest deviance from what its classes \
     let expect. Slices of the same sizes and classes are drawn at random, with the patches of a patient, \
     slide or group together wherever slices hold several of these; p is how often the worst of them falls \
     as far below. A slice is too small to tell where even if all of its patches were wrong that might be \
     chance.";

fn part(part: &SlicedPart) -> String {
    let worst = each(&part.kinds, |kind| {
        let (name, worst) = (escape(&kind.kind), escape(&kind.worst));
        let worst = if kind.is_told {
            format!("<b>{worst}</b>")
        } else {
            worst
        };
        format!("<li><b>{name}</b> ({} slices): {worst}</li>\n", kind.count)
    });
    let tables = each(&part.kinds, |kind| folded(kind, part));
    format!(
        "<h3>{}</h3>\n<p>The worst of each kind:</p>\n<ul class=\"plain\">\n{worst}</ul>\n{tables}",
        escape(&part.name)
    )
}

fn folded(kind: &SliceKindReport, part: &SlicedPart) -> String {
    let mut head = vec!["slice", "patches", "accuracy"];
    if part.all.positives.is_some() {
        head.extend(["recall", "specificity", "AUROC"]);
    }
    head.extend(["mean probability", "came true"]);
    let caption = format!("By {}, {}", escape(&kind.kind), escape(&part.name));
    let mut table = Table::new(&caption, head);
    for slice in &kind.shown {
        table.row(row(slice));
    }
    let all = SliceRow {
        name: "all".to_owned(),
        too_small: false,
        figures: part.all,
    };
    table.foot(row(&all));
    let more = match kind.count.saturating_sub(kind.shown.len()) {
        0 => String::new(),
        more => format!(" {more} more are in slices.json."),
    };
    format!(
        "<details><summary>By {} ({} slices)</summary>\n<p class=\"note\">{}{more}</p>\n{}</details>\n",
        escape(&kind.kind),
        kind.count,
        escape(&kind.note),
        table.finish()
    )
}

fn row(slice: &SliceRow) -> Vec<String> {
    let SliceFigures {
        patches, groups, ..
    } = slice.figures;
    let small = if slice.too_small {
        " <small class=\"ci\">too small to tell</small>"
    } else {
        ""
    };
    let of_groups = if groups < patches {
        format!("<small class=\"ci\">of {}</small>", numbers::count(groups))
    } else {
        String::new()
    };
    let cell = |measured: Measured| numbers::value_with_interval(measured.value, measured.interval);
    let figures = &slice.figures;
    let mut cells = vec![
        format!("{}{small}", escape(&slice.name)),
        format!("{}{of_groups}", numbers::count(patches)),
        cell(figures.accuracy),
    ];
    if figures.positives.is_some() {
        cells.extend([figures.recall, figures.specificity, figures.auroc].map(cell));
    }
    cells.push(numbers::value(figures.mean_prob));
    cells.push(cell(figures.observed));
    cells
}

fn not_divided(slices: &SlicesReport) -> String {
    let items = each(&slices.not_divided, |fact| {
        format!(
            "<li>not by {}: {}</li>\n",
            escape(&fact.name),
            escape(&fact.value)
        )
    });
    if items.is_empty() {
        items
    } else {
        format!("<ul class=\"plain\">\n{items}</ul>\n")
    }
}

//! What stands first: the headline numbers, the warnings and the data.

use eosin_metrics::Metric;

use crate::html::{Table, each, escape, section};
use crate::model::{Fact, Report};
use crate::numbers;

/// The numbers that a reader looks for first.
const HEADLINE: [Metric; 6] = [
    Metric::Khd,
    Metric::Auroc,
    Metric::BalancedAccuracy,
    Metric::Recall,
    Metric::Specificity,
    Metric::F1,
];

/// Tiles with the headline numbers of the first evaluation.
pub(crate) fn summary(report: &Report) -> String {
    let Some(evaluation) = report.evaluations.first() else {
        return String::new();
    };
    let tiles = each(HEADLINE, |metric| {
        let value = numbers::value_with_interval(
            evaluation.metrics.get(metric),
            evaluation.metrics.interval(metric),
        );
        format!(
            "<div class=\"tile\"><dt>{}</dt><dd>{value}</dd></div>\n",
            metric.title()
        )
    });
    let name = escape(&evaluation.name);
    let patches = numbers::count(evaluation.metrics.count);
    let basis = evaluation.metrics.intervals_by.as_ref();
    let interval = basis.map_or_else(
        || "95 % interval".to_owned(),
        |basis| {
            let counted = basis.by.counted(basis.groups);
            format!("95 % interval by {} ({counted})", basis.by)
        },
    );
    let likeliest = if report.page_one.is_moved {
        " Here, in the metrics and in the confusion matrices a patch counts as its likeliest class; the figures at the \
         locked threshold are on page one."
    } else {
        ""
    };
    let body = format!(
        "<p class=\"lead\">{name}, {patches} patches. Beneath a value: its {interval}.{likeliest}</p>\n\
         <dl class=\"tiles\">\n{tiles}</dl>\n"
    );
    section("summary", "Summary", &body)
}

/// What limits trust in the numbers.
pub(crate) fn warnings(report: &Report) -> String {
    if report.warnings.is_empty() {
        return section("warnings", "Warnings", "<p class=\"good\">None.</p>\n");
    }
    let items = each(&report.warnings, |text| {
        format!("<li>{}</li>\n", escape(text))
    });
    section(
        "warnings",
        "Warnings",
        &format!("<ul class=\"warnings\">\n{items}</ul>\n"),
    )
}

/// The data: where it is, how it was split, how many of what.
pub(crate) fn data(report: &Report) -> String {
    let data = &report.data;
    let mut facts = vec![
        Fact::new("source", data.source.as_str()),
        Fact::new("split", data.split_kind.as_str()),
    ];
    facts.extend(data.facts.iter().cloned());
    let mut head = vec!["split".to_owned()];
    head.extend(report.classes.iter().map(|class| escape(class)));
    head.extend(["patches".to_owned(), "groups".to_owned()]);
    let mut table = Table::new("Patches by split and class", head);
    for split in &data.splits {
        let total: u64 = split.patches.iter().sum();
        let mut cells = vec![escape(&split.name)];
        cells.extend(split.patches.iter().map(|&count| with_share(count, total)));
        cells.push(numbers::count(total));
        cells.push(
            split
                .groups
                .map_or_else(|| "unknown".to_owned(), numbers::count),
        );
        table.row(cells);
    }
    section(
        "data",
        "Data",
        &format!("{}{}", fact_list(&facts), table.finish()),
    )
}

fn with_share(count: u64, total: u64) -> String {
    if total == 0 {
        return numbers::count(count);
    }
    let share = numbers::percent(count as f64 / total as f64);
    format!(
        "{}<small class=\"ci\">{share}</small>",
        numbers::count(count)
    )
}

/// Names and values as a definition list.
pub(crate) fn fact_list(facts: &[Fact]) -> String {
    let items = each(facts, |fact| {
        format!(
            "<div><dt>{}</dt><dd>{}</dd></div>\n",
            escape(&fact.name),
            escape(&fact.value)
        )
    });
    format!("<dl class=\"facts\">\n{items}</dl>\n")
}

//! How a run does on parts of its patches, as tables in the terminal.

use eosin_metrics::{Measured, SliceFigures};
use eosin_run::{KindSlices, PartSlices, SlicesRecord};

use crate::output::{say, say_table};

/// Slices of a kind that are printed.
const SHOWN: usize = 8;

/// Prints every kind of slices of every part, and what is to be said of the worst.
pub fn print_slices(record: &SlicesRecord) {
    for part in &record.parts {
        say(&format!(
            "\n{}, where {} counts: {} patches",
            part.part, record.decided, part.all.patches
        ));
        for kind in &part.kinds {
            print_kind(part, kind);
        }
    }
    for not in &record.not_divided {
        say(&format!("not by {}: {}", not.kind, not.why));
    }
}

fn print_kind(part: &PartSlices, kind: &KindSlices) {
    let two_classes = part.all.positives.is_some();
    let name = format!("{} ({})", kind.kind, kind.told_by);
    let mut header = vec![name.as_str(), "patches", "accuracy"];
    if two_classes {
        header.extend(["recall", "specificity", "AUROC"]);
    }
    header.extend(["mean probability", "came true"]);
    let slices = kind.worst_first();
    let mut rows: Vec<Vec<String>> = slices
        .iter()
        .take(SHOWN)
        .map(|slice| {
            let small = if slice.too_small {
                " (too small to tell)"
            } else {
                ""
            };
            row(format!("{}{small}", slice.name), &slice.figures)
        })
        .collect();
    rows.push(row("all".to_owned(), &part.all));
    say_table(&header, rows);
    let more = slices.len().saturating_sub(SHOWN);
    if more > 0 {
        say(&format!("and {more} more, in slices.json"));
    }
    say(&format!("worst {}: {}", kind.kind, kind.worst_text()));
}

fn row(name: String, figures: &SliceFigures) -> Vec<String> {
    let mut row = vec![name, figures.patches.to_string(), cell(figures.accuracy)];
    if figures.positives.is_some() {
        row.extend([figures.recall, figures.specificity, figures.auroc].map(cell));
    }
    let mean = figures.mean_prob;
    row.push(mean.map_or_else(|| "undefined".to_owned(), |mean| format!("{mean:.3}")));
    row.push(cell(figures.observed));
    row
}

/// `0.912 [0.900, 0.924]`
fn cell(measured: Measured) -> String {
    let Some(value) = measured.value else {
        return "undefined".to_owned();
    };
    match measured.interval {
        Some(interval) => {
            format!(
                "{value:.3} [{:.3}, {:.3}]",
                interval.ci_low, interval.ci_high
            )
        }
        None => format!("{value:.3}"),
    }
}

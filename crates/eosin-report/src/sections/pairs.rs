//! Patches that show the same tissue on both sides of a fold or part.

use crate::audit::pair_card;
use crate::html::{each, escape, section};
use crate::model::Report;

/// The pairs with their pictures; nothing where none were found.
pub(crate) fn pairs(report: &Report) -> String {
    let Some(pairs) = &report.pairs else {
        return String::new();
    };
    let left_out = match pairs.count.saturating_sub(pairs.shown.len()) {
        0 => String::new(),
        more => format!("<p>And {more} more, all in audit.json.</p>\n"),
    };
    let cards = each(&pairs.shown, pair_card);
    let body = format!(
        "<p>{}.</p>\n<ol class=\"patches\">\n{cards}</ol>\n{left_out}",
        escape(&pairs.about)
    );
    section("pairs", "Pairs across folds", &body)
}

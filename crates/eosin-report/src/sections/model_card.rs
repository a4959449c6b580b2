//! The model card.

use crate::card::parts;
use crate::html::{each, escape, section};
use crate::model::Report;

/// The card, part beside part.
pub(crate) fn model_card(report: &Report) -> String {
    let cards = each(parts(report), |part| {
        let lines = each(part.lines, |line| format!("<p>{}</p>\n", escape(&line)));
        format!("<div><h3>{}</h3>\n{lines}</div>\n", part.heading)
    });
    let body = format!(
        "<p>The same lies beside this report as Markdown.</p>\n<div class=\"card\">\n{cards}</div>\n"
    );
    section("model-card", "Model card", &body)
}

//! What an ensemble is made of, what the search looked at, and how the members get along.

use crate::html::{Table, each, escape, section};
use crate::model::{EnsembleReport, HeatMap, Report, ShareReport};
use crate::numbers;

/// The search, and how the members get along; nothing of a run that is no ensemble.
pub(crate) fn ensemble(report: &Report) -> String {
    let Some(ensemble) = &report.ensemble else {
        return String::new();
    };
    let sentences = each(&ensemble.sentences, |text| {
        format!("<p>{}</p>\n", escape(text))
    });
    let maps = each(&ensemble.maps, |map| heat_map(map, &ensemble.members));
    let body = format!(
        "{sentences}<div class=\"side\">\n{}<div>{}</div>\n</div>\n<div class=\"figures\">\n{maps}</div>\n",
        candidates(ensemble),
        shares(ensemble) + &joined_shares(ensemble),
    );
    section("ensemble", "Ensemble", &body)
}

fn candidates(ensemble: &EnsembleReport) -> String {
    if ensemble.candidates.is_empty() {
        return String::new();
    }
    let head = [
        "members",
        "method",
        ensemble.metric.title(),
        "MB",
        "ms a patch",
        "",
    ];
    let mut table = Table::new("The best of what was searched", head);
    for candidate in &ensemble.candidates {
        let mut marks = Vec::new();
        if candidate.is_chosen {
            marks.push("<b class=\"best\">chosen</b>");
        }
        if candidate.is_pareto {
            marks.push("none is better in all three");
        }
        table.row(vec![
            escape(&candidate.members.join(", ")),
            escape(&candidate.method),
            numbers::value(candidate.score),
            format!("{:.1}", candidate.megabytes),
            format!("{:.1}", candidate.millis),
            marks.join(", "),
        ]);
    }
    format!(
        "<details open><summary>{} candidates</summary>\n{}</details>\n",
        ensemble.candidates.len(),
        table.finish()
    )
}

fn shares(ensemble: &EnsembleReport) -> String {
    let title = ensemble.metric.title();
    let head = [
        "member".to_owned(),
        format!("{title} alone"),
        "all gain over all others".to_owned(),
        "Shapley share".to_owned(),
    ];
    let caption = "What each member brings to the mean of logits";
    share_table(Table::new(caption, head), &ensemble.shares)
}

/// The same of one head: what a member says of a patch is taken out, and its mean left.
fn joined_shares(ensemble: &EnsembleReport) -> String {
    if ensemble.joined_shares.is_empty() {
        return String::new();
    }
    let title = ensemble.metric.title();
    let head = [
        "member".to_owned(),
        format!("{title} by its embedding alone"),
        "lost without it".to_owned(),
        "Shapley share".to_owned(),
    ];
    let caption = "What each member's embedding brings to the head on all of them";
    share_table(Table::new(caption, head), &ensemble.joined_shares)
}

fn share_table(mut table: Table, shares: &[ShareReport]) -> String {
    for share in shares {
        table.row(vec![
            escape(&share.member),
            numbers::value(share.alone),
            numbers::value(share.leave_one_out),
            numbers::value(share.shapley),
        ]);
    }
    table.finish()
}

/// A symmetric matrix, shaded by its values, of which the diagonal says nothing.
fn heat_map(map: &HeatMap, members: &[String]) -> String {
    let name = escape(&map.name);
    let head = each(members, |member| {
        format!("<th scope=\"col\">{}</th>", escape(member))
    });
    let values = map.values.iter().enumerate();
    let off_diagonal = values.flat_map(|(at, row)| {
        let row = row.iter().enumerate();
        row.filter_map(move |(other, value)| value.filter(|_| other != at))
    });
    let largest = off_diagonal.map(f64::abs).fold(f64::MIN_POSITIVE, f64::max);
    let rows = each(
        map.values.iter().zip(members).enumerate(),
        |(at, (row, member))| {
            let cell = |(other, value): (usize, &Option<f64>)| match value {
                _ if other == at => "<td></td>".to_owned(),
                None => format!("<td>{}</td>", numbers::UNDEFINED),
                Some(value) => {
                    let kind = if *value < 0.0 { "right" } else { "wrong" };
                    let tint = 70.0 * value.abs() / largest;
                    format!(
                        "<td class=\"{kind}\" style=\"--tint:{tint:.0}%\">{}</td>",
                        numbers::fixed(*value)
                    )
                }
            };
            let cells: String = row.iter().enumerate().map(cell).collect();
            format!(
                "<tr><th scope=\"row\">{}</th>{cells}</tr>\n",
                escape(member)
            )
        },
    );
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{name}\">\
         <table class=\"confusion\">\n<caption>{name}</caption>\n\
         <thead><tr><td class=\"corner\"></td>{head}</tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div>\n"
    )
}

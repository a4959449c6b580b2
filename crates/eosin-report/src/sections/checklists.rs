//! Checklists as tables: each item answered, not applicable, or left for the author.

use crate::checklist::{ALL, Answer, Checklist, ChecklistShare, Item, share};
use crate::html::{Table, each, escape, section};
use crate::model::Report;
use crate::numbers;

/// The checklists, folded away; answers link to those of `sections` that are there.
pub(crate) fn checklists(report: &Report, sections: &[String]) -> String {
    let lists = each(&ALL, |list| table(list, report, sections));
    let body = format!(
        "<p>What follows from the run is answered; an answer that covers an item in part says what is left. Items \
         are paraphrased: the guidelines’ own words count.</p>\n{lists}"
    );
    section("checklists", "Reporting checklists", &body)
}

fn table(list: &Checklist, report: &Report, sections: &[String]) -> String {
    let head = ["item", "asks for", "answer"];
    let mut table = Table::new(&format!("{}: {}", list.name, list.source), head);
    for item in list.items {
        table.row(row(item, report, sections));
    }
    let share = share(list, report);
    format!(
        "<details class=\"checklist\"><summary>{}: {}</summary>\n{}</details>\n",
        list.name,
        in_words(&share),
        table.finish()
    )
}

fn in_words(share: &ChecklistShare) -> String {
    format!(
        "{} of {} items answered ({} of them in part), {} not applicable, {} left for the author ({} covered)",
        share.answered,
        share.items,
        share.in_part,
        share.not_applicable,
        share.author,
        numbers::percent(share.covered())
    )
}

fn row(item: &Item, report: &Report, sections: &[String]) -> Vec<String> {
    let answer = match (item.answer)(report) {
        Answer::Made(made) => {
            let id = format!("<section id=\"{}\">", made.link);
            let link = if sections.iter().any(|section| section.starts_with(&id)) {
                format!(" <a href=\"#{0}\">see {0}</a>", made.link)
            } else {
                String::new()
            };
            let rest = made.rest.map(|rest| {
                format!(
                    " <span class=\"author\">Left for the author: {}.</span>",
                    escape(rest)
                )
            });
            format!("{}{link}{}", escape(&made.text), rest.unwrap_or_default())
        }
        Answer::NotApplicable(why) => format!("<b>Not applicable</b>: {}.", escape(&why)),
        Answer::Author => "<span class=\"author\">Left for the author</span>".to_owned(),
    };
    vec![
        item.number.to_owned(),
        format!("<small>{}</small> {}", item.part, escape(item.asks)),
        answer,
    ]
}

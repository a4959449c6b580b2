//! The page around the sections.

use crate::html::escape;
use crate::model::Report;
use crate::sections;

const STYLE: &str = include_str!("style.css");

/// Nothing may be fetched: style and images are inside the file.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// The report as one self-contained HTML file.
///
/// # Panics
/// When a class index anywhere in `report` has no name in `report.classes`.
pub fn render(report: &Report) -> String {
    let mut sections = vec![
        sections::page_one(report),
        sections::summary(report),
        sections::warnings(report),
        sections::data(report),
        sections::pairs(report),
        sections::ensemble(report),
        sections::metrics(report),
        sections::per_class(report),
        sections::confusion(report),
        sections::probabilities(report),
        sections::discrimination(report),
        sections::calibration(report),
        sections::usefulness(report),
        sections::sample_size(report),
        sections::slices(report),
        sections::robustness(report),
        sections::wrong(report),
        sections::speaking(report),
        sections::audit(report),
        sections::selection(report),
        sections::folds(report),
        sections::learning(report),
        sections::timings(report),
        sections::reproducibility(report),
        sections::configuration(report),
        sections::model_card(report),
    ];
    let checklists = sections::checklists(report, &sections);
    sections.push(checklists);
    let run = format!(
        "Run <b>{}</b>, {}",
        escape(&report.run_id),
        escape(&report.created)
    );
    page(
        &Head {
            title: &report.title,
            tab: &format!("{} · {}", report.title, report.run_id),
            note: &run,
            eosin_version: &report.eosin_version,
        },
        &sections,
    )
}

/// What stands above the sections of a page.
pub(crate) struct Frame<'a> {
    pub title: &'a str,
    /// A line below it.
    pub note: &'a str,
    pub eosin_version: &'a str,
}

/// A page around sections.
pub(crate) fn framed(frame: &Frame<'_>, sections: &[String]) -> String {
    page(
        &Head {
            title: frame.title,
            tab: frame.title,
            note: &escape(frame.note),
            eosin_version: frame.eosin_version,
        },
        sections,
    )
}

struct Head<'a> {
    title: &'a str,
    /// What the browser calls the page.
    tab: &'a str,
    /// HTML.
    note: &'a str,
    eosin_version: &'a str,
}

fn page(head: &Head<'_>, sections: &[String]) -> String {
    let (title, tab) = (escape(head.title), escape(head.tab));
    let (note, version) = (head.note, escape(head.eosin_version));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <title>{tab}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<p class=\"brand\">eosin {version}</p>\n<h1>{title}</h1>\n\
         <p class=\"note\">{note}</p>\n</header>\n\
         {nav}<main>\n{body}</main>\n\
         <footer><p>Made by eosin {version}. Not a medical device.</p></footer>\n\
         </body>\n</html>\n",
        nav = navigation(sections),
        body = sections.concat(),
    )
}

/// Links to the sections that are there.
fn navigation(sections: &[String]) -> String {
    let links: String = sections
        .iter()
        .filter_map(|section| {
            let id = between(section, "<section id=\"", "\"")?;
            let heading = between(section, "<h2>", "</h2>")?;
            Some(format!("<a href=\"#{id}\">{heading}</a>\n"))
        })
        .collect();
    format!("<nav aria-label=\"Sections\">\n{links}</nav>\n")
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?
        .1
        .split_once(after)
        .map(|(found, _)| found)
}

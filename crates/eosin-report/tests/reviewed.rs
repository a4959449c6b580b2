//! What a pathologist and a reviewer ask of a report: page one, links that lead somewhere, checklists.
#![expect(clippy::unwrap_used, reason = "helpers of a test fail by panicking")]

mod sample;

use eosin_report::{
    AuditSummary, Figure, PageOne, Report, ShortcutFact, ShortcutsReport, checklist_shares,
    model_card, render,
};
use sample::report;

fn binary() -> Report {
    report(&["benign", "malignant"], 10)
}

fn section<'a>(html: &'a str, id: &str) -> &'a str {
    let rest = html
        .split_once(&format!("<section id=\"{id}\">"))
        .unwrap()
        .1;
    rest.split_once("</section>").unwrap().0
}

#[test]
fn page_one_stands_first_and_says_what_was_measured_on_whom() {
    let html = render(&binary());
    let first = html.find("<section ").unwrap();
    assert_eq!(first, html.find("<section id=\"page-one\">").unwrap());
    let page = section(&html, "page-one");
    for said in [
        "never to diagnose",
        "of 412 patients",
        "Sensitivity",
        "PPV",
        "95 % interval by patient (412 patients)",
        "At a prevalence of 5.0 %, as was stated",
        "How it does elsewhere",
        "Missed malignant: the surest, of",
    ] {
        assert!(page.contains(said), "page one lacks '{said}'");
    }
}

#[test]
fn what_nobody_has_said_is_left_for_the_author_and_nothing_judged_is_undefined() {
    let mut report = binary();
    report.page_one = PageOne::default();
    let html = render(&report);
    let page = section(&html, "page-one");
    assert!(page.contains("Left for the author") && page.contains("Undefined: no labelled patch"));
    assert!(!page.contains('%'), "{page}");
}

#[test]
fn an_undefined_figure_of_page_one_has_no_number() {
    let mut report = binary();
    let one = &mut report.page_one.figures[0];
    (one.targets, one.missed) = (0, 0);
    one.sensitivity = Figure::default();
    one.at_prevalence = None;
    let html = render(&report);
    let page = section(&html, "page-one");
    let tile = page
        .split_once("Sensitivity</dt>")
        .unwrap()
        .1
        .split_once("</div>")
        .unwrap()
        .0;
    assert!(tile.contains("undefined") && !tile.contains('%'), "{tile}");
    assert!(page.contains("At a prevalence of 5.0 %: undefined"));
}

#[test]
fn of_more_classes_every_class_has_a_row_and_it_is_said() {
    let html = render(&report(&["A", "B", "C"], 3));
    let page = section(&html, "page-one");
    assert_eq!(page.matches("<th scope=\"row\">").count(), 3);
    assert!(page.contains("of one class against all others"));
    let classes = section(&html, "classes");
    assert!(classes.contains(" to "), "classes have intervals");
}

#[test]
fn every_link_leads_to_a_section() {
    for report in [binary(), report(&["A", "B", "C"], 3)] {
        let html = render(&report);
        let links = html.split("href=\"#").skip(1);
        let mut count = 0;
        for link in links {
            let id = link.split_once('"').unwrap().0;
            assert!(html.contains(&format!("id=\"{id}\"")), "#{id} is nowhere");
            count += 1;
        }
        assert!(count > 30, "{count} links");
    }
}

#[test]
fn most_items_of_the_checklists_are_answered_and_none_is_counted_twice() {
    for (report, least) in [(binary(), 0.6), (report(&["A", "B", "C"], 3), 0.55)] {
        let shares = checklist_shares(&report);
        let names: Vec<&str> = shares.iter().map(|share| share.name.as_str()).collect();
        assert_eq!(names, ["TRIPOD+AI", "CLAIM 2024"]);
        assert_eq!((shares[0].items, shares[1].items), (52, 44));
        for share in &shares {
            assert_eq!(
                share.answered + share.not_applicable + share.author,
                share.items
            );
            assert!(share.covered() >= least, "{share:?}");
            // Funding, ethics and the like are nobody's but the author's.
            assert!(share.author >= 13, "{share:?}");
        }
    }
}

#[test]
fn items_that_a_run_cannot_know_stay_the_authors() {
    let html = render(&binary());
    let list = section(&html, "checklists");
    for number in ["17", "18a", "18b", "5b", "3c"] {
        let row = list
            .split_once(&format!("<th scope=\"row\">{number}</th>"))
            .unwrap()
            .1;
        let row = row.split_once("</tr>").unwrap().0;
        assert!(
            row.contains("Left for the author</span>"),
            "{number}: {row}"
        );
    }
}

#[test]
fn numbers_of_items_run_from_the_first_to_the_last() {
    let html = render(&binary());
    let list = section(&html, "checklists");
    let (tripod, claim) = list.split_once("CLAIM 2024: ").unwrap();
    let numbers = |text: &str| -> Vec<usize> {
        let rows = text.split("<th scope=\"row\">").skip(1);
        let mut all: Vec<usize> = rows
            .map(|row| {
                let number = row.split_once("</th>").unwrap().0;
                number
                    .trim_end_matches(|c: char| c.is_alphabetic())
                    .parse()
                    .unwrap()
            })
            .collect();
        all.dedup();
        all
    };
    assert_eq!(numbers(tripod), (1..=27).collect::<Vec<_>>());
    assert_eq!(numbers(claim), (1..=44).collect::<Vec<_>>());
}

#[test]
fn a_fact_that_is_near_the_model_is_marked() {
    let mut report = binary();
    report.audit = AuditSummary {
        shortcuts: Some(ShortcutsReport {
            model: "the run".to_owned(),
            model_score: Figure {
                value: Some(0.9),
                interval: None,
            },
            facts: vec![ShortcutFact {
                name: "size of the <file>".to_owned(),
                score: Figure::default(),
                is_near: true,
            }],
        }),
        ..report.audit
    };
    let html = render(&report);
    let audit = section(&html, "audit");
    assert!(audit.contains("near the model") && audit.contains("size of the &lt;file&gt;"));
    assert!(audit.contains("undefined"));
}

#[test]
fn the_model_card_says_what_the_report_says() {
    let mut report = binary();
    let card = model_card(&report);
    assert!(card.starts_with("# Model card: Breast patches"));
    for heading in [
        "Model",
        "Intended use",
        "Data",
        "Performance",
        "Limits",
        "Ethics and fairness",
    ] {
        assert!(card.contains(&format!("\n## {heading}\n")), "{heading}");
    }
    assert!(card.contains("never to diagnose") && card.contains("malignant: sensitivity "));
    report.page_one.intended_use = None;
    assert!(model_card(&report).contains("Left for the author."));
}

//! Page one: one screen for who would use the model.

use eosin_metrics::{PredictiveValues, Share};

use crate::html::{Table, each, escape, section};
use crate::model::{Report, WrongPatch};
use crate::numbers;
use crate::page_one::{ClassFigures, Figure, PageOne};
use crate::picture::picture;

/// What the model is for, on whom it was measured, how often it is right, what it missed, and what the
/// data cannot tell.
pub(crate) fn page_one(report: &Report) -> String {
    let page = &report.page_one;
    let body = format!(
        "<div class=\"brief\">\n<div>\n{}{}</div>\n<div>\n{}</div>\n<div>\n{}</div>\n<div>\n{}</div>\n</div>\n",
        intended_use(page),
        measured_on(report),
        figures(report),
        missed(report),
        cannot_tell(page),
    );
    section("page-one", "In brief", &body)
}

fn intended_use(page: &PageOne) -> String {
    let text = match &page.intended_use {
        Some(text) => format!("<p>{}</p>\n", escape(text)),
        None => "<p class=\"author\">Left for the author: 'eosin report RUN --intended-use TEXT' writes it \
                 here.</p>\n"
            .to_owned(),
    };
    format!("<h3>What it is for</h3>\n{text}")
}

/// Patches by class, of whom, and how they are decided on.
fn measured_on(report: &Report) -> String {
    let page = &report.page_one;
    let counts = page.figures.iter();
    let mut classes: Vec<String> = counts
        .map(|one| counted_class(&report.classes[one.class], one.targets))
        .collect();
    if let [only] = page.figures.as_slice()
        && report.classes.len() == 2
    {
        classes.push(counted_class(&report.classes[1 - only.class], only.others));
    }
    let of = match page.counted {
        Some(counted) if counted.by != eosin_metrics::Unit::Patch => {
            format!(" of {}", counted.by.counted(counted.groups))
        }
        _ => " of patients or slides that are not known".to_owned(),
    };
    let classes = if classes.is_empty() {
        String::new()
    } else {
        format!(": {}", classes.join(", "))
    };
    format!(
        "<h3>On whom it was measured</h3>\n<p><b>{} patches</b>{of}{classes}. {}. {}</p>\n",
        numbers::count(page.patches),
        escape(&page.judged),
        escape(&page.decided),
    )
}

fn counted_class(name: &str, count: u64) -> String {
    format!("{} {}", numbers::count(count), escape(name))
}

fn cannot_tell(page: &PageOne) -> String {
    if page.cannot_tell.is_empty() {
        return String::new();
    }
    let items = each(&page.cannot_tell, |text| {
        format!("<li>{}</li>\n", escape(text))
    });
    format!("<h3>What these data cannot tell</h3>\n<ul class=\"plain\">\n{items}</ul>\n")
}

fn figures(report: &Report) -> String {
    let page = &report.page_one;
    let by = basis(page);
    match page.figures.as_slice() {
        [] => "<h3>How often it is right</h3>\n<p>Undefined: no labelled patch was judged.</p>\n"
            .to_owned(),
        [one] if report.classes.len() == 2 => {
            let (name, other) = (
                escape(&report.classes[one.class]),
                escape(&report.classes[1 - one.class]),
            );
            format!(
                "<h3>How often it is right about {name}</h3>\n{}{}<p class=\"note\">{by}; PPV and NPV of the tiles are for as many {name} as among these \
                 patches ({}).</p>\n",
                tiles(one, &name, &other),
                at_prevalence(one, page.prevalence),
                prevalence(one),
            )
        }
        all => format!(
            "<h3>How often it is right, each class against the rest</h3>\n{}<p class=\"note\">{by}; with \
             {} classes every figure is of one class against all others.</p>\n",
            class_table(all, report),
            report.classes.len()
        ),
    }
}

/// What intervals count, a sentence without its end.
fn basis(page: &PageOne) -> String {
    let all = page.figures.iter();
    let any = all
        .clone()
        .any(|one| one.sensitivity.interval.is_some() || one.specificity.interval.is_some());
    match page.counted {
        _ if !any => "There are no intervals: of one group there is none, and a run of an older version may lack \
                      them, which ‘eosin evaluate RUN’ adds"
            .to_owned(),
        Some(counted) => format!(
            "Beneath each figure its 95 % interval by {} ({})",
            counted.by,
            counted.by.counted(counted.groups)
        ),
        None => "Beneath each figure its 95 % interval, which takes patches for independent".to_owned(),
    }
}

/// The four figures of two classes, each with the counts behind it in words.
fn tiles(one: &ClassFigures, name: &str, other: &str) -> String {
    let called = one.targets - one.missed + one.false_alarms;
    let cleared = one.targets + one.others - called;
    let right = one.others - one.false_alarms;
    let count = numbers::count;
    let tile = |title: &str, figure: Figure, words: String| {
        format!(
            "<div class=\"tile\"><dt>{title}</dt><dd>{}</dd><dd class=\"words\">{words}</dd></div>\n",
            numbers::share(figure)
        )
    };
    let all = [
        tile(
            "Sensitivity",
            one.sensitivity,
            format!(
                "{} of {} {name} missed",
                count(one.missed),
                count(one.targets)
            ),
        ),
        tile(
            "Specificity",
            one.specificity,
            format!(
                "{} of {} {other} called {name}",
                count(one.false_alarms),
                count(one.others)
            ),
        ),
        tile(
            "PPV",
            one.ppv,
            format!(
                "{} of {} called {name} are",
                count(called - one.false_alarms),
                count(called)
            ),
        ),
        tile(
            "NPV",
            one.npv,
            format!("{} of {} called {other} are", count(right), count(cleared)),
        ),
    ];
    format!("<dl class=\"tiles\">\n{}</dl>\n", all.concat())
}

/// The share of the class among the patches that were judged.
fn prevalence(one: &ClassFigures) -> String {
    match one.targets + one.others {
        0 => "undefined".to_owned(),
        total => numbers::percent(one.targets as f64 / total as f64),
    }
}

/// What answers are worth where the class is as common as was stated.
fn at_prevalence(one: &ClassFigures, stated: Option<f64>) -> String {
    let Some(stated) = stated else {
        return String::new();
    };
    let at = numbers::percent(stated);
    let Some(PredictiveValues { ppv, npv, .. }) = one.at_prevalence else {
        return format!(
            "<p>At a prevalence of {at}: undefined, since sensitivity or specificity, or the interval of \
             either, is.</p>\n"
        );
    };
    format!(
        "<p class=\"stated\">At a prevalence of {at}, as was stated: PPV <b>{}</b>, NPV <b>{}</b>.</p>\n",
        numbers::share_text(of_share(ppv)),
        numbers::share_text(of_share(npv))
    )
}

fn of_share(share: Option<Share>) -> Figure {
    Figure {
        value: share.map(|share| share.value),
        interval: share.map(|share| share.interval),
    }
}

fn class_table(all: &[ClassFigures], report: &Report) -> String {
    let stated = report.page_one.prevalence;
    let head = [
        "class",
        "patches",
        "missed",
        "sensitivity",
        "specificity",
        "PPV",
        "NPV",
    ];
    let mut head: Vec<String> = head.map(str::to_owned).to_vec();
    if let Some(share) = stated {
        let at = numbers::percent(share);
        head.extend([format!("PPV at {at}"), format!("NPV at {at}")]);
    }
    let mut table = Table::new("At the class that is most probable", head);
    for one in all {
        let mut cells = vec![
            escape(&report.classes[one.class]),
            numbers::count(one.targets),
            numbers::count(one.missed),
        ];
        let figures = [one.sensitivity, one.specificity, one.ppv, one.npv];
        cells.extend(figures.map(numbers::share));
        if stated.is_some() {
            let [ppv, npv] = [
                one.at_prevalence.and_then(|at| at.ppv),
                one.at_prevalence.and_then(|at| at.npv),
            ];
            cells.extend([ppv, npv].map(|share| numbers::share(of_share(share))));
        }
        table.row(cells);
    }
    table.finish()
}

/// The missed patches that are held with most confidence, as pictures: of two classes those of the
/// positive one, of more those of any.
fn missed(report: &Report) -> String {
    let page = &report.page_one;
    let two = report.classes.len() == 2;
    let count: u64 = page.figures.iter().map(|one| one.missed).sum();
    let what = if two {
        format!("Missed {}", escape(&report.classes[report.positive]))
    } else {
        "Missed patches".to_owned()
    };
    if count == 0 {
        return match page.figures.as_slice() {
            [] => String::new(),
            figures if figures.iter().all(|one| one.targets == 0) => {
                format!(
                    "<h3>{what}</h3>\n<p>There is none among these patches: cannot be told.</p>\n"
                )
            }
            _ => format!("<h3>{what}</h3>\n<p>None was missed.</p>\n"),
        };
    }
    let body = match (&page.no_pictures, page.missed.as_slice()) {
        (Some(why), _) => format!("<p>{}</p>\n", escape(why)),
        (None, []) => String::new(),
        (None, shown) => {
            let cards: String = shown
                .iter()
                .map(|patch| card(patch, &report.classes))
                .collect();
            format!("<ol class=\"missed\">\n{cards}</ol>\n")
        }
    };
    format!(
        "<h3>{what}: {}</h3>\n{body}<p class=\"note\">All errors that are held with most confidence, with what \
         speaks for them: <a href=\"#wrong\">most wrong patches</a>.</p>\n",
        if count == page.missed.len() as u64 {
            numbers::count(count)
        } else {
            // Thresholds chosen on the other folds miss others than the one that is locked.
            format!("the surest, of {}", numbers::count(count))
        }
    )
}

fn card(patch: &WrongPatch, classes: &[String]) -> String {
    let (key, target) = (escape(&patch.key), escape(&classes[patch.target]));
    let (pred, prob) = (escape(&classes[patch.pred]), patch.pred_prob);
    let said = format!("Patch {key}, a {target} taken for {pred} at {prob:.3}");
    let image = picture(&said, patch.thumbnail.as_ref());
    let told = if classes.len() == 2 {
        format!("{pred} at {prob:.3}")
    } else {
        format!("{target}, called {pred} at {prob:.3}")
    };
    format!("<li>{image}<p>{told}</p></li>\n")
}

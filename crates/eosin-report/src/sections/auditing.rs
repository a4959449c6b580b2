//! What an audit found beside pairs, and what the best of many owes to luck.

use crate::auditing::{AuditSummary, OptimismReport, ShortcutsReport};
use crate::html::{Table, each, escape, section};
use crate::model::Report;
use crate::numbers;

/// What was looked for and found.
pub(crate) fn audit(report: &Report) -> String {
    let audit = &report.audit;
    let sentences = each(&audit.sentences, |text| {
        format!("<li>{}</li>\n", escape(text))
    });
    let shortcuts = match &audit.shortcuts {
        Some(shortcuts) => shortcut_table(shortcuts),
        None => no_shortcuts(audit),
    };
    let body = format!("<ul class=\"plain\">\n{sentences}</ul>\n{shortcuts}");
    section("audit", "Audit and shortcuts", &body)
}

fn no_shortcuts(audit: &AuditSummary) -> String {
    format!(
        "<p>Whether facts beside the tissue (size of the file, sharpness, colour) tell the classes apart was not \
         asked. This does it:</p>\n<pre tabindex=\"0\"><code>{}</code></pre>\n",
        escape(&audit.command)
    )
}

fn shortcut_table(shortcuts: &ShortcutsReport) -> String {
    let head = ["fact", "AUROC of it alone", ""];
    let mut table = Table::new("What facts beside the tissue say of the class", head);
    for fact in &shortcuts.facts {
        let near = if fact.is_near {
            "<b class=\"warn\">near the model</b>"
        } else {
            ""
        };
        table.row(vec![
            escape(&fact.name),
            numbers::figure(fact.score),
            near.to_owned(),
        ]);
    }
    table.foot(vec![
        escape(&shortcuts.model),
        numbers::figure(shortcuts.model_score),
        String::new(),
    ]);
    table.finish()
}

/// What choices were made by, and what they owe to luck.
pub(crate) fn selection(report: &Report) -> String {
    let mut body = format!("<p>{}</p>\n", escape(&report.study.selection));
    if let Some(optimism) = &report.optimism {
        body.push_str(&optimism_table(optimism));
    }
    let thresholds = report
        .deciding
        .iter()
        .flat_map(|deciding| &deciding.thresholds);
    if let Some(locked) = thresholds
        .filter(|one| one.is_locked)
        .find(|one| one.chosen_on.is_some() && one.chosen_on != one.out_of_fold)
    {
        let head = ["", "on what it was chosen on", "chosen on the other folds"];
        let mut table = Table::new("The threshold that is locked", head);
        let pair = [locked.chosen_on.as_ref(), locked.out_of_fold.as_ref()];
        let row = |name: &str, of: fn(&eosin_metrics::CutFigures) -> Option<f64>| {
            let values = pair.map(|figures| numbers::value(figures.and_then(of)));
            std::iter::once(name.to_owned()).chain(values).collect()
        };
        table.row(row("sensitivity", |of| of.sensitivity));
        table.row(row("specificity", |of| of.specificity));
        table.row(row("F1", |of| of.f1));
        body.push_str(&table.finish());
    }
    section("selection", "What selection did", &body)
}

fn optimism_table(optimism: &OptimismReport) -> String {
    let title = optimism.metric.title();
    let head = ["", title];
    let mut table = Table::new(
        &format!(
            "The best of {} combinations",
            numbers::count(optimism.tried)
        ),
        head,
    );
    table.row(vec![
        "its own, by which it was chosen".to_owned(),
        numbers::value(optimism.own),
    ]);
    table.row(vec![
        "the choice repeated without each fold, on that fold".to_owned(),
        numbers::figure(optimism.repeated),
    ]);
    table.foot(vec![
        "owed to luck".to_owned(),
        numbers::value(optimism.optimism),
    ]);
    format!(
        "{}<p class=\"note\">Intervals by {} units that vary independently.</p>\n",
        table.finish(),
        numbers::count(optimism.units)
    )
}

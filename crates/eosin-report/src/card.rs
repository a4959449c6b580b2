//! The model card: what the model is, for whom, how good, and what it cannot do.
//!
//! Parts as in Mitchell et al., FAT* 2019.

use crate::checklist::checklist_shares;
use crate::html::each;
use crate::model::Report;
use crate::numbers;
use crate::page_one::ClassFigures;

/// A part of the card.
pub(crate) struct CardPart {
    /// Its heading.
    pub heading: &'static str,
    /// What it says, plain text, a paragraph each.
    pub lines: Vec<String>,
}

/// What the author has to add.
const AUTHOR: &str = "Left for the author.";

/// The card as Markdown, a file of its own.
pub fn model_card(report: &Report) -> String {
    let parts = each(parts(report), |part| {
        let lines = each(&part.lines, |line| format!("- {}\n", markdown(line)));
        format!("\n## {}\n\n{lines}", part.heading)
    });
    format!("# Model card: {}\n{parts}", markdown(&report.title))
}

/// The parts of the card.
pub(crate) fn parts(report: &Report) -> Vec<CardPart> {
    let study = &report.study;
    vec![
        CardPart {
            heading: "Model",
            lines: filled(vec![
                study.model.clone(),
                study.initial_weights.clone(),
                study.training.clone(),
                study.software.clone(),
                format!("Made {}.", report.created),
            ]),
        },
        CardPart {
            heading: "Intended use",
            lines: vec![
                report.page_one.intended_use.clone().unwrap_or_else(|| AUTHOR.to_owned()),
                format!("Classes: {}. {}", report.classes.join(", "), report.page_one.decided),
                "Not a medical device. Not for patients outside the setting that it was measured in.".to_owned(),
            ],
        },
        CardPart {
            heading: "Input",
            lines: filled(vec![study.input.clone(), study.preprocessing.clone()]),
        },
        CardPart {
            heading: "Data",
            lines: data(report),
        },
        CardPart {
            heading: "Performance",
            lines: performance(report),
        },
        CardPart {
            heading: "Limits",
            lines: report.page_one.cannot_tell.clone(),
        },
        CardPart {
            heading: "Ethics and fairness",
            lines: vec![
                "No attribute of patients is known to the model or was balanced for.".to_owned(),
                AUTHOR.to_owned(),
            ],
        },
        CardPart {
            heading: "Reporting",
            lines: checklist_shares(report)
                .iter()
                .map(|share| {
                    format!(
                        "{}: {} of {} items answered ({} in part), {} not applicable, {} left for the author.",
                        share.name, share.answered, share.items, share.in_part, share.not_applicable, share.author
                    )
                })
                .collect(),
        },
    ]
}

fn filled(lines: Vec<String>) -> Vec<String> {
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

fn data(report: &Report) -> Vec<String> {
    let mut lines = vec![format!("Source: {}.", report.data.source)];
    for split in &report.data.splits {
        let classes = split.patches.iter().zip(&report.classes);
        let classes: Vec<String> = classes
            .map(|(count, class)| format!("{count} {class}"))
            .collect();
        let groups = match split.groups {
            Some(groups) => format!("{groups} groups"),
            None => "groups not known".to_owned(),
        };
        lines.push(format!("{}: {}; {groups}.", split.name, classes.join(", ")));
    }
    lines.push(report.study.partition.clone());
    filled(lines)
}

fn performance(report: &Report) -> Vec<String> {
    let page = &report.page_one;
    let mut lines = vec![format!("{}, {} patches.", page.judged, page.patches)];
    for one in &page.figures {
        lines.push(figures(one, &report.classes[one.class]));
    }
    if let Some(counted) = page.counted {
        lines.push(format!(
            "Intervals are 95 %, by {} ({}).",
            counted.by,
            counted.by.counted(counted.groups)
        ));
    }
    lines
}

fn figures(one: &ClassFigures, class: &str) -> String {
    format!(
        "{class}: sensitivity {}; specificity {}; PPV {}; NPV {}.",
        numbers::share_text(one.sensitivity),
        numbers::share_text(one.specificity),
        numbers::share_text(one.ppv),
        numbers::share_text(one.npv)
    )
}

/// Outside text in which nothing is markup; a line stays one.
fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' => {
                out.push('\\');
                out.push(character);
            }
            other if other.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::markdown;

    #[test]
    fn outside_text_is_no_markup_in_the_card() {
        assert_eq!(
            markdown("a*b_[c](d)\n# e <f>"),
            "a\\*b\\_\\[c\\](d) \\# e \\<f\\>"
        );
    }
}

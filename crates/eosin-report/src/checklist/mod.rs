//! Reporting checklists, each item answered from the run, not applicable, or left for the author.
//!
//! Items are paraphrased; their numbers are those of the guidelines. What nobody but the author can know
//! stays the author's, and an answer that covers an item in part says what is left.

mod answers;
mod claim;
mod data_answers;
mod result_answers;
mod tripod;

use crate::model::Report;

/// A checklist.
#[derive(Clone, Copy)]
pub(crate) struct Checklist {
    /// What it is called.
    pub name: &'static str,
    /// Where it is from.
    pub source: &'static str,
    /// What it asks.
    pub items: &'static [Item],
}

/// What one item asks, and who answers it.
pub(crate) struct Item {
    /// Its number, with the letter of a sub-item.
    pub number: &'static str,
    /// The part of a paper that it is about.
    pub part: &'static str,
    /// What it asks, in own words.
    pub asks: &'static str,
    /// What the run says.
    pub answer: fn(&Report) -> Answer,
}

/// What a run says of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// An answer.
    Made(Made),
    /// There is nothing to answer, and why.
    NotApplicable(String),
    /// Only the author can know.
    Author,
}

/// An answer that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    /// The answer.
    pub text: String,
    /// The section that shows it.
    pub link: &'static str,
    /// What of the item is left for the author.
    pub rest: Option<&'static str>,
}

impl Answer {
    /// An answer with the section that shows it.
    fn made(text: impl Into<String>, link: &'static str) -> Self {
        Self::Made(Made {
            text: text.into(),
            link,
            rest: None,
        })
    }

    /// The same, of which something is left for the author.
    fn with_rest(self, rest: &'static str) -> Self {
        match self {
            Self::Made(made) => Self::Made(Made {
                rest: Some(rest),
                ..made
            }),
            other => other,
        }
    }

    fn not_applicable(why: impl Into<String>) -> Self {
        Self::NotApplicable(why.into())
    }
}

/// How many items of a checklist are answered, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChecklistShare {
    /// The checklist.
    pub name: String,
    /// Its items, sub-items each by itself.
    pub items: usize,
    /// Those that are answered.
    pub answered: usize,
    /// Of these, those of which a part is left for the author.
    pub in_part: usize,
    /// Those that are not applicable.
    pub not_applicable: usize,
    /// Those that are left for the author.
    pub author: usize,
}

impl ChecklistShare {
    /// The share that is answered or not applicable.
    pub fn covered(&self) -> f64 {
        (self.answered + self.not_applicable) as f64 / self.items as f64
    }
}

/// All checklists.
pub(crate) const ALL: [Checklist; 2] = [tripod::TRIPOD_AI, claim::CLAIM];

/// How much of each checklist a report answers.
pub fn checklist_shares(report: &Report) -> Vec<ChecklistShare> {
    ALL.iter().map(|list| share(list, report)).collect()
}

/// How much of one it answers.
pub(crate) fn share(list: &Checklist, report: &Report) -> ChecklistShare {
    let mut share = ChecklistShare {
        name: list.name.to_owned(),
        items: list.items.len(),
        ..ChecklistShare::default()
    };
    for item in list.items {
        match (item.answer)(report) {
            Answer::Made(made) => {
                share.answered += 1;
                share.in_part += usize::from(made.rest.is_some());
            }
            Answer::NotApplicable(_) => share.not_applicable += 1,
            Answer::Author => share.author += 1,
        }
    }
    share
}

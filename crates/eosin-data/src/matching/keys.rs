//! Which label belongs to which prediction.
//!
//! `eosin predict` writes paths as they were typed, labels are known by path, file name or number.
//! Keys that never contradict each other are matched, and only one to one; a rule that is not
//! equality is said.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::rule::{By, Rule};

/// Keys that are listed in an error.
const SHOWN: usize = 5;

/// One side's keys, and the file that they come from.
#[derive(Clone, Debug)]
pub struct Keys<'a> {
    /// The file.
    pub file: &'a Path,
    /// The keys, each once.
    pub keys: Vec<&'a str>,
}

impl<'a> Keys<'a> {
    /// The keys of what was read from `file`.
    pub fn of<T>(file: &'a Path, map: &'a BTreeMap<String, T>) -> Self {
        let keys = map.keys().map(String::as_str).collect();
        Self { file, keys }
    }
}

/// The prediction of each label, and how they were matched.
#[derive(Debug, PartialEq, Eq)]
pub struct Matched<'a> {
    /// Keys of predictions by those of labels.
    pub predictions: BTreeMap<&'a str, &'a str>,
    /// By what they were matched.
    pub rule: Rule,
}

/// Why labels and predictions do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatchError {
    /// A key fits several of the other side.
    #[error(
        "{key} fits {} keys by {rule}: {}; write whole paths in both files", .fits.len(), list(.fits)
    )]
    Ambiguous {
        /// The key.
        key: String,
        /// Those that it fits.
        fits: Vec<String>,
        /// By what.
        rule: Rule,
    },
    /// Labels without a prediction.
    #[error(
        "{} has no prediction for {} labelled keys: {}; its own keys are such as {example}",
        .file.display(), .keys.len(), list(.keys)
    )]
    NoPrediction {
        /// The file of predictions.
        file: PathBuf,
        /// The keys.
        keys: Vec<String>,
        /// A key of the other side.
        example: String,
    },
    /// Predictions without a label.
    #[error(
        "{} predicts {} keys that have no label: {}; labelled keys are such as {example}",
        .file.display(), .keys.len(), list(.keys)
    )]
    NoLabel {
        /// The file of predictions.
        file: PathBuf,
        /// The keys.
        keys: Vec<String>,
        /// A key of the other side.
        example: String,
    },
    /// Patches without a row.
    #[error(
        "{} has no row for {} of {all} patches: {}; the nearest key to {} there is {nearest}",
        .file.display(), .keys.len(), list(.keys), .keys.first().map_or("", String::as_str)
    )]
    NoRow {
        /// The file of rows.
        file: PathBuf,
        /// The patches' keys.
        keys: Vec<String>,
        /// How many patches there are.
        all: usize,
        /// The key of the file that is most like the first of them.
        nearest: String,
    },
}

/// Matches every label with one prediction and every prediction with one label, by the first rule
/// that does.
///
/// # Errors
/// When no rule does; the keys left over (or fitting several) by the rule that comes closest are
/// listed.
pub fn match_keys<'a>(
    labels: &Keys<'a>,
    predictions: &Keys<'a>,
) -> Result<Matched<'a>, MatchError> {
    let mut closest = Attempt::new(Rule::EQUAL, labels, predictions);
    for rule in Rule::all() {
        let attempt = Attempt::new(rule, labels, predictions);
        let matched = attempt.pairs.len();
        if matched == labels.keys.len() && matched == predictions.keys.len() {
            return Ok(Matched {
                predictions: attempt.pairs,
                rule,
            });
        }
        if closest.fits() < attempt.fits() {
            closest = attempt;
        }
    }
    Err(closest.refusal(labels, predictions))
}

/// What one rule comes to.
pub(super) struct Attempt<'a> {
    rule: Rule,
    /// Labels and predictions that fit each other and nothing else.
    pub(super) pairs: BTreeMap<&'a str, &'a str>,
    /// A key that fits several of the other side, with those.
    pub(super) ambiguous: Option<(&'a str, Vec<&'a str>)>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(rule: Rule, labels: &Keys<'a>, predictions: &Keys<'a>) -> Self {
        let fitting = fitting(rule, labels, predictions);
        let mut of_prediction: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (label, fits) in &fitting {
            for prediction in fits {
                of_prediction.entry(prediction).or_default().push(label);
            }
        }
        let single = |(label, fits): (&&'a str, &BTreeSet<&'a str>)| {
            let prediction = fits.first().filter(|_| fits.len() == 1)?;
            (of_prediction[prediction].len() == 1).then_some((*label, *prediction))
        };
        let pairs = fitting.iter().filter_map(single).collect();
        let several = fitting.iter().find(|(_, fits)| fits.len() > 1);
        let several = several.map(|(label, fits)| (*label, fits.iter().copied().collect()));
        let ambiguous = several.or_else(|| {
            let mut shared = of_prediction.into_iter();
            shared.find(|(_, labels)| labels.len() > 1)
        });
        Self {
            rule,
            pairs,
            ambiguous,
        }
    }

    /// How much the rule explains: something ambiguous is closer than nothing.
    pub(super) fn fits(&self) -> usize {
        2 * self.pairs.len() + usize::from(self.ambiguous.is_some())
    }

    pub(super) fn refusal(self, labels: &Keys<'_>, predictions: &Keys<'_>) -> MatchError {
        let file = predictions.file.to_owned();
        if let Some((key, fits)) = self.ambiguous {
            return MatchError::Ambiguous {
                key: key.to_owned(),
                fits: fits.into_iter().map(str::to_owned).collect(),
                rule: self.rule,
            };
        }
        let left = |keys: &[&str], matched: &BTreeSet<&str>| -> Vec<String> {
            let left = keys.iter().filter(|key| !matched.contains(*key));
            left.map(|key| (*key).to_owned()).collect()
        };
        let keys = left(&labels.keys, &self.pairs.keys().copied().collect());
        if !keys.is_empty() {
            let example = example(predictions);
            return MatchError::NoPrediction {
                file,
                keys,
                example,
            };
        }
        let keys = left(&predictions.keys, &self.pairs.values().copied().collect());
        MatchError::NoLabel {
            file,
            keys,
            example: example(labels),
        }
    }
}

fn example(keys: &Keys<'_>) -> String {
    keys.keys.first().copied().unwrap_or("none").to_owned()
}

fn list(keys: &[String]) -> String {
    let shown = keys[..keys.len().min(SHOWN)].join(", ");
    match keys.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Every label with the predictions that it fits by `rule`; labels that fit none are left out.
fn fitting<'a>(
    rule: Rule,
    labels: &Keys<'a>,
    predictions: &Keys<'a>,
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let beside = labels.file.parent().unwrap_or(Path::new(""));
    let forms = |keys: &Keys<'a>, folder: &Path| -> Vec<(&'a str, String)> {
        let with_form = |key: &&'a str| (*key, rule.form(key, folder));
        keys.keys.iter().map(with_form).collect()
    };
    let labels = forms(labels, beside);
    let predictions = forms(predictions, Path::new(""));
    let mut fits: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut add = |label, prediction| {
        fits.entry(label).or_default().insert(prediction);
    };
    let by_end = by_end(rule, &predictions);
    for (label, form) in &labels {
        for prediction in by_end.get(form.as_str()).into_iter().flatten() {
            add(*label, *prediction);
        }
    }
    let by_end = self::by_end(rule, &labels);
    for (prediction, form) in &predictions {
        for label in by_end.get(form.as_str()).into_iter().flatten() {
            add(*label, *prediction);
        }
    }
    fits
}

/// The keys of each text that they end in, in whole names; with rules of equality, that they are.
fn by_end<'a, 'f>(rule: Rule, keys: &'f [(&'a str, String)]) -> BTreeMap<&'f str, Vec<&'a str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (key, form) in keys {
        found.entry(form).or_default().push(key);
        if matches!(rule.by, By::End | By::EndOfStem) {
            for (at, _) in form.match_indices('/') {
                found.entry(&form[at + 1..]).or_default().push(key);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;

//! Which label belongs to which prediction.
//!
//! `eosin predict` writes paths as they were typed, labels are known by path, file name or number.
//! Keys that never contradict each other are matched, and only one to one; a rule that is not
//! equality is said.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, bail};

/// Keys that are listed in an error.
const SHOWN: usize = 5;

/// Why a label and a prediction are of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Their keys are the same text.
    Equal,
    /// Their keys are paths of one file: of labels from the folder of their file, of predictions
    /// from the working folder.
    SameFile,
    /// One key is the end of the other, in whole names: `a.png` and `new/a.png`.
    End,
    /// As `End`, without the ending of the file's name: `a` and `new/a.png`.
    EndOfStem,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "equal keys",
            Self::SameFile => "the file that they name",
            Self::End => "the end of their paths",
            Self::EndOfStem => "the end of their paths, without the file's ending",
        })
    }
}

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

/// Matches every label with one prediction and every prediction with one label, by the first rule
/// that does.
///
/// # Errors
/// When no rule does; the keys left over (or fitting several) by the rule that comes closest are
/// listed.
pub fn match_keys<'a>(labels: &Keys<'a>, predictions: &Keys<'a>) -> Result<Matched<'a>> {
    let rules = [Rule::Equal, Rule::SameFile, Rule::End, Rule::EndOfStem];
    let mut closest: Option<Attempt<'a>> = None;
    for rule in rules {
        let attempt = Attempt::new(rule, labels, predictions);
        let matched = attempt.pairs.len();
        if matched == labels.keys.len() && matched == predictions.keys.len() {
            return Ok(Matched {
                predictions: attempt.pairs,
                rule,
            });
        }
        let better = |best: &Attempt<'_>| best.fits() < attempt.fits();
        if closest.as_ref().is_none_or(better) {
            closest = Some(attempt);
        }
    }
    match closest {
        Some(attempt) => attempt.refuse(labels, predictions),
        None => bail!("there is nothing to match"),
    }
}

/// What one rule comes to.
struct Attempt<'a> {
    rule: Rule,
    /// Labels and predictions that fit each other and nothing else.
    pairs: BTreeMap<&'a str, &'a str>,
    /// A key that fits several of the other side, with those.
    ambiguous: Option<(&'a str, Vec<&'a str>)>,
}

impl<'a> Attempt<'a> {
    fn new(rule: Rule, labels: &Keys<'a>, predictions: &Keys<'a>) -> Self {
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
    fn fits(&self) -> usize {
        2 * self.pairs.len() + usize::from(self.ambiguous.is_some())
    }

    fn refuse(self, labels: &Keys<'_>, predictions: &Keys<'_>) -> Result<Matched<'a>> {
        let file = predictions.file.display();
        if let Some((key, fits)) = self.ambiguous {
            bail!(
                "{key} fits {} keys by {}: {}; write whole paths in both files",
                fits.len(),
                self.rule,
                list(&fits)
            );
        }
        let unpredicted = labels.keys.iter().copied();
        let unpredicted = unpredicted.filter(|key| !self.pairs.contains_key(key));
        let unpredicted: Vec<&str> = unpredicted.collect();
        if !unpredicted.is_empty() {
            let (count, keys) = (unpredicted.len(), list(&unpredicted));
            bail!(
                "{file} has no prediction for {count} labelled keys: {keys}; its own keys are such \
                 as {}",
                example(predictions)
            );
        }
        let paired: BTreeSet<&str> = self.pairs.values().copied().collect();
        let left = predictions.keys.iter().copied();
        let left: Vec<&str> = left.filter(|key| !paired.contains(key)).collect();
        let (count, keys) = (left.len(), list(&left));
        bail!(
            "{file} predicts {count} keys that have no label: {keys}; labelled keys are such as {}",
            example(labels)
        )
    }
}

fn example<'a>(keys: &Keys<'a>) -> &'a str {
    keys.keys.first().copied().unwrap_or("none")
}

fn list(keys: &[&str]) -> String {
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
        let with_form = |key: &&'a str| (*key, form(rule, key, folder));
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
        if matches!(rule, Rule::End | Rule::EndOfStem) {
            for (at, _) in form.match_indices('/') {
                found.entry(&form[at + 1..]).or_default().push(key);
            }
        }
    }
    found
}

/// What of a key is compared.
fn form(rule: Rule, key: &str, folder: &Path) -> String {
    match rule {
        Rule::Equal => key.to_owned(),
        Rule::SameFile => {
            let path = folder.join(key);
            let path = std::path::absolute(&path).unwrap_or(path);
            plain(&path).to_string_lossy().into_owned()
        }
        Rule::End => key.trim_start_matches("./").replace('\\', "/"),
        Rule::EndOfStem => {
            let key = form(Rule::End, key, folder);
            let name = key.rfind('/').map_or(0, |at| at + 1);
            match key[name..].rfind('.') {
                Some(dot) if dot > 0 => key[..name + dot].to_owned(),
                _ => key,
            }
        }
    }
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule and the pairs, or the error.
    fn matched(labels: &[&str], predictions: &[&str]) -> Result<(Rule, Vec<String>), String> {
        let labels = Keys {
            file: Path::new("data/labels.csv"),
            keys: labels.to_vec(),
        };
        let predictions = Keys {
            file: Path::new("p.csv"),
            keys: predictions.to_vec(),
        };
        let matched = match_keys(&labels, &predictions);
        let matched = matched.map_err(|error| error.to_string())?;
        let pair = |(label, prediction)| format!("{label}={prediction}");
        Ok((
            matched.rule,
            matched.predictions.into_iter().map(pair).collect(),
        ))
    }

    #[test]
    fn the_first_rule_that_explains_every_key_holds() {
        let cases: [(&[&str], &[&str], Rule); 5] = [
            (&["a", "b"], &["a", "b"], Rule::Equal),
            // As ends `1.png` would fit both.
            (
                &["1.png", "b/1.png"],
                &["data/1.png", "./data/x/../b/1.png"],
                Rule::SameFile,
            ),
            (&["a.png", "b.png"], &["new/b.png", "/x/a.png"], Rule::End),
            (&["old/y/a.png"], &["y/a.png"], Rule::End),
            (&["7", "8"], &["new/8.png", "new/7.tif"], Rule::EndOfStem),
        ];
        for (labels, predictions, rule) in cases {
            let (by, pairs) = matched(labels, predictions).unwrap();
            assert_eq!((by, pairs.len()), (rule, labels.len()), "{labels:?}");
        }
        let (_, pairs) = matched(&["7", "8"], &["new/8.png", "new/7.tif"]).unwrap();
        assert_eq!(pairs, ["7=new/7.tif", "8=new/8.png"]);
    }

    #[test]
    fn what_fits_several_keys_is_refused() {
        let error = matched(&["1.png"], &["a/1.png", "b/1.png"]).unwrap_err();
        assert!(
            error.starts_with("1.png fits 2 keys by the end of their paths"),
            "{error}"
        );
        let error = matched(&["a/1.png", "b/1.png"], &["1.png"]).unwrap_err();
        assert!(error.starts_with("1.png fits 2 keys"), "{error}");
        let error = matched(&["1"], &["1.png", "1.tif"]).unwrap_err();
        assert!(error.starts_with("1 fits 2 keys"), "{error}");
    }

    #[test]
    fn folders_that_contradict_each_other_are_no_match() {
        let error = matched(&["train/1.png"], &["test/1.png"]).unwrap_err();
        assert!(
            error.contains("no prediction for 1 labelled keys: train/1.png"),
            "{error}"
        );
        assert!(error.contains("such as test/1.png"), "{error}");
        // `1.png` is no end of `11.png`.
        assert!(matched(&["1.png"], &["11.png"]).is_err());
    }

    #[test]
    fn keys_left_over_are_listed_on_either_side() {
        let error = matched(&["a", "b", "c"], &["a", "b"]).unwrap_err();
        assert!(
            error.contains("no prediction for 1 labelled keys: c"),
            "{error}"
        );
        let error = matched(&["a.png"], &["x/a.png", "x/b.png"]).unwrap_err();
        assert!(
            error.contains("p.csv predicts 1 keys that have no label: x/b.png"),
            "{error}"
        );
    }
}

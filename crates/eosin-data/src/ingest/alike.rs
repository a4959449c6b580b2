//! Names that are most likely the same, spelled in two ways.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization as _;

use super::IngestError;
use super::found::FoundPatch;

/// What of a name is left when case, blanks, leading zeros, Unicode form and the formatting of
/// numbers do not count.
pub fn likeness(name: &str) -> String {
    let name: String = name.trim().nfkc().collect::<String>().to_lowercase();
    if let Some(number) = whole_number(&name) {
        return number;
    }
    // The sign is all that tells infinities apart.
    if let Some(infinite) = name.parse().ok().filter(|value: &f64| value.is_infinite()) {
        return infinite.to_string();
    }
    let letters: Vec<char> = name.nfkc().filter(|c| !is_invisible(*c)).collect();
    let mut like = String::new();
    for (at, letter) in letters.iter().enumerate() {
        if letter.is_alphanumeric() || !is_gap(*letter) {
            if *letter == '0' && begins_number(&letters, at) {
                continue;
            }
            like.push(*letter);
        } else if is_between_digits(&letters, at) && !like.ends_with('-') {
            like.push('-');
        }
    }
    like
}

/// `1` of `1`, `01`, `1.0`, `1,00` and `1e0`.
fn whole_number(name: &str) -> Option<String> {
    let is_plain = name
        .chars()
        .all(|c| c.is_ascii_digit() || "+-.,e".contains(c));
    let has_digit = name.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+');
    let value: f64 = name.replace(',', ".").parse().ok()?;
    let whole = value.fract() == 0.0 && value.abs() < 1e15;
    (is_plain && has_digit && whole).then(|| format!("{value:.0}"))
}

fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{2060}'
    )
}

/// What may stand between words or not.
fn is_gap(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '_' | '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Whether the zero at this place begins a longer number.
fn begins_number(letters: &[char], at: usize) -> bool {
    let digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
    let inside =
        at > 0 && (digit(at - 1) && !all_zeros_before(letters, at) || letters[at - 1] == '.');
    !inside && digit(at + 1)
}

fn all_zeros_before(letters: &[char], at: usize) -> bool {
    let before = letters[..at]
        .iter()
        .rev()
        .take_while(|c| c.is_ascii_digit());
    before.into_iter().all(|c| *c == '0')
}

fn is_between_digits(letters: &[char], at: usize) -> bool {
    let before = letters[..at].iter().rev().find(|c| !is_gap(**c));
    let after = letters[at..].iter().find(|c| !is_gap(**c));
    let digit = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
    digit(before) && digit(after)
}

/// Two spellings of what is most likely one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// What is spelled so, such as `label`.
    pub what: &'static str,
    /// The spelling that most patches have, and its first place.
    pub usual: (String, String),
    /// The other one.
    pub other: (String, String),
}

impl std::fmt::Display for Spelling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ((usual, here), (other, there)) = (&self.usual, &self.other);
        write!(
            f,
            "{} '{usual}' ({here}) and '{other}' ({there})",
            self.what
        )
    }
}

/// Reads one of a patch's names.
type NameOf = fn(&FoundPatch) -> Option<&String>;

/// What must be spelled in one way.
const NAMES: [(&str, NameOf); 5] = [
    ("label", |patch| patch.label.as_ref()),
    ("patient", |patch| patch.patient.as_ref()),
    ("slide", |patch| patch.slide.as_ref()),
    ("group", |patch| patch.group.as_ref()),
    ("fold", |patch| patch.fold.as_ref()),
];

/// Refuses labels and ids that differ only in their spelling.
pub(super) fn refuse(patches: &[FoundPatch]) -> Result<(), IngestError> {
    let mut found = Vec::new();
    for (what, name_of) in NAMES {
        let mut spellings: BTreeMap<&str, (usize, &FoundPatch)> = BTreeMap::new();
        for patch in patches {
            if let Some(name) = name_of(patch) {
                spellings.entry(name).or_insert((0, patch)).0 += 1;
            }
        }
        let mut alike: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for name in spellings.keys() {
            alike.entry(likeness(name)).or_default().insert(name);
        }
        for names in alike.into_values().filter(|names| names.len() > 1) {
            let mut names: Vec<&str> = names.into_iter().collect();
            names.sort_by_key(|name| std::cmp::Reverse(spellings[name].0));
            let place = |name: &str| (name.to_owned(), spellings[name].1.place());
            found.extend(names[1..].iter().map(|other| Spelling {
                what,
                usual: place(names[0]),
                other: place(other),
            }));
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(IngestError::Spellings(found))
}

#[cfg(test)]
mod tests {
    use super::likeness;

    #[test]
    fn spellings_of_one_name_are_alike_and_others_are_not() {
        for (one, other) in [
            ("Benign", "benign"),
            ("in situ", "In_Situ"),
            ("InSitu", "in-situ"),
            ("1", "1.0"),
            ("1", "01"),
            ("1", "1,00"),
            ("P1", "p 01"),
            ("007", "7"),
            ("pr\u{e4}parat", "pra\u{308}parat"),
            ("ＰＤ", "PD"),
            ("a\u{a0}b", "a b"),
            ("a\u{200b}b", "ab"),
            ("12-3", "12_3"),
            ("S10", "S010"),
            ("inf", "+Infinity"),
        ] {
            assert_eq!(likeness(one), likeness(other), "'{one}' and '{other}'");
        }
        for (one, other) in [
            ("1.1", "1.10"),
            ("1", "10"),
            ("12-3", "123"),
            ("0", "00x"),
            ("100", "1"),
            ("P10", "P1"),
            ("benign", "malignant"),
            ("1.5", "15"),
            ("1e5x", "1e5"),
            ("-1", "1"),
            ("-inf", "inf"),
            ("-Infinity", "+inf"),
            ("🎉", "❤️"),
            ("✓", "✗"),
        ] {
            assert_ne!(likeness(one), likeness(other), "'{one}' and '{other}'");
        }
    }
}

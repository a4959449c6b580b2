//! What the names of one level of folders look like.

use std::collections::{BTreeMap, BTreeSet};

use eosin_core::Level;

use super::tree::Tree;
use super::words::{
    CLASS, GRADE, GROUP, PATIENT, SLIDE, is_class_like, is_fold, is_magnification, is_number,
    is_organ, part_named, words,
};

/// Folder names above one folder of images, from the data folder down.
pub(super) type Trail = Vec<String>;

/// What all names of a level have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Words for parts.
    Parts,
    /// Some are words for parts, others are not.
    SomeParts,
    /// Some are folds or patients beyond doubt, others are not.
    Mixed,
    /// Numbered folds.
    Folds,
    /// Magnifications.
    Magnifications,
    /// Numbered patients.
    Patients,
    /// Numbered slides.
    Slides,
    /// Long numbers, barcodes, or names that are numbered one by one.
    Identifiers,
    /// One word with a short number, which may be anything.
    Numbered,
    /// Small numbers.
    SmallNumbers,
    /// Names of classes.
    ClassWords,
    /// Names of organs.
    Organs,
    /// A single name that says nothing.
    Single,
    /// Words that are not known.
    Words,
}

/// Numbers up to this, and so many of them, may be classes.
const SMALL: i64 = 99;
const FEW: usize = 20;
/// Digits in a row that classes do not have.
const LONG_NUMBER: usize = 3;

/// The names of one level, and what they are.
#[derive(Clone, Debug)]
pub(super) struct LevelNames {
    pub names: BTreeSet<String>,
    pub kind: Kind,
    /// The share of names, of those below several folders, that more than one of these has.
    pub repeats: bool,
}

impl LevelNames {
    /// What a level beside the class says; `None` where its names do not tell.
    pub(super) fn role(&self) -> Option<Level> {
        match self.kind {
            Kind::Parts => Some(Level::Part),
            Kind::Folds => Some(Level::Fold),
            Kind::Patients => Some(Level::Patient),
            Kind::Slides => Some(Level::Slide),
            Kind::Identifiers => Some(Level::Group),
            Kind::Organs => Some(Level::Organ),
            _ => None,
        }
    }
}

/// The folders that hold images: by their trails, with the number of images.
pub(super) fn trails(tree: &Tree) -> BTreeMap<Trail, usize> {
    let mut found = BTreeMap::new();
    add_trails(&tree.root, &Vec::new(), &mut found);
    found
}

fn add_trails(folder: &super::folder::Folder, trail: &Trail, found: &mut BTreeMap<Trail, usize>) {
    if !folder.images.is_empty() {
        found.insert(trail.clone(), folder.images.len());
    }
    for below in &folder.folders {
        let mut trail = trail.clone();
        trail.push(below.name.clone());
        add_trails(below, &trail, found);
    }
}

/// Looks at each level that all trails have.
pub(super) fn levels(trails: &[&Trail]) -> Vec<LevelNames> {
    let depth = trails.iter().map(|trail| trail.len()).min().unwrap_or(0);
    (0..depth).map(|at| level(trails, at)).collect()
}

fn level(trails: &[&Trail], at: usize) -> LevelNames {
    let mut above: BTreeMap<&String, BTreeSet<&[String]>> = BTreeMap::new();
    let mut parents: BTreeSet<&[String]> = BTreeSet::new();
    for trail in trails {
        above.entry(&trail[at]).or_default().insert(&trail[..at]);
        parents.insert(&trail[..at]);
    }
    let shared = above.values().filter(|parents| parents.len() > 1).count();
    let names: BTreeSet<String> = above.keys().map(|name| (*name).clone()).collect();
    LevelNames {
        kind: kind(&names),
        repeats: parents.len() == 1 || 2 * shared >= names.len(),
        names,
    }
}

/// Of levels that say the same the uppermost counts; folds are kept whatever else is known.
pub(super) fn keep_one_of_each(roles: &mut [Level]) {
    let folds = roles.contains(&Level::Fold);
    for at in 0..roles.len() {
        let again = roles[..at].contains(&roles[at]);
        let groups = matches!(roles[at], Level::Patient | Level::Slide | Level::Group);
        if (groups && folds) || (again && !matches!(roles[at], Level::Organ | Level::Any)) {
            roles[at] = Level::Any;
        }
    }
}

pub(super) fn kind(names: &BTreeSet<String>) -> Kind {
    let all = |test: fn(&str) -> bool| names.iter().all(|name| test(name));
    let parts = names
        .iter()
        .filter(|name| part_named(name).is_some())
        .count();
    if parts == names.len() {
        return Kind::Parts;
    }
    if all(is_fold) {
        return Kind::Folds;
    }
    if all(is_magnification) {
        return Kind::Magnifications;
    }
    if parts > 0 {
        return Kind::SomeParts;
    }
    if all(|name| is_numbered_by(name, &PATIENT) || is_barcode(name)) {
        return Kind::Patients;
    }
    if all(|name| is_numbered_by(name, &SLIDE)) {
        return Kind::Slides;
    }
    if names.iter().any(|name| is_fold(name) || is_barcode(name)) {
        return Kind::Mixed;
    }
    if all(|name| name.parse::<i64>().is_ok()) {
        let small = |name: &String| name.parse::<i64>().is_ok_and(|n| n.abs() <= SMALL);
        let few = names.len() <= FEW && names.iter().all(small);
        return if few {
            Kind::SmallNumbers
        } else {
            Kind::Identifiers
        };
    }
    numbered_kind(names).unwrap_or_else(|| word_kind(names))
}

/// The kind of names that are told apart by numbers in them.
fn numbered_kind(names: &BTreeSet<String>) -> Option<Kind> {
    let stems: BTreeSet<Vec<String>> = names.iter().map(|name| stem(name)).collect();
    let all_numbered = names.iter().all(|name| name.chars().any(char::is_numeric));
    let many = names.len() >= 3 * stems.len() && names.len() > 2;
    if all_numbered && stems.len() > 1 && many {
        return Some(Kind::Identifiers);
    }
    if all_numbered && names.iter().all(|name| longest_number(name) >= LONG_NUMBER) {
        return Some(Kind::Identifiers);
    }
    let all_mixed = names.iter().all(|name| is_code(name));
    if all_mixed && names.len() > 1 {
        return Some(Kind::Identifiers);
    }
    let one_stem = all_numbered && stems.len() == 1 && names.len() > 1;
    let means_class =
        |stem: &Vec<String>| stem.iter().any(|word| GRADE.has(word) || CLASS.has(word));
    if !one_stem || stems.iter().any(means_class) {
        return None;
    }
    let grouped = stems
        .iter()
        .any(|stem| stem.iter().any(|word| GROUP.has(word)));
    let kind = if grouped || names.len() <= FEW {
        Kind::Numbered
    } else {
        Kind::Identifiers
    };
    Some(kind)
}

fn word_kind(names: &BTreeSet<String>) -> Kind {
    let class_like = names.iter().filter(|name| is_class_like(name)).count();
    let organs = names.iter().filter(|name| is_organ(name)).count();
    if 2 * class_like >= names.len() {
        return Kind::ClassWords;
    }
    if organs == names.len() {
        return Kind::Organs;
    }
    if names.len() == 1 {
        Kind::Single
    } else {
        Kind::Words
    }
}

/// The words of a name without its numbers.
fn stem(name: &str) -> Vec<String> {
    let words = words(name);
    words.into_iter().filter(|word| !is_number(word)).collect()
}

fn longest_number(name: &str) -> usize {
    let words = words(name);
    let numbers = words.iter().filter(|word| is_number(word));
    numbers.map(|word| word.chars().count()).max().unwrap_or(0)
}

/// `patient_3`, `Slide 12`, `case-A`.
fn is_numbered_by(name: &str, known: &super::words::WordSet) -> bool {
    let words = words(name);
    let own = words.iter().any(|word| known.has(word));
    let tells_apart = |word: &String| is_number(word) || word.chars().count() <= 2;
    own && words
        .iter()
        .any(|word| !known.has(word) && tells_apart(word))
}

/// A barcode of TCGA.
fn is_barcode(name: &str) -> bool {
    super::identify::tcga_patient(name).is_some()
}

/// A hexadecimal number or a UUID.
fn is_code(name: &str) -> bool {
    let bare: String = name.chars().filter(|c| *c != '-' && *c != '_').collect();
    bare.len() >= 8
        && bare.chars().all(|c| c.is_ascii_hexdigit())
        && bare.chars().any(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(names: &[&str]) -> Kind {
        kind(&names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn levels_are_known_by_their_names() {
        let cases: &[(&[&str], Kind)] = &[
            (&["Train", "val", "TESTING"], Kind::Parts),
            (&["train", "benign"], Kind::SomeParts),
            (&["fold_2", "P001"], Kind::Mixed),
            (&["TCGA-A1-A0SB", "benign", "malignant"], Kind::Mixed),
            (&["fold_0", "fold_1"], Kind::Folds),
            (&["40X", "100X"], Kind::Magnifications),
            (&["patient_1", "patient_2"], Kind::Patients),
            (&["TCGA-A1-A0SB", "TCGA-B2-A0SC-01Z"], Kind::Patients),
            (&["slide0", "slide1"], Kind::Slides),
            (&["8863", "9254"], Kind::Identifiers),
            (&["P001", "P002"], Kind::Identifiers),
            (
                &[
                    "tumor_1", "tumor_2", "tumor_3", "normal_1", "normal_2", "normal_3",
                ],
                Kind::Identifiers,
            ),
            (&["0a1b2c3d", "deadbe3f"], Kind::Identifiers),
            (&["P1", "P2", "P3"], Kind::Numbered),
            (&["center_1", "center_2"], Kind::Numbered),
            (&["0", "1", "2", "10"], Kind::SmallNumbers),
            (&["grade_1", "grade_2", "grade_3"], Kind::Words),
            (&["benign", "malignant"], Kind::ClassWords),
            (
                &["colon_aca", "colon_n", "lung_aca", "lung_n", "lung_scc"],
                Kind::ClassWords,
            ),
            (&["colon_image_sets", "lung_image_sets"], Kind::Organs),
            (&["images"], Kind::Single),
            (&["apples", "pears"], Kind::Words),
        ];
        for (names, expected) in cases {
            assert_eq!(kind_of(names), *expected, "{names:?}");
        }
    }
}

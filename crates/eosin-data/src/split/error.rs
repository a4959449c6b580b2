//! Why a split cannot be made or used.

use super::cover::Proof;
use crate::listed::listed;
use eosin_core::config::GroupBy;

/// A split that is impossible, or folds that do not fit their manifest.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// Fewer than two folds.
    #[error("split.folds is {0}; cross-validation needs at least 2")]
    TooFewFolds(usize),
    /// No repeat at all.
    #[error("repeats is 0; use at least 1")]
    NoRepeats,
    /// A share that leaves one side empty.
    #[error("split.holdout is {0}; it must lie between 0 and 1, such as 0.2")]
    Fraction(f64),
    /// Nothing to split.
    #[error("there are no patches to train on: all {0} patches are in the test part")]
    NothingToTrain(usize),
    /// More folds than patches of a class.
    #[error(
        "{k} parts were asked for, but class '{class}' has {n}; {}",
        at_most(*.n, || "one image of a class cannot be cross-validated: add patches of that class".into())
    )]
    ClassTooSmall {
        /// Folds asked for.
        k: usize,
        /// The smallest class.
        class: String,
        /// Its number of patches.
        n: usize,
    },
    /// More folds than groups.
    #[error(
        "{k} parts were asked for, but there are {n} groups by {by}; {}",
        at_most(*.n, || format!("one {by} cannot be cross-validated: add another"))
    )]
    TooFewGroups {
        /// Folds asked for.
        k: usize,
        /// Number of groups.
        n: usize,
        /// What groups them.
        by: GroupBy,
    },
    /// A class all of whose patches are in one group, so training cannot see it when that group
    /// is validated on.
    #[error(
        "class '{class}' occurs in one {by} only ('{group}'), so no grouped split can train and \
         validate on it; add a {by} with that class, or --group none to accept the leak"
    )]
    ClassInOneGroup {
        /// The class.
        class: String,
        /// The group.
        group: String,
        /// What groups it.
        by: GroupBy,
    },
    /// Some patches have the grouping, others have not.
    #[error(
        "the {by} is known for {known} of {total} patches (missing for {}); fill in the {by} \
         column, or leave it out with --group none", listed(.missing)
    )]
    PartlyGrouped {
        /// The column.
        by: GroupBy,
        /// Patches that have it.
        known: usize,
        /// Patches in all.
        total: usize,
        /// Keys that lack it.
        missing: Vec<String>,
    },
    /// A grouping was asked for that no patch has.
    #[error("no patch has a {0}; add a '{0}' column to the manifest, or use --group none")]
    NotGrouped(GroupBy),
    /// One group on both sides of the predefined parts.
    #[error(
        "{by} {group} is in both {first} and {second} ({} {by}s in all); move all its patches to \
         one side", .all
    )]
    GroupAcrossParts {
        /// What groups it.
        by: GroupBy,
        /// The first such group.
        group: String,
        /// One part.
        first: &'static str,
        /// The other part.
        second: &'static str,
        /// Number of such groups.
        all: usize,
    },
    /// One group on both sides of a fold.
    #[error("{by} {group} is in both train and val of fold {fold}; {fix}")]
    GroupAcrossFold {
        /// What groups it.
        by: GroupBy,
        /// The group.
        group: String,
        /// The fold, counted over all repeats.
        fold: usize,
        /// What to do.
        fix: String,
    },
    /// The manifest has a validation part and something else was asked for.
    #[error(
        "{val} patches are in the part val, which would be the only validation part, but {0} was \
         given too; leave out {0}, or put these patches into train to draw over all of them",
        .method.setting()
    )]
    HasPredefinedVal {
        /// Patches in val.
        val: usize,
        /// The method asked for.
        method: super::SplitMethod,
    },
    /// The manifest names folds and something else was asked for.
    #[error(
        "the data name {named} folds (in a column 'fold', or as folders), but {what} was given too; \
         leave out {what}, or remove the folds"
    )]
    HasNamedFolds {
        /// Folds that are named.
        named: usize,
        /// What was asked for.
        what: String,
    },
    /// The folds of the manifest were asked for and it names none.
    #[error("no patch names a fold; add a column 'fold' to the manifest")]
    NoNamedFolds,
    /// The manifest names folds and a validation part.
    #[error(
        "the data say twice what to validate on: {val} patches are in the part val, and {named} folds \
         are named (in a column 'fold', or as folders); remove 'val', or the folds"
    )]
    FoldsAndVal {
        /// Patches in val.
        val: usize,
        /// Folds that are named.
        named: usize,
    },
    /// There is one fold, so nothing would be left to train on.
    #[error(
        "the data name one fold only, '{0}' (in a column 'fold', or as a folder); name two at least, \
         or remove it to have folds drawn"
    )]
    OneNamedFold(String),
    /// A validation part that is given cannot be drawn again.
    #[error(
        "split.repeats is {0}, but what to validate on is given and would be the same each time; \
         leave out split.repeats"
    )]
    RepeatsOfGiven(usize),
    /// The predefined split was asked for and there is none.
    #[error(
        "the predefined split needs patches in both train and val, got {train} in train and {val} \
         in val; name them in the manifest's split column"
    )]
    NotPredefined {
        /// Patches in train.
        train: usize,
        /// Patches in val.
        val: usize,
    },
    /// Groups cannot be divided so that every training part has every class.
    #[error(
        "class '{class}' is missing from the training part of fold {fold}: {}", .why
    )]
    NoDivision {
        /// The class.
        class: String,
        /// The fold.
        fold: usize,
        /// Why there is no better division, and what to do.
        why: Division,
    },
    /// A part of a fold that lacks a class altogether, or has no patch.
    #[error("the {part} part of fold {fold} has no patch{}; {fix}",
        .class.as_ref().map_or_else(String::new, |class| format!(" of class '{class}'")))]
    EmptyPart {
        /// `train` or `val`.
        part: &'static str,
        /// The fold.
        fold: usize,
        /// The class, or none when the whole part is empty.
        class: Option<String>,
        /// What to do.
        fix: &'static str,
    },
    /// Folds made for other patches.
    #[error(
        "folds.json does not fit the manifest: {}; rebuild it with 'eosin split'", .0
    )]
    OtherPatches(String),
    /// A fold that is not there.
    #[error("fold {got} does not exist: folds.json has 0-{}", .n.saturating_sub(1))]
    NoSuchFold {
        /// The number asked for.
        got: usize,
        /// Number of folds.
        n: usize,
    },
    /// A folds file of a version that is not known.
    #[error("folds.json has version {got}, expected {expected}; rebuild it with 'eosin split'")]
    Version {
        /// The version got.
        got: u32,
        /// The version that is read.
        expected: u32,
    },
}

/// As many folds as are possible, or what to do where none are.
fn at_most(n: usize, none: impl FnOnce() -> String) -> String {
    match n {
        0 | 1 => none(),
        n => format!("use '--folds {n}' at most"),
    }
}

/// Why groups are not divided so that every class is in every part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    /// What groups patches.
    pub by: GroupBy,
    /// How many groups there are.
    pub groups: usize,
    /// Parts that were asked for.
    pub parts: usize,
    /// What shows that there is no such division.
    pub proof: Proof,
    /// The class that [`Proof::Counted`] is about.
    pub class: Option<String>,
    /// The most parts for which there is one.
    pub most: Option<usize>,
}

impl std::fmt::Display for Division {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            by, groups, parts, ..
        } = self;
        let asked = format!(
            "division of {groups} groups by {by} into {parts} parts has every class in every part"
        );
        match &self.proof {
            Proof::Counted { n, .. } => {
                let class = self.class.as_deref().unwrap_or_default();
                write!(f, "no {asked}, since class '{class}' is in {n} of them")?;
            }
            Proof::Searched => write!(f, "no {asked}: all were searched")?,
            Proof::Unknown { steps } => write!(f, "no {asked} was found in {steps} steps")?,
        }
        match self.most {
            Some(most) => write!(f, "; '--folds {most}' is possible"),
            None => write!(f, "; add a {by} with the rare classes"),
        }
    }
}

/// A split that was made, with a weakness that the user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SplitWarning {
    /// A class has fewer groups than there are folds.
    ClassNotInEveryFold {
        /// The class.
        class: String,
        /// Number of groups that it occurs in.
        groups: usize,
        /// Number of folds.
        k: usize,
        /// What groups it.
        by: GroupBy,
        /// Folds, counted over all repeats, whose validation part lacks the class.
        folds: Vec<usize>,
    },
    /// Not every fold has every class.
    NoDivision(Division),
    /// Nothing is known that would group patches.
    NoGroups,
}

impl std::fmt::Display for SplitWarning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ClassNotInEveryFold {
                class,
                groups,
                k,
                by,
                folds,
            } => {
                let spread = match by {
                    GroupBy::None => String::new(),
                    by => format!("occurs in {groups} groups by {by} and "),
                };
                let folds = match folds.as_slice() {
                    [one] => format!("fold {one}"),
                    many => format!("folds {}", listed(many)),
                };
                write!(
                    f,
                    "class '{class}' {spread}is missing from the validation part of {folds} (of \
                     {k} a repeat): metrics there are undefined"
                )
            }
            Self::NoDivision(division) => division.fmt(f),
            Self::NoGroups => f.write_str(
                "no patient, slide or group is known: patches of one patient may be on both sides \
                 of a fold, which flatters the score; add a patient or slide column to the manifest",
            ),
        }
    }
}

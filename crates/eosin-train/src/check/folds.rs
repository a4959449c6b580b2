//! Whether training and validation parts are what they should be.

use std::collections::BTreeMap;

use eosin_data::SplitMethod;
use eosin_store::cache::ImageHash;

use super::{Finding, Leak};
use crate::train::rows::FoldRows;

/// Files of one leak that a sentence names.
const FILES_SHOWN: usize = 4;

/// The files of all rows, by content and by name.
#[derive(Clone, Copy)]
pub(crate) struct Files<'a> {
    /// Content hashes.
    pub hashes: &'a [ImageHash],
    /// Labels.
    pub targets: &'a [usize],
    /// What a row's file is called.
    pub name: &'a dyn Fn(usize) -> String,
    /// How many leaks a sentence names.
    pub named: Named,
}

/// How many leaks a sentence names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Named {
    /// The first; `doctor.json` has all.
    Some,
    /// All.
    All,
}

impl Named {
    const SOME: usize = 20;

    fn of(self, leaks: &[Leak]) -> &[Leak] {
        match self {
            Self::Some => &leaks[..leaks.len().min(Self::SOME)],
            Self::All => leaks,
        }
    }
}

/// The same file (by content) must not be on both sides of a fold, nor in the test part.
pub(crate) fn check_leaks(folds: &[FoldRows], files: Files<'_>, test: &[usize]) -> Vec<Finding> {
    let twins = twins(files.hashes);
    let rows = files.hashes.len();
    let between = folds.iter().map(|fold| Border {
        fold: Some(fold.id.to_string()),
        ..Border::new(rows, &fold.train, &fold.val)
    });
    let pool: Vec<usize> = folds.first().map_or_else(Vec::new, |fold| {
        fold.train.iter().chain(&fold.val).copied().collect()
    });
    let before_test = [Border::new(rows, &pool, test)];
    let labels_differ = |rows: &Vec<usize>| {
        let pool = rows.iter().filter(|row| !test.contains(row));
        let mut labels = pool.map(|row| files.targets[*row]);
        let first = labels.next();
        labels.any(|label| Some(label) != first)
    };
    let fix = if twins.iter().any(labels_differ) {
        "keep the file of each such set whose label is right, since some are labelled differently"
    } else {
        "give each such set one 'group', or keep one file of it"
    };
    vec![
        leaking(
            "training and validation parts are disjoint",
            "one in the training and one in the validation part",
            fix,
            files.named,
            leaks(&twins, &between.collect::<Vec<_>>(), files),
        ),
        leaking(
            "the test part is disjoint from the others",
            "one of them in the test part",
            "remove the test part's",
            files.named,
            leaks(&twins, &before_test, files),
        ),
    ]
}

/// Every class must be on both sides of each fold, which came about by `method`.
pub(crate) fn check_classes(
    folds: &[FoldRows],
    targets: &[usize],
    classes: &[String],
    method: SplitMethod,
) -> Vec<Finding> {
    let fix = fix_for_classes(method);
    let missing = folds.iter().find_map(|fold| {
        let part = |rows: &[usize], part: &str| {
            let lacks = |class: &usize| rows.iter().all(|row| targets[*row] != *class);
            let class = (0..classes.len()).find(lacks)?;
            let name = fold.id.to_string();
            Some(format!(
                "the {part} part of fold {name} has no patch of class '{}': {fix}",
                classes[class]
            ))
        };
        part(&fold.train, "training").or_else(|| part(&fold.val, "validation"))
    });
    vec![Finding::new("every class is in every part", missing)]
}

/// What brings a class into every part of folds that came about by `method`.
pub(crate) const fn fix_for_classes(method: SplitMethod) -> &'static str {
    match method {
        SplitMethod::KFold => "use fewer '--folds'",
        SplitMethod::Named => "name this fold for some of that class where the data name the folds",
        SplitMethod::Predefined => "put some of that class into it where the data name the parts",
        SplitMethod::HoldOut => "hold out more with a larger split.holdout",
    }
}

/// Sets of rows with equal content, in the order of the first row of each.
fn twins(hashes: &[ImageHash]) -> Vec<Vec<usize>> {
    let mut by_hash: BTreeMap<&ImageHash, Vec<usize>> = BTreeMap::new();
    for (row, hash) in hashes.iter().enumerate() {
        by_hash.entry(hash).or_default().push(row);
    }
    let several = by_hash.into_values().filter(|rows| rows.len() > 1);
    let mut twins: Vec<Vec<usize>> = several.collect();
    twins.sort_unstable();
    twins
}

/// What no picture may be on both sides of.
struct Border {
    /// The fold whose border it is; `None`: the test part's.
    fold: Option<String>,
    /// Rows on one side.
    one: Vec<bool>,
    /// Rows on the other.
    other: Vec<bool>,
}

impl Border {
    fn new(rows: usize, one: &[usize], other: &[usize]) -> Self {
        let side = |members: &[usize]| {
            let mut side = vec![false; rows];
            for row in members {
                side[*row] = true;
            }
            side
        };
        Self {
            fold: None,
            one: side(one),
            other: side(other),
        }
    }

    fn parts(&self, rows: &[usize]) -> bool {
        rows.iter().any(|row| self.one[*row]) && rows.iter().any(|row| self.other[*row])
    }
}

/// The sets of twins that a border parts, without those of their files that are on no side.
fn leaks(twins: &[Vec<usize>], borders: &[Border], files: Files<'_>) -> Vec<Leak> {
    let leak = |rows: &Vec<usize>| {
        let crossed = borders.iter().filter(|border| border.parts(rows));
        let crossed: Vec<&Border> = crossed.collect();
        let seen = |row: &&usize| crossed.iter().any(|b| b.one[**row] || b.other[**row]);
        let name = |row: &usize| (files.name)(*row);
        (!crossed.is_empty()).then(|| Leak {
            files: rows.iter().filter(seen).map(name).collect(),
            folds: crossed.iter().filter_map(|b| b.fold.clone()).collect(),
        })
    };
    twins.iter().filter_map(leak).collect()
}

/// The finding that says what leaks.
fn leaking(check: &str, sides: &str, fix: &str, named: Named, leaks: Vec<Leak>) -> Finding {
    let problem = (!leaks.is_empty()).then(|| {
        let shown: Vec<String> = named.of(&leaks).iter().map(told).collect();
        let more = match leaks.len() - shown.len() {
            0 => String::new(),
            more => format!("; and {more} more, all in doctor.json"),
        };
        format!(
            "{} on both sides of a split, the same picture under several names, {sides}: {}{more}; \
             {fix}",
            match leaks.len() {
                1 => "1 picture is".to_owned(),
                count => format!("{count} pictures are"),
            },
            shown.join("; "),
        )
    });
    Finding {
        leaks,
        ..Finding::new(check, problem)
    }
}

/// `a.png = b.png (fold 2)`
fn told(leak: &Leak) -> String {
    let mut files = leak.files[..leak.files.len().min(FILES_SHOWN)].to_vec();
    let more = leak.files.len() - files.len();
    if more > 0 {
        files.push(format!("{more} more"));
    }
    let files = files.join(" = ");
    match leak.folds.as_slice() {
        [] => files,
        [fold] => format!("{files} (fold {fold})"),
        folds => format!("{files} (folds {})", folds.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use eosin_core::FoldId;

    use super::*;

    fn fold(number: usize, train: &[usize], val: &[usize]) -> FoldRows {
        FoldRows {
            id: FoldId::new(0, number),
            stream: number as u64,
            train: train.to_vec(),
            inner: Vec::new(),
            val: val.to_vec(),
        }
    }

    /// Two folds over rows 0 to 3; each hash is made of one byte.
    fn findings(hashes: &[u8], test: &[usize]) -> Vec<Finding> {
        let folds = [fold(0, &[0, 1], &[2, 3]), fold(1, &[2, 3], &[0, 1])];
        let hashes: Vec<ImageHash> = hashes.iter().map(|byte| [*byte; 32]).collect();
        let files = Files {
            hashes: &hashes,
            targets: &[0, 1, 1, 0, 0],
            name: &|row| format!("{row}.png"),
            named: Named::Some,
        };
        check_leaks(&folds, files, test)
    }

    fn leak(files: &[&str], folds: &[&str]) -> Leak {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Leak {
            files: owned(files),
            folds: owned(folds),
        }
    }

    #[test]
    fn good_folds_have_no_problem() {
        // Rows 0 and 1 are never parted.
        let findings = findings(&[1, 1, 3, 4, 5], &[4]);
        assert!(
            findings
                .iter()
                .all(|f| f.problem.is_none() && f.leaks.is_empty())
        );
    }

    #[test]
    fn every_picture_on_both_sides_is_named_with_its_folds() {
        let findings = findings(&[2, 1, 1, 2, 2], &[4]);
        let between = [
            leak(&["0.png", "3.png"], &["0", "1"]),
            leak(&["1.png", "2.png"], &["0", "1"]),
        ];
        assert_eq!(findings[0].leaks, between);
        assert_eq!(findings[1].leaks, [leak(&["0.png", "3.png", "4.png"], &[])]);
        let said = findings[0].problem.as_deref().unwrap();
        assert!(said.starts_with("2 pictures are on both sides"), "{said}");
        assert!(
            said.contains("0.png = 3.png (folds 0, 1); 1.png = 2.png"),
            "{said}"
        );
        assert!(said.ends_with("give each such set one 'group', or keep one file of it"));
    }

    #[test]
    fn no_group_is_advised_for_one_picture_with_two_labels() {
        let findings = findings(&[1, 2, 1, 1, 5], &[4]);
        let said = findings[0].problem.as_deref().unwrap();
        assert!(said.contains("whose label is right"), "{said}");
        assert!(!said.contains("'group'"), "{said}");
    }

    #[test]
    fn a_sentence_names_twenty_and_counts_the_rest() {
        let leaks = vec![leak(&["a", "b", "c", "d", "e"], &["0"]); Named::SOME + 3];
        let all = leaking("check", "sides", "fix", Named::All, leaks.clone());
        let all = all.problem.unwrap();
        assert!(all.ends_with("1 more (fold 0); fix"), "{all}");
        let finding = leaking("check", "sides", "fix", Named::Some, leaks);
        let said = finding.problem.as_deref().unwrap();
        assert_eq!(
            said.matches("a = b = c = d = 1 more (fold 0)").count(),
            Named::SOME
        );
        assert!(
            said.ends_with("; and 3 more, all in doctor.json; fix"),
            "{said}"
        );
        assert_eq!(finding.leaks.len(), Named::SOME + 3);
    }

    #[test]
    fn a_class_that_a_part_lacks_is_named() {
        let classes = ["benign", "malignant"].map(str::to_owned);
        let folds = [fold(2, &[0, 1], &[2, 3])];
        let lacking = check_classes(&folds, &[0, 1, 0, 0], &classes, SplitMethod::KFold);
        let said = lacking[0].problem.as_deref().unwrap();
        assert!(said.contains("validation part of fold 2 has no patch of class 'malignant'"));
        assert!(said.ends_with("use fewer '--folds'"), "{said}");
        let lacking = check_classes(&folds, &[0, 1, 0, 0], &classes, SplitMethod::Named);
        let said = lacking[0].problem.as_deref().unwrap();
        assert!(!said.contains("'--folds'"), "{said}");
        let whole = check_classes(&folds, &[0, 1, 0, 1], &classes, SplitMethod::KFold);
        assert_eq!(whole[0].problem, None);
    }
}

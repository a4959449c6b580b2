//! Whether training and validation parts are what they should be.

use std::collections::BTreeMap;
use std::path::PathBuf;

use eosin_store::cache::ImageHash;

use super::Finding;
use crate::train::tracker::FoldRows;

/// The same file (by content) must not be on both sides of a fold, nor in the test part; every
/// class must be on both sides.
pub(crate) fn check_folds(
    folds: &[FoldRows],
    (hashes, paths): (&[ImageHash], &[PathBuf]),
    targets: &[usize],
    test: &[usize],
    classes: &[String],
) -> Vec<Finding> {
    let leak = folds.iter().find_map(|fold| {
        let name = fold.name();
        shared(&fold.train, &fold.val, hashes).map(|(train, val)| {
            format!(
                "{} and {} are the same picture, one in the training and one in the validation \
                 part of fold {name}: give both one 'group', or remove one",
                paths[train].display(),
                paths[val].display()
            )
        })
    });
    let pool: Vec<usize> = folds.first().map_or_else(Vec::new, |fold| {
        fold.train.iter().chain(&fold.val).copied().collect()
    });
    let test_leak = shared(&pool, test, hashes).map(|(pool, test)| {
        format!(
            "{} and {} are the same picture, and the second is in the test part: remove it there",
            paths[pool].display(),
            paths[test].display()
        )
    });
    let missing = folds.iter().find_map(|fold| {
        let part = |rows: &[usize], part: &str| {
            let lacks = |class: &usize| rows.iter().all(|row| targets[*row] != *class);
            let class = (0..classes.len()).find(lacks)?;
            let name = fold.name();
            Some(format!(
                "the {part} part of fold {name} has no patch of class '{}': use fewer folds or \
                 add patches of that class",
                classes[class]
            ))
        };
        part(&fold.train, "training").or_else(|| part(&fold.val, "validation"))
    });
    vec![
        Finding::new("training and validation parts are disjoint", leak),
        Finding::new("the test part is disjoint from the others", test_leak),
        Finding::new("every class is in every part", missing),
    ]
}

/// A row of each list with the same content.
fn shared(one: &[usize], other: &[usize], hashes: &[ImageHash]) -> Option<(usize, usize)> {
    let of: BTreeMap<&ImageHash, usize> = one.iter().map(|row| (&hashes[*row], *row)).collect();
    let twin = |row: &usize| Some((*of.get(&hashes[*row])?, *row));
    other.iter().find_map(twin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(hashes: &[u8], targets: &[usize], test: &[usize]) -> Vec<Finding> {
        let fold = FoldRows {
            repeat: 0,
            fold: 2,
            stream: 2,
            train: vec![0, 1],
            val: vec![2, 3],
        };
        let hashes: Vec<ImageHash> = hashes.iter().map(|byte| [*byte; 32]).collect();
        let paths: Vec<PathBuf> = (0..hashes.len())
            .map(|row| PathBuf::from(format!("{row}.png")))
            .collect();
        let classes = ["benign", "malignant"].map(str::to_owned);
        check_folds(&[fold], (&hashes, &paths), targets, test, &classes)
    }

    fn problems(findings: &[Finding]) -> Vec<&str> {
        findings
            .iter()
            .filter_map(|f| f.problem.as_deref())
            .collect()
    }

    #[test]
    fn good_folds_have_no_problem() {
        let findings = findings(&[1, 2, 3, 4, 5], &[0, 1, 0, 1, 0], &[4]);
        assert_eq!((findings.len(), problems(&findings).len()), (3, 0));
    }

    #[test]
    fn one_picture_on_both_sides_is_named() {
        let findings = findings(&[1, 2, 3, 1, 2], &[0, 1, 0, 1, 0], &[4]);
        let said = problems(&findings);
        assert!(
            said[0].starts_with("0.png and 3.png are the same picture"),
            "{said:?}"
        );
        assert!(said[0].contains("fold 2"), "{said:?}");
        assert!(said[1].starts_with("1.png and 4.png"), "{said:?}");
    }

    #[test]
    fn a_class_that_a_part_lacks_is_named() {
        let findings = findings(&[1, 2, 3, 4], &[0, 1, 0, 0], &[]);
        let said = problems(&findings);
        assert!(said[0].contains("validation part of fold 2 has no patch of class 'malignant'"));
    }
}

//! The members that are to choose from, and the patches on which they are compared.

use std::collections::BTreeMap;

use crate::error::EnsembleError;
use crate::said::Said;

/// What is known of each patch.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    /// Class of each patch.
    pub targets: Vec<usize>,
    /// Number of classes.
    pub classes: usize,
    /// The positive class, where there are two.
    pub positive: usize,
    /// The fold that judged each patch; any numbers.
    pub folds: Vec<usize>,
    /// What each patch belongs to (a patient, a slide, or itself); any numbers.
    pub groups: Vec<usize>,
}

/// Out-of-fold logits of all members for the same patches.
#[derive(Clone, Debug)]
pub struct Pool {
    members: Vec<Vec<f32>>,
    labels: Labels,
    said: Said,
    /// Patches of each fold, in the order of the folds' numbers.
    parts: Vec<Vec<usize>>,
    /// Of some subsets, what one head on all their embeddings says.
    joined: BTreeMap<Vec<usize>, Vec<f32>>,
}

impl Pool {
    /// Of `members`, out-of-fold logits `[patches, classes]` each: those of a patch are of the models
    /// that were not trained on its fold.
    ///
    /// # Errors
    /// When there is no member or patch, lengths differ, a logit is not finite, a class is out of
    /// range, or a group is in two folds.
    pub fn new(members: Vec<Vec<f32>>, labels: Labels) -> Result<Self, EnsembleError> {
        let borrowed: Vec<&[f32]> = members.iter().map(Vec::as_slice).collect();
        labels.check()?;
        check_members(&borrowed, labels.targets.len(), labels.classes)?;
        let said = Said::new(&borrowed, labels.classes);
        let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (patch, fold) in labels.folds.iter().enumerate() {
            parts.entry(*fold).or_default().push(patch);
        }
        Ok(Self {
            parts: parts.into_values().collect(),
            joined: BTreeMap::new(),
            members,
            labels,
            said,
        })
    }

    /// The same pool that knows what one head on the embeddings of the members `subset` (rising) says,
    /// `[patches, classes]`: out of fold, as a member's logits are.
    ///
    /// # Errors
    /// When a member is not in the pool, the length differs, or a logit is not finite.
    pub fn with_joined(
        mut self,
        subset: Vec<usize>,
        logits: Vec<f32>,
    ) -> Result<Self, EnsembleError> {
        self.check_subset(&subset)?;
        check_members(&[&logits], self.patches(), self.labels.classes)?;
        self.joined.insert(subset, logits);
        Ok(self)
    }

    pub(crate) fn joined(&self, subset: &[usize]) -> Option<&[f32]> {
        self.joined.get(subset).map(Vec::as_slice)
    }

    /// Logits of each member, `[patches, classes]`.
    pub fn members(&self) -> &[Vec<f32>] {
        &self.members
    }

    /// What is known of each patch.
    pub const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Number of patches.
    pub const fn patches(&self) -> usize {
        self.labels.targets.len()
    }

    /// Number of folds.
    pub const fn folds(&self) -> usize {
        self.parts.len()
    }

    /// Patches of each fold, in the order of the folds' numbers.
    pub fn parts(&self) -> &[Vec<usize>] {
        &self.parts
    }

    /// Whether each patch is a group of its own, that is, independent of all others.
    pub fn is_independent(&self) -> bool {
        let mut groups = self.labels.groups.clone();
        groups.sort_unstable();
        groups.windows(2).all(|pair| pair[0] != pair[1])
    }

    pub(crate) const fn said(&self) -> &Said {
        &self.said
    }

    /// Patches that are in none of these folds (places in [`Pool::parts`]), in their order.
    pub(crate) fn without(&self, folds: &[usize]) -> Vec<usize> {
        let rest = self.parts.iter().enumerate();
        let rest = rest.filter(|(fold, _)| !folds.contains(fold));
        let mut patches: Vec<usize> = rest.flat_map(|(_, part)| part.iter().copied()).collect();
        patches.sort_unstable();
        patches
    }

    pub(crate) fn check_subset(&self, subset: &[usize]) -> Result<(), EnsembleError> {
        let members = self.members.len();
        if subset.is_empty() {
            return Err(EnsembleError::NoMember);
        }
        for (at, member) in subset.iter().enumerate() {
            if *member >= members || subset[..at].contains(member) {
                return Err(EnsembleError::NoSuchMember {
                    member: *member,
                    members,
                });
            }
        }
        Ok(())
    }
}

impl Labels {
    /// Of some patches, in that order.
    #[must_use]
    pub fn pick(&self, patches: &[usize]) -> Self {
        let of = |all: &[usize]| patches.iter().map(|patch| all[*patch]).collect();
        Self {
            targets: of(&self.targets),
            classes: self.classes,
            positive: self.positive,
            folds: of(&self.folds),
            groups: of(&self.groups),
        }
    }

    /// The first class that no patch has.
    pub(crate) fn missing_class(&self) -> Option<usize> {
        let mut seen = vec![false; self.classes];
        for target in &self.targets {
            seen[*target] = true;
        }
        seen.iter().position(|seen| !seen)
    }

    pub(crate) fn check(&self) -> Result<(), EnsembleError> {
        let (classes, patches) = (self.classes, self.targets.len());
        if classes < 2 {
            return Err(EnsembleError::TooFewClasses { classes });
        }
        if patches == 0 {
            return Err(EnsembleError::NoPatch);
        }
        for (what, got) in [("folds", self.folds.len()), ("groups", self.groups.len())] {
            check_length(what, got, patches)?;
        }
        let in_range = |what: &'static str, index: usize, class: usize| {
            if class < classes {
                return Ok(());
            }
            Err(EnsembleError::ClassOutOfRange {
                what,
                index,
                class,
                classes,
            })
        };
        in_range("positive class", 0, self.positive)?;
        for (index, target) in self.targets.iter().enumerate() {
            in_range("target", index, *target)?;
        }
        let mut folds_of: BTreeMap<usize, usize> = BTreeMap::new();
        for (group, fold) in self.groups.iter().zip(&self.folds) {
            let one = *folds_of.entry(*group).or_insert(*fold);
            if one != *fold {
                return Err(EnsembleError::GroupCrossesFolds {
                    group: *group,
                    one,
                    other: *fold,
                });
            }
        }
        Ok(())
    }
}

pub(crate) const fn check_length(
    what: &'static str,
    got: usize,
    expected: usize,
) -> Result<(), EnsembleError> {
    if got == expected {
        return Ok(());
    }
    Err(EnsembleError::Length {
        what,
        got,
        expected,
    })
}

/// Whether these are finite logits of so many patches.
pub(crate) fn check_members(
    members: &[&[f32]],
    patches: usize,
    classes: usize,
) -> Result<(), EnsembleError> {
    if members.is_empty() {
        return Err(EnsembleError::NoMember);
    }
    for (member, logits) in members.iter().enumerate() {
        check_length("logits of a member", logits.len(), patches * classes)?;
        if let Some(at) = logits.iter().position(|logit| !logit.is_finite()) {
            return Err(EnsembleError::NotFinite {
                member,
                patch: at / classes,
                class: at % classes,
                value: logits[at],
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels {
        Labels {
            targets: vec![0, 1, 0],
            classes: 2,
            positive: 1,
            folds: vec![4, 9, 4],
            groups: vec![7, 8, 7],
        }
    }

    #[test]
    fn folds_keep_their_order_whatever_their_numbers() {
        let pool = Pool::new(vec![vec![0.0; 6]], labels()).unwrap();
        assert_eq!(pool.parts(), [vec![0, 2], vec![1]]);
        assert_eq!(pool.without(&[0]), [1]);
        assert!(!pool.is_independent());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let refused = |members: Vec<Vec<f32>>, labels: Labels| {
            Pool::new(members, labels).unwrap_err().to_string()
        };
        assert_eq!(
            refused(vec![], labels()),
            "no member to combine; pass at least one"
        );
        assert_eq!(
            refused(vec![vec![0.0; 5]], labels()),
            "logits of a member: 5 given, 6 expected"
        );
        let infinite = vec![0.0, 0.0, 0.0, f32::INFINITY, 0.0, 0.0];
        assert_eq!(
            refused(vec![infinite], labels()),
            "member 0 has a logit of patch 1, class 1 that is not finite (inf)"
        );
        let wrong = Labels {
            targets: vec![0, 2, 0],
            ..labels()
        };
        assert_eq!(
            refused(vec![vec![0.0; 6]], wrong),
            "target 1 is class 2, but the classes are 0 to 1"
        );
        let wrong = Labels {
            groups: vec![7, 7, 8],
            ..labels()
        };
        assert_eq!(
            refused(vec![vec![0.0; 6]], wrong),
            "group 7 is in both fold 4 and fold 9; no group may cross folds"
        );
    }
}

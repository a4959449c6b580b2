//! Whether a split that was asked for is possible.

use eosin_core::Split;

use super::groups::Groups;
use super::make::Pool;
use super::{SplitError, SplitMethod, SplitOptions};

impl Pool<'_> {
    /// Refuses what no drawing can satisfy, before anything is drawn.
    pub(super) fn check(&self, options: &SplitOptions) -> Result<(), SplitError> {
        if options.repeats == 0 {
            return Err(SplitError::NoRepeats);
        }
        if options.repeats > 1 && !options.method.is_drawn() {
            return Err(SplitError::RepeatsOfGiven(options.repeats));
        }
        let val = self.in_part(Split::Val).len();
        self.check_given(options, val)?;
        match options.method {
            SplitMethod::Predefined => self.check_predefined(val),
            SplitMethod::Named => Ok(()),
            SplitMethod::HoldOut if !(options.val_fraction > 0.0 && options.val_fraction < 1.0) => {
                Err(SplitError::Fraction(options.val_fraction))
            }
            SplitMethod::HoldOut => self.check_counts(2),
            SplitMethod::KFold if options.k < 2 => Err(SplitError::TooFewFolds(options.k)),
            SplitMethod::KFold => self.check_counts(options.k),
        }
    }

    /// What the manifest says itself is not overruled.
    fn check_given(&self, options: &SplitOptions, val: usize) -> Result<(), SplitError> {
        let method = options.method;
        let names = self.manifest.named_folds();
        let named = names.len();
        let folds = || Some(format!("'--folds {}'", options.k));
        let what = match method {
            SplitMethod::HoldOut => Some(method.setting().to_owned()),
            SplitMethod::Named if options.k == named => None,
            SplitMethod::KFold | SplitMethod::Named => folds(),
            SplitMethod::Predefined => None,
        };
        match names.as_slice() {
            [] if val > 0 && method != SplitMethod::Predefined => {
                Err(SplitError::HasPredefinedVal { val, method })
            }
            [] if method == SplitMethod::Named => Err(SplitError::NoNamedFolds),
            [] => Ok(()),
            _ if val > 0 => Err(SplitError::FoldsAndVal { val, named }),
            [one] => Err(SplitError::OneNamedFold((*one).to_owned())),
            _ => match what {
                Some(what) => Err(SplitError::HasNamedFolds { named, what }),
                None => Ok(()),
            },
        }
    }

    fn check_predefined(&self, val: usize) -> Result<(), SplitError> {
        let train = self.positions.len() - val;
        if train == 0 || val == 0 {
            return Err(SplitError::NotPredefined { train, val });
        }
        Ok(())
    }

    /// Whether there are enough patches or groups for `k` parts.
    fn check_counts(&self, k: usize) -> Result<(), SplitError> {
        let n_classes = self.manifest.classes.len();
        if let Some(groups) = &self.groups {
            let n = groups.members.len();
            if k > n {
                return Err(SplitError::TooFewGroups { k, n, by: self.by });
            }
            return (0..n_classes).try_for_each(|class| self.check_spread(groups, class));
        }
        let counts = self
            .manifest
            .class_counts_of(self.positions.iter().copied());
        match counts
            .iter()
            .zip(&self.manifest.classes)
            .min_by_key(|(n, _)| **n)
        {
            Some((&n, class)) if n < k => Err(SplitError::ClassTooSmall {
                k,
                class: class.clone(),
                n,
            }),
            _ => Ok(()),
        }
    }

    fn check_spread(&self, groups: &Groups, class: usize) -> Result<(), SplitError> {
        let mut with = (0..groups.members.len()).filter(|&group| groups.counts[group][class] > 0);
        match (with.next(), with.next()) {
            (Some(only), None) => {
                let first = self.positions[groups.members[only][0]];
                let group = self.manifest.patches[first]
                    .group_by(self.by)
                    .unwrap_or_default();
                Err(SplitError::ClassInOneGroup {
                    class: self.manifest.classes[class].clone(),
                    group: group.to_owned(),
                    by: self.by,
                })
            }
            _ => Ok(()),
        }
    }
}

//! What patches belong together, where numbers are judged.

use std::collections::BTreeMap;

use eosin_core::Seed;
use eosin_core::config::GroupBy;
use eosin_data::{Folds, Manifest};
use eosin_metrics::{Bootstrap, Groups, Sampling, Unit};
use eosin_store::{RunFolder, RunRecord};

use crate::error::TrainError;
use crate::predict::held::names_of_judged;

/// The patient, the slide and the group of a patch, where they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupNames {
    /// The patient.
    pub patient: Option<String>,
    /// The slide.
    pub slide: Option<String>,
    /// The group.
    pub group: Option<String>,
}

impl GroupNames {
    fn by(&self, by: GroupBy) -> Option<&str> {
        match by {
            GroupBy::Auto | GroupBy::None => None,
            GroupBy::Patient => self.patient.as_deref(),
            GroupBy::Slide => self.slide.as_deref(),
            GroupBy::Group => self.group.as_deref(),
        }
    }
}

/// What is known of which patches belong together.
#[derive(Clone, Debug)]
pub struct PatchGroups {
    /// What the folds keep together.
    kept: GroupBy,
    of_keys: BTreeMap<String, GroupNames>,
}

impl PatchGroups {
    /// What is known of patches by key; `kept` is what folds keep together, [`GroupBy::None`] where nothing.
    pub const fn new(kept: GroupBy, of_keys: BTreeMap<String, GroupNames>) -> Self {
        Self { kept, of_keys }
    }

    /// What a manifest says, of which `folds` are.
    pub fn of_manifest(manifest: &Manifest, folds: &Folds) -> Self {
        let names = manifest.patches.iter().map(|patch| {
            let names = GroupNames {
                patient: patch.patient.clone(),
                slide: patch.slide.clone(),
                group: patch.group.clone(),
            };
            (patch.key.clone(), names)
        });
        Self {
            kept: folds.group,
            of_keys: names.collect(),
        }
    }

    /// What the folds of a finished run noted of the patches that they judged; `kept` is what they keep
    /// together.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn of_run(
        folder: &RunFolder,
        record: &RunRecord,
        kept: GroupBy,
    ) -> Result<Self, TrainError> {
        Ok(Self {
            kept,
            of_keys: names_of_judged(folder, record)?,
        })
    }

    /// What is taken for independent among patches: what the folds keep together, else patients, slides or
    /// groups, whichever is known of any of them, else the patches.
    pub fn unit<'a>(&self, keys: &(impl Iterator<Item = &'a str> + Clone)) -> Unit {
        let order = [self.kept, GroupBy::Patient, GroupBy::Slide, GroupBy::Group];
        let known = |by: &GroupBy| keys.clone().any(|key| self.name(key, *by).is_some());
        order
            .into_iter()
            .find(known)
            .unwrap_or(GroupBy::None)
            .into()
    }

    /// The groups of patches by what [`unit`](Self::unit) is of them; one that belongs to nobody is a
    /// group of its own.
    pub fn groups<'a>(&self, keys: impl Iterator<Item = &'a str> + Clone) -> (Unit, Groups) {
        let unit = self.unit(&keys);
        if unit == Unit::Patch {
            return (unit, Groups::apart(keys.count()));
        }
        let by = GroupBy::from(unit);
        let name = |key: &'a str| self.group_of(key, by);
        (unit, Groups::named(&keys.map(name).collect::<Vec<_>>()))
    }

    /// What a patch belongs to: its group by `by`, or itself, whatever groups are called.
    pub(super) fn group_of(&self, key: &str, by: GroupBy) -> (u8, String) {
        match self.name(key, by) {
            Some(name) => (0, name.to_owned()),
            None => (1, key.to_owned()),
        }
    }

    /// How rows of these patches came about.
    pub fn sampling<'a>(
        &self,
        keys: impl Iterator<Item = &'a str> + Clone,
        seed: Seed,
    ) -> Sampling {
        let (unit, groups) = self.groups(keys);
        Sampling {
            unit,
            groups,
            bootstrap: Bootstrap::new(seed),
        }
    }

    fn name(&self, key: &str, by: GroupBy) -> Option<&str> {
        self.of_keys.get(key)?.by(by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(kept: GroupBy) -> PatchGroups {
        let name = |key: &str, patient: Option<&str>, slide: Option<&str>| {
            let names = GroupNames {
                patient: patient.map(str::to_owned),
                slide: slide.map(str::to_owned),
                group: None,
            };
            (key.to_owned(), names)
        };
        PatchGroups {
            kept,
            of_keys: BTreeMap::from([
                name("a", Some("P1"), Some("S1")),
                name("b", Some("P1"), Some("S2")),
                name("c", None, Some("S3")),
                name("d", None, None),
                name("P1", None, None),
            ]),
        }
    }

    #[test]
    fn what_folds_keep_together_is_the_unit_else_the_coarsest_known() {
        let unit = |kept, keys: &[&'static str]| groups(kept).unit(&keys.iter().copied());
        assert_eq!(unit(GroupBy::Slide, &["a", "b"]), Unit::Slide);
        assert_eq!(unit(GroupBy::None, &["a", "b"]), Unit::Patient);
        assert_eq!(unit(GroupBy::Patient, &["c"]), Unit::Slide);
        assert_eq!(unit(GroupBy::Patient, &["d", "unknown"]), Unit::Patch);
    }

    #[test]
    fn a_patch_without_a_group_is_one_of_its_own_even_if_it_is_called_like_one() {
        let (unit, found) = groups(GroupBy::Patient).groups(["a", "P1", "b", "d"].into_iter());
        assert_eq!((unit, found.count()), (Unit::Patient, 3));
        assert_eq!(found.of_rows()[0], found.of_rows()[2]);
    }
}

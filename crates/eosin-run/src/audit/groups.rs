//! Groups of patches that may not be torn apart, as a table that `eosin run` takes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use eosin_audit::{FoundPair, Links};
use eosin_core::config::GroupBy;
use eosin_data::Patch;

use crate::job::Job;

/// Patches that belong together: known to be of one patient, slide or group, or paired.
pub(super) struct Linked {
    /// What each patch's group is called.
    pub names: Vec<String>,
    /// Sets of three and more that are linked by pairs.
    pub clusters: Vec<Vec<usize>>,
    /// Training patches that are linked with patches of the test part.
    pub left_out: Vec<usize>,
}

impl Linked {
    pub(super) fn of(job: &Job, pairs: &[FoundPair]) -> Self {
        let patches = &job.manifest().patches;
        let mut paired = Links::new(patches.len());
        for pair in pairs {
            paired.join(pair.a, pair.b);
        }
        let clusters = members(&paired.numbers());
        let clusters = clusters.into_iter().filter(|cluster| cluster.len() > 2);
        let clusters = clusters.collect();
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, patch) in patches.iter().enumerate() {
            if let Some(group) = known(patch) {
                paired.join(place, *first.entry(group).or_insert(place));
            }
        }
        let numbers = paired.numbers();
        let sets = members(&numbers);
        let names: Vec<String> = sets.iter().map(|set| name(patches, set)).collect();
        let across = |set: &&Vec<usize>| {
            let test = set
                .iter()
                .filter(|place| patches[**place].is_test())
                .count();
            test > 0 && test < set.len()
        };
        let crossing = sets.iter().filter(across).flatten();
        Self {
            names: numbers
                .iter()
                .map(|number| names[*number].clone())
                .collect(),
            clusters,
            left_out: crossing
                .copied()
                .filter(|place| !patches[*place].is_test())
                .collect(),
        }
    }

    /// Gives a patch's group another name.
    pub(super) fn rename(&mut self, place: usize, name: String) {
        self.names[place] = name;
    }

    /// `path,label,group,split,key`, paths absolute: the table may lie anywhere.
    pub(super) fn csv(&self, job: &Job) -> Result<Vec<u8>> {
        let manifest = job.manifest();
        let left_out: BTreeSet<usize> = self.left_out.iter().copied().collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        let has_parts = manifest.patches.iter().any(|patch| patch.split.is_some());
        let mut header = vec!["path", "label", "group", "key"];
        header.extend(has_parts.then_some("split"));
        writer.write_record(&header)?;
        for (place, patch) in manifest.patches.iter().enumerate() {
            let Some(file) = patch.source.file().filter(|_| !left_out.contains(&place)) else {
                continue;
            };
            let path = std::path::absolute(file)?.display().to_string();
            let label = patch.class.map_or("", |class| &manifest.classes[class]);
            let mut row = vec![path.as_str(), label, &self.names[place], &patch.key];
            // A patch without a part is trained on; where some have one, all must.
            let part = patch.split.map_or("train", eosin_core::Split::as_str);
            row.extend(has_parts.then_some(part));
            writer.write_record(&row)?;
        }
        Ok(writer.into_inner()?)
    }
}

/// The patient, slide or group of a patch, the coarsest that is known.
pub(super) fn known(patch: &Patch) -> Option<&str> {
    [GroupBy::Patient, GroupBy::Slide, GroupBy::Group]
        .into_iter()
        .find_map(|by| patch.group_by(by))
}

/// The places of each number.
fn members(numbers: &[usize]) -> Vec<Vec<usize>> {
    let count = numbers.iter().max().map_or(0, |most| most + 1);
    let mut members = vec![Vec::new(); count];
    for (place, number) in numbers.iter().enumerate() {
        members[*number].push(place);
    }
    members
}

/// What a set of patches is called: as what is known of it, else as its first patch.
fn name(patches: &[Patch], set: &[usize]) -> String {
    let names: BTreeSet<&str> = set
        .iter()
        .filter_map(|place| known(&patches[*place]))
        .collect();
    let mut names = names.into_iter();
    match (names.next(), names.next(), names.count()) {
        (None, ..) => patches[set[0]].key.clone(),
        (Some(one), None, _) => one.to_owned(),
        (Some(one), Some(other), 0) => format!("{one}+{other}"),
        (Some(one), Some(other), more) => format!("{one}+{other}+{more} more"),
    }
}

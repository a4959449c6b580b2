//! A training part divided anew: what penalties and epochs are chosen on.

use std::collections::{BTreeMap, BTreeSet};

use eosin_data::{Manifest, SplitOptions, split};

use super::Run;
use crate::train::rows::FoldRows;

/// Inner folds of a training part.
const INNER_FOLDS: usize = 5;

impl Run<'_> {
    /// Rows of the training part of `fold` in [`INNER_FOLDS`] parts at most, groups together;
    /// nothing where it cannot be divided. `places` has the place in the manifest of each row.
    pub(super) fn divided(&self, fold: &FoldRows, places: &[usize]) -> Vec<Vec<usize>> {
        let manifest = self.patches.manifest();
        let mut row_of = BTreeMap::new();
        let mut patches = Vec::new();
        for row in &fold.train {
            let patch = &manifest.patches[places[*row]];
            row_of.insert(patch.key.as_str(), *row);
            let mut patch = patch.clone();
            patch.split = None;
            // The outer folds that the data name do not divide what is left of them.
            patch.fold = None;
            patches.push(patch);
        }
        let own = Manifest {
            patches,
            ..manifest.clone()
        };
        let group = |patch: &eosin_data::Patch| {
            patch
                .group_by(self.folds.group)
                .unwrap_or(&patch.key)
                .to_owned()
        };
        let groups: BTreeSet<String> = own.patches.iter().map(group).collect();
        let options = SplitOptions {
            k: INNER_FOLDS.min(groups.len()),
            group: self.folds.group,
            seed: self.config.seed,
            ..SplitOptions::default()
        };
        // A part of what could be divided: it fails for want of patches or groups alone.
        let Ok((folds, _)) = split(&own, &options) else {
            return Vec::new();
        };
        let rows = |keys: &Vec<String>| keys.iter().map(|key| row_of[key.as_str()]).collect();
        folds.folds.iter().map(|fold| rows(&fold.val)).collect()
    }

    /// The part of the training part of `fold` that picks its epoch: of the divided parts the first
    /// with every class in it and in the rest; nothing where there is none.
    pub(super) fn picking_part(
        &self,
        fold: &FoldRows,
        places: &[usize],
        targets: &[usize],
    ) -> Option<Vec<usize>> {
        let all = |rows: &mut dyn Iterator<Item = &usize>| {
            let seen: BTreeSet<usize> = rows.map(|row| targets[*row]).collect();
            seen.len() == self.task.classes.len()
        };
        let fits = |part: &Vec<usize>| {
            let held: BTreeSet<&usize> = part.iter().collect();
            let mut rest = fold.train.iter().filter(|row| !held.contains(row));
            all(&mut part.iter()) && all(&mut rest)
        };
        self.divided(fold, places).into_iter().find(fits)
    }
}

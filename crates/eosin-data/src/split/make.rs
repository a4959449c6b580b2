//! Making the folds.

use std::collections::BTreeSet;

use eosin_core::config::GroupBy;
use eosin_core::{FoldId, Seed, Split, Stream};

use super::cover::{self, Proof};
use super::error::Division;
use super::group::refuse_across_parts;
use super::groups::Groups;
use super::{
    Fold, Folds, SplitError, SplitMethod, SplitOptions, SplitWarning, group, grouped, hold_out,
    stratified,
};
use crate::manifest::Manifest;

/// The training pool as the methods see it.
pub(super) struct Pool<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) positions: Vec<usize>,
    classes: Vec<usize>,
    pub(super) by: GroupBy,
    pub(super) groups: Option<Groups>,
}

/// Draws the folds of `manifest` as `options` ask. Patches of the test part enter none.
///
/// The result depends on keys, labels, groups and the seed, and not on the order of files.
///
/// # Errors
/// When the request is impossible, or a group is on both sides of predefined parts.
pub fn split(
    manifest: &Manifest,
    options: &SplitOptions,
) -> Result<(Folds, Vec<SplitWarning>), SplitError> {
    let pool = Pool::new(manifest, options)?;
    pool.check(options)?;
    let mut folds = Vec::new();
    for repeat in 0..options.repeats {
        let val_parts = pool.draw(options, repeat);
        folds.extend(val_parts.into_iter().enumerate().map(|(fold, val)| Fold {
            id: FoldId::new(repeat, fold),
            val: pool.keys(&val),
        }));
    }
    let folds = Folds {
        version: Folds::version(),
        method: options.method,
        group: pool.by,
        k: folds.len() / options.repeats,
        repeats: options.repeats,
        seed: options.seed.0,
        manifest_hash: manifest.hash(),
        folds,
    };
    let warnings = pool.check_folds(&folds)?;
    Ok((folds, warnings))
}

impl<'a> Pool<'a> {
    fn new(manifest: &'a Manifest, options: &SplitOptions) -> Result<Self, SplitError> {
        let positions = manifest.training_pool();
        if positions.is_empty() {
            return Err(SplitError::NothingToTrain(manifest.patches.len()));
        }
        let by = group::resolve(options.group, manifest, &positions)?;
        let val_apart = options.method == SplitMethod::Predefined;
        refuse_across_parts(manifest, by, val_apart)?;
        // Ingestion refuses unlabelled patches outside the test part.
        let classes: Vec<usize> = positions
            .iter()
            .map(|&at| manifest.patches[at].class.unwrap_or(0))
            .collect();
        let names: Option<Vec<&str>> = positions
            .iter()
            .map(|&at| manifest.patches[at].group_by(by))
            .collect();
        let groups = names.map(|names| Groups::new(&names, &classes, manifest.classes.len()));
        Ok(Self {
            manifest,
            positions,
            classes,
            by,
            groups,
        })
    }

    pub(super) fn in_part(&self, split: Split) -> Vec<usize> {
        (0..self.positions.len())
            .filter(|&at| self.manifest.patches[self.positions[at]].split == Some(split))
            .collect()
    }

    /// The validation parts of one repeat, as positions in the pool.
    fn draw(&self, options: &SplitOptions, repeat: usize) -> Vec<Vec<usize>> {
        let mut rng = options.seed.stream(Stream::Split, &[repeat as u64]);
        let n_classes = self.manifest.classes.len();
        match (options.method, &self.groups) {
            (SplitMethod::Predefined, _) => vec![self.in_part(Split::Val)],
            (SplitMethod::Named, _) => self.named(),
            (SplitMethod::HoldOut, Some(groups)) => {
                vec![hold_out::grouped(groups, options.val_fraction, &mut rng)]
            }
            (SplitMethod::HoldOut, None) => {
                let fraction = options.val_fraction;
                vec![hold_out::ungrouped(
                    &self.classes,
                    n_classes,
                    fraction,
                    &mut rng,
                )]
            }
            (SplitMethod::KFold, Some(groups)) => {
                let n = self.positions.len();
                by_fold(&grouped::assign(groups, options.k, n, &mut rng), options.k)
            }
            (SplitMethod::KFold, None) => {
                let fold_of = stratified::assign(&self.classes, n_classes, options.k, &mut rng);
                by_fold(&fold_of, options.k)
            }
        }
    }

    /// The folds that the manifest names.
    fn named(&self) -> Vec<Vec<usize>> {
        let patch = |at: usize| &self.manifest.patches[self.positions[at]];
        let of = |name: &str| {
            let is_in = |at: &usize| patch(*at).fold.as_deref() == Some(name);
            (0..self.positions.len()).filter(is_in).collect()
        };
        self.manifest.named_folds().into_iter().map(of).collect()
    }

    fn keys(&self, val: &[usize]) -> Vec<String> {
        let mut keys: Vec<String> = val
            .iter()
            .map(|&at| self.manifest.patches[self.positions[at]].key.clone())
            .collect();
        keys.sort();
        keys
    }

    /// Refuses folds whose training part lacks a class; warns where a validation part does.
    fn check_folds(&self, folds: &Folds) -> Result<Vec<SplitWarning>, SplitError> {
        let mut lacking: Vec<Vec<usize>> = vec![Vec::new(); self.manifest.classes.len()];
        for (number, fold) in folds.resolve(self.manifest)?.iter().enumerate() {
            let train = self.manifest.class_counts_of(fold.train.iter().copied());
            if let Some(class) = train.iter().position(|&n| n == 0) {
                let class = self.manifest.classes[class].clone();
                let division = self.division(folds.k).filter(|_| folds.method.is_drawn());
                return Err(match division {
                    Some(why) => SplitError::NoDivision {
                        class,
                        fold: number,
                        why,
                    },
                    None => SplitError::EmptyPart {
                        part: "train",
                        fold: number,
                        class: Some(class),
                        fix: match folds.method {
                            SplitMethod::Named => "name another fold for some of that class",
                            _ => "move patches of that class to train",
                        },
                    },
                });
            }
            let val = self.manifest.class_counts_of(fold.val.iter().copied());
            for (class, _) in val.iter().enumerate().filter(|(_, n)| **n == 0) {
                lacking[class].push(number);
            }
        }
        let mut warnings = Vec::new();
        if self.groups.is_none() && self.nothing_known() {
            warnings.push(SplitWarning::NoGroups);
        }
        let absent = lacking
            .into_iter()
            .enumerate()
            .filter(|(_, folds)| !folds.is_empty());
        warnings.extend(
            absent.map(|(class, numbers)| SplitWarning::ClassNotInEveryFold {
                class: self.manifest.classes[class].clone(),
                groups: self.groups_with(class),
                k: folds.k,
                by: self.by,
                folds: numbers,
            }),
        );
        let is_lacking =
            |warning: &SplitWarning| matches!(warning, SplitWarning::ClassNotInEveryFold { .. });
        if folds.method.is_drawn() && warnings.iter().any(is_lacking) {
            warnings.extend(self.division(folds.k).map(SplitWarning::NoDivision));
        }
        Ok(warnings)
    }

    /// Why groups are not divided so that every class is in every one of `k` folds (1: a hold-out).
    fn division(&self, k: usize) -> Option<Division> {
        let groups = self.groups.as_ref()?;
        let parts = k.max(2);
        let mut rng = Seed::default().stream(Stream::Split, &[]);
        let why = cover::why_not(groups, parts, &mut rng);
        let class = match why.proof {
            Proof::Counted { class, .. } => Some(self.manifest.classes[class].clone()),
            _ => None,
        };
        Some(Division {
            by: self.by,
            groups: groups.members.len(),
            parts,
            proof: why.proof,
            class,
            most: why.most,
        })
    }

    fn groups_with(&self, class: usize) -> usize {
        self.groups.as_ref().map_or(0, |groups| {
            groups
                .counts
                .iter()
                .filter(|counts| counts[class] > 0)
                .count()
        })
    }

    fn nothing_known(&self) -> bool {
        let known: BTreeSet<bool> = self
            .positions
            .iter()
            .map(|&at| &self.manifest.patches[at])
            .map(|patch| patch.patient.is_some() || patch.slide.is_some() || patch.group.is_some())
            .collect();
        !known.contains(&true)
    }
}

fn by_fold(fold_of: &[usize], k: usize) -> Vec<Vec<usize>> {
    let mut folds = vec![Vec::new(); k];
    for (at, &fold) in fold_of.iter().enumerate() {
        folds[fold].push(at);
    }
    folds
}

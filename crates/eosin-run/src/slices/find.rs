//! The slices of a run, found when it is judged.

use std::collections::BTreeMap;

use anyhow::Result;
use eosin_core::{Decision, Seed, Task};
use eosin_data::{Folds, Patches};
use eosin_metrics::{Groups, SliceTest, SlicedBy, SlicedRows, Unit, holm};
use eosin_store::{RunFolder, names};
use eosin_train::{Part, PatchGroups, Prediction, predictions_from_csv};

use super::divisions::{Division, Divisions};
use super::record::{KindSlices, PartSlices, SliceKind, SliceRecord, SlicesRecord, WorstRecord};
use crate::job::Job;
use crate::record::task_of;

/// Tests of one part are numbered from its multiple of this.
const TESTS_OF_A_PART: u64 = 16;

/// Divides the patches that a run judged, and says how it does on each part of them as `task` decides.
///
/// # Errors
/// When a probability is not finite.
pub(crate) fn find_slices(
    patches: &Patches,
    folds: &Folds,
    task: &Task,
    rows: &[Prediction],
    seed: Seed,
) -> Result<SlicesRecord> {
    let divisions = Divisions::of(patches);
    let groups = PatchGroups::of_manifest(patches.manifest(), folds);
    let mut parts = Vec::new();
    for (number, part) in (0..).zip([Part::OutOfFold, Part::TestAverage]) {
        let judged = Judged::of(part, rows, patches, task);
        if judged.places.is_empty() {
            continue;
        }
        let test = SliceTest::new(seed, number * TESTS_OF_A_PART);
        parts.push(judged.slices(&divisions.found, &groups, test)?);
    }
    let two = task.classes.len() == 2;
    Ok(SlicesRecord {
        eosin_version: env!("CARGO_PKG_VERSION").to_owned(),
        positive: two.then(|| task.classes[task.positive].clone()),
        decided: match task.decision {
            Decision::MostProbable => "the most probable class".to_owned(),
            Decision::AtLeast { class, log_odds } => format!(
                "{} from a probability of {:.4} on",
                task.classes[class],
                eosin_core::prob_of(log_odds)
            ),
        },
        parts,
        not_divided: divisions.not,
    })
}

/// Writes `slices.json` of a complete run that has none, since an older version made it.
pub(crate) fn keep_slices(folder: &RunFolder, job: &Job) -> Result<()> {
    if folder.has(names::SLICES) {
        return Ok(());
    }
    let record = folder.record()?;
    let task = task_of(&record)?;
    let folds = Folds::from_json(&folder.read_text(names::FOLDS)?)?;
    let path = folder.path(names::PREDICTIONS);
    let rows = predictions_from_csv(&path, &folder.read(names::PREDICTIONS)?, &record.classes)?;
    let found = find_slices(&job.patches, &folds, &task, &rows, job.config.seed)?;
    Ok(folder.write_json(names::SLICES, &found)?)
}

/// The labelled patches of a part, in the order of their keys.
struct Judged<'a> {
    part: Part,
    /// Where each is in the manifest.
    places: Vec<usize>,
    keys: Vec<&'a str>,
    targets: Vec<usize>,
    preds: Vec<usize>,
    /// Of the positive class of two, else of the class decided for.
    probs: Vec<f64>,
    task: &'a Task,
}

impl<'a> Judged<'a> {
    /// Of a patch that several cross-validations judged, what the first says.
    fn of(part: Part, rows: &'a [Prediction], patches: &Patches, task: &'a Task) -> Self {
        let mut by_key: BTreeMap<&str, &Prediction> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.part == part) {
            let first = row.fold.is_none_or(|fold| fold.repeat == 0);
            if first && row.target.is_some() {
                by_key.insert(&row.key, row);
            }
        }
        let mut this = Self {
            part,
            places: Vec::new(),
            keys: Vec::new(),
            targets: Vec::new(),
            preds: Vec::new(),
            probs: Vec::new(),
            task,
        };
        for (key, row) in by_key {
            let place = patches.manifest().position(key);
            if let (Some(place), Some(target)) = (place, row.target) {
                let pred = task.decision.decide(&row.probs);
                let shown = this.positive().unwrap_or(pred);
                this.places.push(place);
                this.keys.push(key);
                this.targets.push(target);
                this.preds.push(pred);
                this.probs.push(f64::from(row.probs[shown]));
            }
        }
        this
    }

    fn positive(&self) -> Option<usize> {
        (self.task.classes.len() == 2).then_some(self.task.positive)
    }

    fn rows<'b>(&'b self, groups: &'b Groups) -> Result<SlicedRows<'b>> {
        let classes = self.task.classes.len();
        Ok(SlicedRows::new(
            &self.targets,
            &self.preds,
            &self.probs,
            classes,
            self.positive(),
            groups,
        )?)
    }

    fn slices(
        &self,
        divisions: &[Division],
        known: &PatchGroups,
        test: SliceTest,
    ) -> Result<PartSlices> {
        let (unit, groups) = known.groups(self.keys.iter().copied());
        let by_group = Rows {
            by: unit,
            rows: self.rows(&groups)?,
        };
        let apart = Groups::apart(self.places.len());
        let by_patch = Rows {
            by: Unit::Patch,
            rows: self.rows(&apart)?,
        };
        let mut kinds: Vec<KindSlices> = Vec::new();
        for (number, division) in (0..).zip(divisions) {
            let test = SliceTest {
                number: test.number + number,
                ..test
            };
            kinds.extend(self.kind(division, [&by_group, &by_patch], test));
        }
        adjust(&mut kinds);
        let all: Vec<usize> = (0..self.places.len()).collect();
        Ok(PartSlices {
            part: self.part,
            by: unit,
            all: by_group.rows.figures(&all),
            kinds,
        })
    }

    /// The slices of a kind; `None` where all patches of this part are in one.
    fn kind(
        &self,
        division: &Division,
        [by_group, by_patch]: [&Rows<'_>; 2],
        test: SliceTest,
    ) -> Option<KindSlices> {
        let name = |place: &usize| division.names[*place].as_deref();
        let of_rows: Vec<Option<&str>> = self.places.iter().map(name).collect();
        let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (row, name) in of_rows.iter().enumerate() {
            if let Some(name) = name {
                members.entry(name).or_default().push(row);
            }
        }
        if members.len() < 2 {
            return None;
        }
        let numbers: BTreeMap<&str, usize> = members.keys().copied().zip(0..).collect();
        let slice_of: Vec<Option<usize>> = of_rows
            .iter()
            .map(|name| numbers.get((*name)?).copied())
            .collect();
        let by = match division.kind {
            SliceKind::Patient | SliceKind::Slide | SliceKind::Group => SlicedBy::Belonging,
            SliceKind::Class => SlicedBy::Class,
            SliceKind::Size | SliceKind::Stain | SliceKind::Source => SlicedBy::Feature,
        };
        let compared = test.compare(&by_group.rows, &slice_of, members.len(), by);
        // Where each slice is one of what is taken for independent, or within one, patches are what it has several of.
        let is_one = |rows: &Vec<usize>| by_group.rows.figures(rows).groups == 1;
        let shown = if by == SlicedBy::Belonging && members.values().all(is_one) {
            by_patch
        } else {
            by_group
        };
        let slices: Vec<SliceRecord> = members
            .iter()
            .zip(&compared.too_small)
            .map(|((name, rows), too_small)| SliceRecord {
                name: (*name).to_owned(),
                too_small: *too_small,
                figures: shown.rows.figures(rows),
            })
            .collect();
        let worst = compared.worst.map(|worst| WorstRecord {
            name: slices[worst.slice].name.clone(),
            expected: worst.expected,
            p: worst.p,
            p_holm: worst.p,
        });
        Some(KindSlices {
            kind: division.kind,
            told_by: division.told_by.clone(),
            by: shown.by,
            dealt: if compared.of_groups {
                by_group.by
            } else {
                Unit::Patch
            },
            draws: test.draws,
            unknown: of_rows.iter().filter(|name| name.is_none()).count() as u64,
            slices,
            worst,
        })
    }
}

/// Rows with what is taken for independent among them.
struct Rows<'a> {
    by: Unit,
    rows: SlicedRows<'a>,
}

/// Holds each kind's worst to having looked at all of them.
fn adjust(kinds: &mut [KindSlices]) {
    let p = |kind: &KindSlices| kind.worst.as_ref().map(|worst| worst.p);
    let adjusted = holm(&kinds.iter().map(p).collect::<Vec<_>>());
    for (kind, p) in kinds.iter_mut().zip(adjusted) {
        if let (Some(worst), Some(p)) = (&mut kind.worst, p) {
            worst.p_holm = p;
        }
    }
}

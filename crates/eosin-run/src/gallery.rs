//! The wrong predictions held with most confidence, as pictures with what speaks for them.

use std::collections::BTreeSet;

use anyhow::Result;
use eosin_core::{FoldId, Task};
use eosin_data::{DecodeLimits, PatchSource, Patches};
use eosin_report::{Thumbnail, WrongPatch};
use eosin_store::{RunFolder, RunRecord};
use eosin_train::{ExplainWay, ExplainedWeights, Explainer, Part, Prediction, UseFolds};

use crate::create::weight_store;
use crate::explain::overlaid;
use crate::thumbnail::{THUMBNAIL_PX, thumbnail};

/// Wrong patches shown.
const SHOWN: usize = 24;
/// Missed patches shown on page one.
const MISSED: usize = 6;
/// How many of the wrong ones with a map, where maps take a way back through the network.
const MAPS_BY_GRADIENT: usize = 8;

/// What pictures are made of.
#[derive(Clone, Copy)]
pub(crate) struct Gallery<'a> {
    pub folder: &'a RunFolder,
    pub patches: &'a Patches,
    pub record: &'a RunRecord,
    pub task: &'a Task,
}

impl Gallery<'_> {
    /// The wrong predictions held with most confidence, out-of-fold and on the test part, with what speaks for
    /// them; of a patch that several cross-validations get wrong, the surest.
    pub fn most_wrong(&self, rows: &[Prediction]) -> Vec<WrongPatch> {
        let judged = |row: &&Prediction| matches!(row.part, Part::OutOfFold | Part::TestAverage);
        let wrong = self.surest(rows.iter().filter(judged), SHOWN);
        let maps = self.maps(&wrong);
        let patch = |(wrong, map): (&(&Prediction, usize), Option<Thumbnail>)| WrongPatch {
            map,
            ..self.patch(*wrong)
        };
        wrong.iter().zip(maps).map(patch).collect()
    }

    /// What page one shows of the part that its figures are of, the test part where there is one: missed patches of
    /// the positive class, or of any of more than two.
    pub fn missed(&self, rows: &[Prediction]) -> Vec<WrongPatch> {
        let has_test = rows
            .iter()
            .any(|row| row.part == Part::TestAverage && row.target.is_some());
        let is_of_part = |row: &Prediction| match row.fold {
            None => has_test && row.part == Part::TestAverage,
            Some(fold) => !has_test && row.part == Part::OutOfFold && fold.repeat == 0,
        };
        let two = self.task.classes.len() == 2;
        let is_asked =
            |row: &&Prediction| is_of_part(row) && (!two || row.target == Some(self.task.positive));
        let missed = self.surest(rows.iter().filter(is_asked), MISSED);
        missed.into_iter().map(|wrong| self.patch(wrong)).collect()
    }

    /// Those of `rows` that are wrong, with their classes, the surest first.
    fn surest<'r>(
        &self,
        rows: impl Iterator<Item = &'r Prediction>,
        count: usize,
    ) -> Vec<(&'r Prediction, usize)> {
        let pred = |row: &Prediction| self.task.decision.decide(&row.probs);
        let mut wrong: Vec<(&Prediction, usize)> = rows
            .filter_map(|row| Some((row, row.target?)))
            .filter(|(row, target)| pred(row) != *target)
            .collect();
        let confidence = |row: &Prediction| row.probs[pred(row)];
        wrong.sort_by(|(a, _), (b, _)| {
            confidence(b)
                .total_cmp(&confidence(a))
                .then(a.key.cmp(&b.key))
        });
        let mut known = BTreeSet::new();
        wrong.retain(|(row, _)| known.insert(&row.key));
        wrong.truncate(count);
        wrong
    }

    fn patch(&self, (row, target): (&Prediction, usize)) -> WrongPatch {
        let pred = self.task.decision.decide(&row.probs);
        WrongPatch {
            key: row.key.clone(),
            target,
            pred,
            pred_prob: f64::from(row.probs[pred]),
            origin: match row.fold {
                Some(fold) => format!("fold {}", self.record.fold_name(fold)),
                None => "test".to_owned(),
            },
            thumbnail: self.small(&row.key),
            map: None,
        }
    }

    /// What speaks for each answer; none where the run has no maps, or they can no longer be made, which is no
    /// reason to lose a report.
    fn maps(&self, wrong: &[(&Prediction, usize)]) -> Vec<Option<Thumbnail>> {
        let mut maps: Vec<Option<Thumbnail>> = wrong.iter().map(|_| None).collect();
        let folds: BTreeSet<Option<FoldId>> = wrong.iter().map(|(row, _)| row.fold).collect();
        for fold in folds {
            let Some(mut explainer) = self.explainer(fold) else {
                continue;
            };
            let most = match explainer.way() {
                ExplainWay::ClassMap => SHOWN,
                _ => MAPS_BY_GRADIENT,
            };
            for (at, (row, _)) in wrong.iter().enumerate().take(most) {
                if row.fold == fold {
                    maps[at] = self.map(&mut explainer, row).ok().flatten();
                }
            }
        }
        maps
    }

    /// The networks that answered: a fold's, or all.
    fn explainer(&self, fold: Option<FoldId>) -> Option<Explainer> {
        self.record.network()?;
        let store = weight_store(self.folder).ok()?;
        let folds = fold.map_or(UseFolds::Average, UseFolds::One);
        let weights = ExplainedWeights::Trained;
        let explainer = Explainer::load(self.folder, &store, folds, None, weights).ok()?;
        // Covering parts of every patch takes too long for a report.
        (explainer.way() != ExplainWay::Occlusion).then_some(explainer)
    }

    fn map(&self, explainer: &mut Explainer, row: &Prediction) -> Result<Option<Thumbnail>> {
        let Some(place) = self.patches.manifest().position(&row.key) else {
            return Ok(None);
        };
        let patch = explainer.read(&PatchSource::Bytes {
            name: self.patches.name(place),
            bytes: self.patches.bytes(place)?,
        })?;
        let map = explainer.explain(&patch)?;
        let class = self.task.decision.decide(&row.probs);
        Ok(thumbnail(overlaid(&patch, &map, class), self.shown_px()))
    }

    /// A small picture of a patch; none when it can no longer be read, which is no reason to lose a
    /// report.
    pub fn small(&self, key: &str) -> Option<Thumbnail> {
        let place = self.patches.manifest().position(key)?;
        let patch = self.patches.decoded(place, &DecodeLimits::default()).ok()?;
        thumbnail(patch, self.shown_px())
    }

    /// Sides of small pictures: that which the network sees, within those of a thumbnail.
    fn shown_px(&self) -> [u32; 2] {
        let side = match self.record.network() {
            Some(_) => u32::try_from(self.record.size_px()).unwrap_or(THUMBNAIL_PX),
            None => THUMBNAIL_PX,
        };
        [side.clamp(THUMBNAIL_PX / 2, THUMBNAIL_PX); 2]
    }
}

//! Scores under shifts, held against the score without.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use eosin_core::{Seed, Task};
use eosin_data::augment::{Shift, ShiftKind, ShiftWay};
use eosin_data::{PatchSource, decode_rgb_bytes};
use eosin_metrics::{
    Bootstrap, Groups, Interval, Metric, ModelRows, PairedModels, Probs, Trials, Unit,
    clustered_wilson, wilson,
};
use eosin_train::{PatchGroups, Predictor, ReadPatch};
use rayon::prelude::*;

use super::ShiftProgress;
use super::record::{Begins, MetricShift, RobustnessRecord, ShiftRecord, WorstShift};
use super::sample::Sample;

/// Patches that are decoded, changed and judged together.
const TOGETHER: usize = 64;
/// What the run's own probabilities may differ by when they are computed again, on another processor.
const SAME: f32 = 0.01;
/// Share of the answers from which on they are said to change.
const CHANGING: f64 = 0.05;

/// A run, and the patches that it is tried on.
pub(super) struct Measuring<'a> {
    pub predictor: &'a Predictor,
    pub sample: &'a Sample,
    /// The image of each patch of the sample.
    pub images: &'a [PatchSource],
    pub task: &'a Task,
    pub groups: &'a PatchGroups,
    pub select: Metric,
    pub seed: Seed,
}

/// What is known before anything is shifted.
struct Base {
    targets: Vec<usize>,
    probs: Probs,
    decided: Vec<usize>,
    unit: Unit,
    groups: Groups,
    metrics: Vec<Metric>,
}

impl Measuring<'_> {
    /// Measures every standard shift.
    pub(super) fn measure(&self, progress: &mut ShiftProgress<'_>) -> Result<RobustnessRecord> {
        let all = Shift::STANDARD.len();
        progress(0, all + 1)?;
        let base = self.base()?;
        let mut shifts = Vec::new();
        for (done, shift) in Shift::STANDARD.into_iter().enumerate() {
            progress(done + 1, all + 1)?;
            shifts.push(self.shifted(&base, shift)?);
        }
        progress(all + 1, all + 1)?;
        Ok(RobustnessRecord {
            eosin_version: env!("CARGO_PKG_VERSION").to_owned(),
            part: self.sample.part,
            patches: base.targets.len(),
            of: self.sample.of,
            by: base.unit,
            groups: base.groups.count(),
            seed: self.seed.0,
            select: self.select,
            mpp: None,
            worst: worst(&shifts, self.select),
            begins: begins(&shifts, self.select),
            shifts,
        })
    }

    /// Judges the patches as they are, which must come to what the run said of them.
    fn base(&self) -> Result<Base> {
        let rows = &self.sample.rows;
        let probs = self.probs(None)?;
        let classes = self.task.classes.len();
        for (row, probs) in rows.iter().zip(probs.chunks_exact(classes)) {
            let mut pairs = row.held.iter().zip(probs);
            if pairs.any(|(held, now)| (held - now).abs() > SAME) {
                let class = row.target;
                bail!(
                    "the run says {:.4} for {} of {}, and now it comes to {:.4}: the image is not the one that the \
                     run was judged on; give '--data' as the run had it",
                    row.held[class],
                    self.task.classes[class],
                    row.key,
                    probs[class]
                );
            }
        }
        let targets: Vec<usize> = rows.iter().map(|row| row.target).collect();
        let (unit, groups) = self.groups.groups(rows.iter().map(|row| row.key.as_str()));
        let mut metrics = vec![self.select];
        let usual = [
            Metric::Auroc,
            Metric::Accuracy,
            Metric::Recall,
            Metric::Specificity,
            Metric::LogLoss,
        ];
        metrics.extend(usual.into_iter().filter(|metric| *metric != self.select));
        Ok(Base {
            decided: self.decided(&probs),
            probs: Probs::new(&targets, &probs, classes)?,
            targets,
            unit,
            groups,
            metrics,
        })
    }

    fn decided(&self, probs: &[f32]) -> Vec<usize> {
        let rows = probs.chunks_exact(self.task.classes.len());
        rows.map(|probs| self.task.decision.decide(probs)).collect()
    }

    /// Probabilities of all patches, `[patches, classes]`, shifted before anything else happens to them.
    fn probs(&self, shift: Option<Shift>) -> Result<Vec<f32>> {
        let limits = self.predictor.limits();
        let read = |source: &PatchSource| -> Result<ReadPatch> {
            let name = source.to_string();
            let mut patch = decode_rgb_bytes(&source.read()?, &name, &limits)?;
            if let Some(shift) = shift {
                patch = shift.apply(&patch);
            }
            Ok(self.predictor.read_decoded(name, &patch)?)
        };
        let mut probs = Vec::new();
        let rows = self.sample.rows.chunks(TOGETHER);
        for (images, rows) in self.images.chunks(TOGETHER).zip(rows) {
            let patches: Vec<Result<ReadPatch>> = images.par_iter().map(read).collect();
            let patches = patches.into_iter().collect::<Result<Vec<_>>>()?;
            let folds: Option<Vec<usize>> = rows.iter().map(|row| row.fold).collect();
            probs.extend(match folds {
                Some(folds) => self.predictor.predict_by_folds(&patches, &folds)?,
                None => self.predictor.predict_read(&patches)?,
            });
        }
        Ok(probs)
    }

    fn shifted(&self, base: &Base, shift: Shift) -> Result<ShiftRecord> {
        let probs = self.probs(Some(shift))?;
        let decided = self.decided(&probs);
        let probs = Probs::new(&base.targets, &probs, self.task.classes.len())?;
        let model = |probs| ModelRows {
            targets: &base.targets,
            probs,
            groups: &base.groups,
        };
        let (own, other) = ([model(&base.probs)], [model(&probs)]);
        let models = PairedModels::new(&own, &other, self.task.positive);
        let resamples = models.resample(Bootstrap::new(self.seed));
        let (before, after) = (models.base(), models.other());
        let metric = |metric: &Metric| MetricShift {
            metric: *metric,
            before: before.get(*metric),
            after: after.get(*metric),
            difference: resamples.point().get(*metric),
            interval: resamples.bca(*metric, models.groups_of(*metric)),
        };
        let changed = |row: usize| decided[row] != base.decided[row];
        let count = (0..decided.len()).filter(|row| changed(*row)).count();
        Ok(ShiftRecord {
            shift,
            name: shift.to_string(),
            changed: count as u64,
            changed_share: count as f64 / decided.len() as f64,
            changed_interval: share_interval(&base.groups, &changed),
            metrics: base.metrics.iter().map(metric).collect(),
        })
    }
}

/// The interval of the share of rows that something is true of.
fn share_interval(groups: &Groups, is: &dyn Fn(usize) -> bool) -> Option<Interval> {
    let mut trials = vec![Trials::default(); groups.count()];
    for (row, group) in groups.of_rows().iter().enumerate() {
        let of_group = &mut trials[*group as usize];
        of_group.trials += 1;
        of_group.hits += u64::from(is(row));
    }
    if groups.are_rows() {
        let hits = trials.iter().map(|of| of.hits).sum();
        return wilson(hits, trials.len() as u64);
    }
    clustered_wilson(&trials)
}

/// How much worse the score is; more is worse.
fn loss(metric: &MetricShift) -> Option<f64> {
    let sign = if metric.metric.higher_is_better() {
        -1.0
    } else {
        1.0
    };
    Some(sign * metric.difference?)
}

/// The shift under which `select` is worst; `None` where it is worse under none.
fn worst(shifts: &[ShiftRecord], select: Metric) -> Option<WorstShift> {
    let losses = shifts.iter().filter_map(|shift| {
        let metric = shift.of(select)?;
        Some((shift, metric, loss(metric)?))
    });
    let lost = losses.filter(|(_, _, loss)| *loss > 0.0);
    // Of equals the first.
    let (shift, metric, _) = lost.reduce(|a, b| if b.2 > a.2 { b } else { a })?;
    Some(WorstShift {
        name: shift.name.clone(),
        metric: metric.clone(),
    })
}

/// Of each kind and way the weakest shift under which answers change, and under which the score falls.
fn begins(shifts: &[ShiftRecord], select: Metric) -> Vec<Begins> {
    let mut ways: BTreeMap<(ShiftKind, ShiftWay), Vec<&ShiftRecord>> = BTreeMap::new();
    for shift in shifts {
        let way = (shift.shift.kind, shift.shift.way());
        ways.entry(way).or_default().push(shift);
    }
    let of_way = |mut tried: Vec<&ShiftRecord>| {
        tried.sort_by(|a, b| a.shift.severity().total_cmp(&b.shift.severity()));
        let first = |is: &dyn Fn(&ShiftRecord) -> bool| {
            let found = tried.iter().find(|shift| is(shift));
            found.map(|shift| shift.name.clone())
        };
        Begins {
            tried: tried.iter().map(|shift| shift.name.clone()).collect(),
            answers_change: first(&|shift| shift.changed_share >= CHANGING),
            score_falls: first(&|shift| shift.of(select).is_some_and(MetricShift::is_worse)),
        }
    };
    ways.into_values().map(of_way).collect()
}

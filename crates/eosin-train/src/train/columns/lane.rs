//! One fold of all columns.

use std::sync::Arc;

use eosin_core::Flow;

use super::ColumnFold;
use super::column::Column;
use super::stacked::Stacked;
use crate::error::TrainError;
use crate::event::Event;
use crate::input::draw::{Draw, InputSource};
use crate::input::view::View;
use crate::model::head::{Head, mean_of_views};
use crate::model::head_model::head_groups;
use crate::model::trainable::Groups;
use crate::optimise::loss::Loss;
use crate::optimise::stepper::Stepper;
use crate::train::job::TrainJob;
use crate::train::rows::FoldRows;
use crate::train::session::Session;

/// Rows that are judged together.
const TOGETHER: usize = 256;

/// One fold of all columns.
pub(super) struct Lane<'a> {
    fold: &'a FoldRows,
    trained: Vec<usize>,
    source: &'a dyn InputSource,
    columns: Vec<Column<'a>>,
    groups: Arc<Groups>,
    /// Columns whose training loss was not finite, with the epoch.
    diverged: Vec<Option<usize>>,
    room: Room,
}

/// What a step needs besides the weights, kept from one to the next.
#[derive(Default)]
struct Room {
    stacked: Stacked,
    inputs: Vec<f32>,
    /// Logits of one column, and their derivatives.
    own: Vec<f32>,
    slopes: Vec<f32>,
}

impl<'a> Lane<'a> {
    pub fn new(jobs: &[TrainJob<'a>], fold: &'a FoldRows, source: &'a dyn InputSource) -> Self {
        let trained = fold.trained();
        let first = jobs[0];
        let widths = first.head_widths(source.width());
        let initial = Head::init(&widths, first.seed, fold.stream).values;
        let groups = head_groups(&widths);
        let column = |job: &TrainJob<'a>| Column {
            job: *job,
            loss: Loss::new(job.config, job.class_weights(&trained)),
            stepper: Stepper::new(job.config, &groups, &initial),
            state: initial.clone(),
            total_loss: 0.0,
        };
        Self {
            fold,
            source,
            columns: jobs.iter().map(column).collect(),
            groups,
            diverged: vec![None; jobs.len()],
            room: Room::default(),
            trained,
        }
    }

    fn classes(&self) -> usize {
        self.columns[0].job.classes()
    }

    /// An epoch of the columns at these places.
    pub fn epoch(
        &mut self,
        epoch: usize,
        open: &[usize],
        session: &Session<'_>,
    ) -> Result<(), TrainError> {
        if open.is_empty() {
            return Ok(());
        }
        let first = self.columns[0].job;
        let draws = first.draws(self.fold.stream, &self.trained, epoch);
        let batches = draws.chunks(first.config.batch_size);
        let steps = batches.len();
        for (step, batch) in batches.enumerate() {
            if session.tell(&Event::Pulse)? == Flow::Stop {
                return Err(TrainError::Interrupted);
            }
            let rates: Vec<f64> = open
                .iter()
                .map(|at| self.columns[*at].rate(epoch, step, steps))
                .collect();
            self.step(batch, open, &rates)?;
        }
        for at in open {
            let column = &mut self.columns[*at];
            column.stepper.end_epoch(epoch, &mut column.state);
            if !(column.total_loss / steps as f64).is_finite() {
                self.diverged[*at] = Some(epoch);
            }
            column.total_loss = 0.0;
        }
        Ok(())
    }

    /// A step of the columns at these places, each at its own rate.
    fn step(&mut self, batch: &[Draw], open: &[usize], rates: &[f64]) -> Result<(), TrainError> {
        let (width, classes) = (self.source.width(), self.classes());
        let Self { columns, room, .. } = self;
        let Room {
            stacked,
            inputs,
            own,
            slopes,
        } = room;
        inputs.resize(batch.len() * width, 0.0);
        self.source.fill(batch, inputs)?;
        let all = columns[0].job.targets;
        let targets: Vec<usize> = batch.iter().map(|draw| all[draw.row]).collect();
        let states = open.iter().map(|at| &*columns[*at].state);
        stacked.take(states, width, classes);
        stacked.run(inputs);
        own.resize(batch.len() * classes, 0.0);
        slopes.resize(batch.len() * classes, 0.0);
        let mut losses = Vec::with_capacity(open.len());
        for (place, at) in open.iter().enumerate() {
            stacked.logits_of(place, classes, own);
            losses.push(columns[*at].loss.backward(own, &targets, slopes));
            stacked.put_slopes(place, classes, slopes);
        }
        stacked.backward(inputs);
        for (place, at) in open.iter().enumerate() {
            let column = &mut columns[*at];
            let mut of_column = |_: &mut [f32], out: &mut [f32]| {
                stacked.gradients_of(place, classes, out);
                Ok(losses[place])
            };
            let rate = std::slice::from_ref(&rates[place]);
            let (state, groups) = (&mut column.state, &self.groups);
            column.total_loss += column.stepper.step(state, groups, rate, &mut of_column)?;
        }
        Ok(())
    }

    /// Whether, and when, the training loss of a column was not finite.
    pub fn diverged(&self, column: usize) -> Option<TrainError> {
        let epoch = self.diverged[column]?;
        Some(self.divergence(column, epoch))
    }

    fn divergence(&self, column: usize, epoch: usize) -> TrainError {
        TrainError::Diverged {
            fold: self.fold.id,
            epoch,
            learning_rate: self.columns[column].job.config.learning_rate,
        }
    }

    /// The selecting metric of columns by one view.
    pub fn one_view(&self, columns: &[usize]) -> Result<Vec<Option<f64>>, TrainError> {
        let mut all = Vec::with_capacity(columns.len());
        for (at, logits) in columns.iter().zip(self.logits(columns, &[View::UPRIGHT])?) {
            let job = self.columns[*at].job;
            let metrics = job.metrics(&job.targets_of(&self.fold.val), &logits)?;
            all.push(metrics.get(job.select));
        }
        Ok(all)
    }

    /// What columns come to under all views.
    pub fn judge(
        &self,
        columns: &[usize],
    ) -> Result<Vec<Result<ColumnFold, TrainError>>, TrainError> {
        let Some(first) = columns.first() else {
            return Ok(Vec::new());
        };
        let views = self.columns[*first].job.views;
        let mut all = Vec::with_capacity(columns.len());
        for (at, logits) in columns.iter().zip(self.logits(columns, views)?) {
            let Column { job, loss, .. } = &self.columns[*at];
            let targets = job.targets_of(&self.fold.val);
            let mut unused = vec![0.0; logits.len()];
            if !loss.backward(&logits, &targets, &mut unused).is_finite() {
                all.push(Err(self.divergence(*at, job.config.epochs - 1)));
                continue;
            }
            let metrics = job.metrics(&targets, &logits)?;
            all.push(Ok(ColumnFold {
                id: self.fold.id,
                logits,
                metrics,
            }));
        }
        Ok(all)
    }

    /// Logits of the validation part, `[patches, classes]` for each column: of a linear head the mean
    /// over views is that of the mean embedding.
    fn logits(&self, columns: &[usize], views: &[View]) -> Result<Vec<Vec<f32>>, TrainError> {
        let (width, classes) = (self.source.width(), self.classes());
        let states = columns.iter().map(|at| self.columns[*at].judged());
        let mut stacked = Stacked::default();
        stacked.take(states, width, classes);
        let mut all = vec![Vec::with_capacity(self.fold.val.len() * classes); columns.len()];
        for rows in self.fold.val.chunks(TOGETHER) {
            let views = views.iter().map(|view| self.source.under(*view, rows));
            let views = views.collect::<Result<Vec<_>, TrainError>>()?;
            stacked.run(&mean_of_views(&views));
            for row in stacked.logits.chunks_exact(columns.len() * classes) {
                for (own, all) in row.chunks_exact(classes).zip(&mut all) {
                    all.extend_from_slice(own);
                }
            }
        }
        Ok(all)
    }
}

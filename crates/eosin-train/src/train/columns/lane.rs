//! One fold of all columns.

use eosin_core::Flow;

use super::ColumnFold;
use super::column::Column;
use super::stacked::Stacked;
use crate::error::TrainError;
use crate::event::Event;
use crate::input::draw::{Draw, InputSource};
use crate::input::view::View;
use crate::model::head::{Head, mean_of_views};
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
    groups: Groups,
    /// Columns whose states are stacked now, in this order.
    placed: Vec<usize>,
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
        let initial = in_rows(
            &Head::init(&widths, first.seed, fold.stream).values,
            &widths,
        );
        let groups = groups_of_rows(&widths);
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
            placed: Vec::new(),
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
        self.place(open);
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
        let size = self.groups.decays.len();
        let states = self.room.stacked.values.chunks_exact_mut(size);
        for (at, state) in open.iter().zip(states) {
            let column = &mut self.columns[*at];
            column.stepper.end_epoch(epoch, state);
            if !(column.total_loss / steps as f64).is_finite() {
                self.diverged[*at] = Some(epoch);
            }
            column.total_loss = 0.0;
        }
        Ok(())
    }

    /// Stacks the states of the columns at these places, and no others.
    fn place(&mut self, open: &[usize]) {
        if self.placed == open {
            return;
        }
        let size = self.groups.decays.len();
        let states = self.room.stacked.values.chunks_exact(size);
        for (at, state) in self.placed.iter().zip(states) {
            self.columns[*at].state = state.to_vec();
        }
        let states = open.iter().map(|at| &*self.columns[*at].state);
        self.room.stacked.take(states, self.source.width());
        self.placed = open.to_vec();
    }

    /// The weights of a column that would be judged now.
    fn judged(&self, at: usize) -> &[f32] {
        let size = self.groups.decays.len();
        let column = &self.columns[at];
        let state = match self.placed.iter().position(|placed| *placed == at) {
            Some(place) => &self.room.stacked.values[place * size..][..size],
            None => &column.state,
        };
        column.stepper.judged(state)
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
        stacked.run(inputs);
        own.resize(batch.len() * classes, 0.0);
        slopes.resize(batch.len() * classes, 0.0);
        for (place, at) in open.iter().enumerate() {
            stacked.logits_of(place, classes, own);
            let column = &mut columns[*at];
            column.total_loss += column.loss.backward(own, &targets, slopes);
            stacked.put_slopes(place, classes, slopes);
        }
        stacked.backward(inputs);
        let size = self.groups.decays.len();
        let states = stacked.values.chunks_exact_mut(size);
        let states = states.zip(stacked.gradients.chunks_exact_mut(size));
        for ((at, rate), (state, gradients)) in open.iter().zip(rates).zip(states) {
            let rate = std::slice::from_ref(rate);
            let stepper = &mut columns[*at].stepper;
            stepper.descend(state, &self.groups, rate, gradients);
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
        let states = columns.iter().map(|at| self.judged(*at));
        let mut stacked = Stacked::default();
        stacked.take(states, width);
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

/// The values of a linear head as rows: the weights of a class, then its bias.
fn in_rows(values: &[f32], widths: &[usize]) -> Vec<f32> {
    let (weights, biases) = values.split_at(widths[0] * widths[1]);
    let rows = weights.chunks_exact(widths[0]).zip(biases);
    rows.flat_map(|(row, bias)| row.iter().chain([bias]).copied())
        .collect()
}

/// Of such rows: one group, whose biases are not decayed.
fn groups_of_rows(widths: &[usize]) -> Groups {
    let row = || std::iter::repeat_n(true, widths[0]).chain([false]);
    let decays: Vec<bool> = (0..widths[1]).flat_map(|_| row()).collect();
    Groups {
        group: vec![0; decays.len()],
        decays,
        groups: 1,
    }
}

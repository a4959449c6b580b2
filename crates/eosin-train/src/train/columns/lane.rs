//! One fold of all columns.

use std::sync::Arc;

use eosin_core::Flow;
use eosin_kernels::{Matrix, matmul_add};

use super::ColumnFold;
use super::column::Column;
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
}

/// The weights of some columns, one below the other.
struct Stacked {
    /// `[columns * classes, width]`
    weights: Vec<f32>,
    /// `[columns * classes]`
    biases: Vec<f32>,
    width: usize,
}

impl Stacked {
    fn of<'a>(states: impl Iterator<Item = &'a [f32]>, width: usize, classes: usize) -> Self {
        let (mut weights, mut biases) = (Vec::new(), Vec::new());
        for state in states {
            let (weight, bias) = state.split_at(width * classes);
            weights.extend_from_slice(weight);
            biases.extend_from_slice(bias);
        }
        Self {
            weights,
            biases,
            width,
        }
    }

    /// Logits of all columns, `[rows, columns * classes]`.
    fn logits(&self, inputs: &[f32]) -> Vec<f32> {
        let (width, outputs) = (self.width, self.biases.len());
        let rows = inputs.len() / width;
        let mut out = vec![0.0; rows * outputs];
        let weights = Matrix::transposed(&self.weights, width);
        let shape = [rows, width, outputs];
        matmul_add(
            shape,
            (&mut out, outputs),
            Matrix::rows(inputs, width),
            weights,
        );
        for row in out.chunks_exact_mut(outputs) {
            for (value, bias) in row.iter_mut().zip(&self.biases) {
                *value += bias;
            }
        }
        out
    }
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
        let mut inputs = vec![0.0; batch.len() * width];
        self.source.fill(batch, &mut inputs)?;
        let all = self.columns[0].job.targets;
        let targets: Vec<usize> = batch.iter().map(|draw| all[draw.row]).collect();
        let states = open.iter().map(|at| &*self.columns[*at].state);
        let logits = Stacked::of(states, width, classes).logits(&inputs);
        let outputs = open.len() * classes;
        let mut slopes = vec![0.0; logits.len()];
        let mut biases = vec![0.0; outputs];
        let mut own = vec![0.0; batch.len() * classes];
        let mut of_own = own.clone();
        let mut losses = vec![0.0; open.len()];
        for (place, at) in open.iter().enumerate() {
            let from = place * classes;
            let rows = logits.chunks_exact(outputs);
            for (row, own) in rows.zip(own.chunks_exact_mut(classes)) {
                own.copy_from_slice(&row[from..from + classes]);
            }
            losses[place] = self.columns[*at].loss.backward(&own, &targets, &mut of_own);
            let rows = slopes.chunks_exact_mut(outputs);
            for (row, own) in rows.zip(of_own.chunks_exact(classes)) {
                row[from..from + classes].copy_from_slice(own);
                for (bias, slope) in biases[from..from + classes].iter_mut().zip(own) {
                    *bias += slope;
                }
            }
        }
        let mut gradients = vec![0.0; outputs * width];
        matmul_add(
            [outputs, batch.len(), width],
            (&mut gradients, width),
            Matrix::transposed(&slopes, outputs),
            Matrix::rows(&inputs, width),
        );
        let groups = Arc::clone(&self.groups);
        for (place, at) in open.iter().enumerate() {
            let column = &mut self.columns[*at];
            let weights = &gradients[place * classes * width..][..classes * width];
            let biases = &biases[place * classes..][..classes];
            let mut of_column = |_: &mut [f32], out: &mut [f32]| {
                let (of_weights, of_biases) = out.split_at_mut(weights.len());
                of_weights.copy_from_slice(weights);
                of_biases.copy_from_slice(biases);
                Ok(losses[place])
            };
            let rate = std::slice::from_ref(&rates[place]);
            column.total_loss +=
                column
                    .stepper
                    .step(&mut column.state, &groups, rate, &mut of_column)?;
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
        let stacked = Stacked::of(states, width, classes);
        let mut all = vec![Vec::with_capacity(self.fold.val.len() * classes); columns.len()];
        for rows in self.fold.val.chunks(TOGETHER) {
            let views = views.iter().map(|view| self.source.under(*view, rows));
            let views = views.collect::<Result<Vec<_>, TrainError>>()?;
            let logits = stacked.logits(&mean_of_views(&views));
            for row in logits.chunks_exact(columns.len() * classes) {
                for (own, all) in row.chunks_exact(classes).zip(&mut all) {
                    all.extend_from_slice(own);
                }
            }
        }
        Ok(all)
    }
}

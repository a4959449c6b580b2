//! The weights of several columns as one matrix, and products with it.

use eosin_kernels::{Matrix, matmul_add};

/// The weights of some columns, one below the other, and room for what a step computes with them.
///
/// A row is the weights of one class of one column and then its bias, so that products read and write
/// the states that optimisers step, and nothing is copied.
#[derive(Default)]
pub(super) struct Stacked {
    /// `[columns * classes, width + 1]`
    pub values: Vec<f32>,
    /// Derivatives of all losses by them, likewise.
    pub gradients: Vec<f32>,
    /// Logits, `[rows, columns * classes]`.
    pub logits: Vec<f32>,
    /// Derivatives of the losses by the logits, likewise.
    slopes: Vec<f32>,
    width: usize,
}

impl Stacked {
    /// Takes the states of columns, `[classes, width + 1]` each.
    pub fn take<'a>(&mut self, states: impl Iterator<Item = &'a [f32]>, width: usize) {
        self.width = width;
        self.values.clear();
        states.for_each(|state| self.values.extend_from_slice(state));
    }

    fn outputs(&self) -> usize {
        self.values.len() / (self.width + 1)
    }

    /// Logits of all columns for rows of embeddings.
    pub fn run(&mut self, inputs: &[f32]) {
        let (width, outputs) = (self.width, self.outputs());
        let rows = inputs.len() / width;
        cleared(&mut self.logits, rows * outputs);
        matmul_add(
            [rows, width, outputs],
            (&mut self.logits, outputs),
            Matrix::rows(inputs, width),
            Matrix::transposed(&self.values, width + 1),
        );
        let biases = self.values.chunks_exact(width + 1).map(|row| row[width]);
        let biases: Vec<f32> = biases.collect();
        for row in self.logits.chunks_exact_mut(outputs) {
            for (value, bias) in row.iter_mut().zip(&biases) {
                *value += bias;
            }
        }
        self.slopes.resize(rows * outputs, 0.0);
    }

    /// The logits of the column at `place`, `[rows, classes]`.
    pub fn logits_of(&self, place: usize, classes: usize, own: &mut [f32]) {
        let rows = self.logits.chunks_exact(self.outputs());
        for (row, own) in rows.zip(own.chunks_exact_mut(classes)) {
            for (own, logit) in own.iter_mut().zip(&row[place * classes..]) {
                *own = *logit;
            }
        }
    }

    /// Puts the derivatives of a column's loss in their place.
    pub fn put_slopes(&mut self, place: usize, classes: usize, own: &[f32]) {
        let outputs = self.outputs();
        let rows = self.slopes.chunks_exact_mut(outputs);
        for (row, own) in rows.zip(own.chunks_exact(classes)) {
            for (slope, own) in row[place * classes..].iter_mut().zip(own) {
                *slope = *own;
            }
        }
    }

    /// Derivatives of all losses by all weights, from the slopes.
    pub fn backward(&mut self, inputs: &[f32]) {
        let (width, outputs) = (self.width, self.outputs());
        let rows = inputs.len() / width;
        cleared(&mut self.gradients, self.values.len());
        matmul_add(
            [outputs, rows, width],
            (&mut self.gradients, width + 1),
            Matrix::transposed(&self.slopes, outputs),
            Matrix::rows(inputs, width),
        );
        for row in self.slopes.chunks_exact(outputs) {
            let sums = self.gradients.chunks_exact_mut(width + 1);
            for (sum, slope) in sums.zip(row) {
                sum[width] += slope;
            }
        }
    }
}

/// Makes room for so many zeros.
fn cleared(values: &mut Vec<f32>, len: usize) {
    values.clear();
    values.resize(len, 0.0);
}

//! The weights of several columns as one matrix, and products with it.

use eosin_kernels::{Matrix, matmul_add};

/// The weights of some columns, one below the other, and room for what a step computes with them.
#[derive(Default)]
pub(super) struct Stacked {
    /// `[columns * classes, width]`
    weights: Vec<f32>,
    /// `[columns * classes]`
    biases: Vec<f32>,
    /// Logits, `[rows, columns * classes]`.
    pub logits: Vec<f32>,
    /// Derivatives of the losses by the logits, likewise.
    slopes: Vec<f32>,
    /// Derivatives by the weights, `[columns * classes, width]`.
    gradients: Vec<f32>,
    /// Derivatives by the biases, `[columns * classes]`.
    bias_gradients: Vec<f32>,
    width: usize,
}

impl Stacked {
    /// Takes the states of columns: `[classes, width]` weights and `[classes]` biases each.
    pub fn take<'a>(
        &mut self,
        states: impl Iterator<Item = &'a [f32]>,
        width: usize,
        classes: usize,
    ) {
        self.width = width;
        self.weights.clear();
        self.biases.clear();
        for state in states {
            let (weight, bias) = state.split_at(width * classes);
            self.weights.extend_from_slice(weight);
            self.biases.extend_from_slice(bias);
        }
    }

    /// Logits of all columns for rows of embeddings.
    pub fn run(&mut self, inputs: &[f32]) {
        let (width, outputs) = (self.width, self.biases.len());
        let rows = inputs.len() / width;
        cleared(&mut self.logits, rows * outputs);
        matmul_add(
            [rows, width, outputs],
            (&mut self.logits, outputs),
            Matrix::rows(inputs, width),
            Matrix::transposed(&self.weights, width),
        );
        for row in self.logits.chunks_exact_mut(outputs) {
            for (value, bias) in row.iter_mut().zip(&self.biases) {
                *value += bias;
            }
        }
        cleared(&mut self.slopes, rows * outputs);
    }

    /// The logits of the column at `place`, `[rows, classes]`.
    pub fn logits_of(&self, place: usize, classes: usize, own: &mut [f32]) {
        let outputs = self.biases.len();
        let rows = self.logits.chunks_exact(outputs);
        for (row, own) in rows.zip(own.chunks_exact_mut(classes)) {
            for (own, logit) in own.iter_mut().zip(&row[place * classes..]) {
                *own = *logit;
            }
        }
    }

    /// Puts the derivatives of a column's loss in their place.
    pub fn put_slopes(&mut self, place: usize, classes: usize, own: &[f32]) {
        let outputs = self.biases.len();
        let rows = self.slopes.chunks_exact_mut(outputs);
        for (row, own) in rows.zip(own.chunks_exact(classes)) {
            for (slope, own) in row[place * classes..].iter_mut().zip(own) {
                *slope = *own;
            }
        }
    }

    /// Derivatives of all losses by all weights, from the slopes.
    pub fn backward(&mut self, inputs: &[f32]) {
        let (width, outputs) = (self.width, self.biases.len());
        let rows = inputs.len() / width;
        cleared(&mut self.gradients, outputs * width);
        matmul_add(
            [outputs, rows, width],
            (&mut self.gradients, width),
            Matrix::transposed(&self.slopes, outputs),
            Matrix::rows(inputs, width),
        );
        cleared(&mut self.bias_gradients, outputs);
        for row in self.slopes.chunks_exact(outputs) {
            for (sum, slope) in self.bias_gradients.iter_mut().zip(row) {
                *sum += slope;
            }
        }
    }

    /// The derivatives of the column at `place`, laid out as its state.
    pub fn gradients_of(&self, place: usize, classes: usize, out: &mut [f32]) {
        let count = classes * self.width;
        let (weights, biases) = out.split_at_mut(count);
        weights.copy_from_slice(&self.gradients[place * count..][..count]);
        biases.copy_from_slice(&self.bias_gradients[place * classes..][..classes]);
    }
}

/// Makes room for so many zeros.
fn cleared(values: &mut Vec<f32>, len: usize) {
    values.clear();
    values.resize(len, 0.0);
}

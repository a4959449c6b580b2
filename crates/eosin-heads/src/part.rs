//! What a model is trained on.

use eosin_kernels::matmul;
use rayon::prelude::*;

use crate::error::HeadError;
use crate::loss::Targets;
use crate::table::{Table, add, narrow};

/// Patches whose moments are summed in single precision.
const TOGETHER: usize = 256;

/// The patches that a model is trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingPart {
    /// How often each patch counts; 0: it is not trained on.
    pub weights: Vec<f32>,
    /// What each class weighs in the loss.
    pub class_weights: Vec<f32>,
}

impl TrainingPart {
    /// Every patch of `rows` once, all classes alike.
    pub fn of(rows: &[usize], targets: &Targets<'_>) -> Self {
        let mut weights = vec![0.0; targets.classes_of.len()];
        for row in rows {
            weights[*row] = 1.0;
        }
        Self {
            weights,
            class_weights: vec![1.0; targets.classes],
        }
    }

    /// The first class that no patch trained on has.
    pub fn missing_class(&self, targets: &Targets<'_>) -> Option<usize> {
        let mut seen = vec![false; targets.classes];
        for (weight, class) in self.weights.iter().zip(targets.classes_of) {
            seen[*class] |= *weight > 0.0;
        }
        seen.iter().position(|seen| !seen)
    }

    /// What a patch of each class weighs in the loss, how often it counts included.
    pub(crate) fn class_factors(&self, targets: &Targets<'_>) -> Vec<f32> {
        let mut sums = vec![(0.0_f32, 0.0_f32); targets.classes];
        for (weight, class) in self.weights.iter().zip(targets.classes_of) {
            if *weight > 0.0 {
                sums[*class].0 += weight;
                sums[*class].1 += 1.0;
            }
        }
        let of_class = |((sum, count), weight): (&(f32, f32), &f32)| weight * sum / count.max(1.0);
        sums.iter().zip(&self.class_weights).map(of_class).collect()
    }

    /// The logits, one a column, of the shares that the classes have in the loss: what a model says
    /// that knows nothing else.
    pub fn prior(&self, targets: &Targets<'_>) -> Vec<f32> {
        match &self.masses(targets)[..] {
            [zero, one] => vec![narrow((one / zero).ln())],
            all => {
                let sum: f64 = all.iter().sum();
                all.iter().map(|mass| narrow((mass / sum).ln())).collect()
            }
        }
    }

    /// What the patches of each class weigh in the loss.
    pub(crate) fn masses(&self, targets: &Targets<'_>) -> Vec<f64> {
        let mut masses = vec![0.0_f64; targets.classes];
        for (weight, class) in self.weights.iter().zip(targets.classes_of) {
            masses[*class] += f64::from(weight * self.class_weights[*class]);
        }
        masses
    }

    /// Patches that are trained on.
    pub(crate) fn patches(&self) -> usize {
        self.weights.iter().filter(|weight| **weight > 0.0).count()
    }
}

/// How a model brings the values of a [`Table`] to mean 0 and standard deviation 1 over what it is
/// trained on.
#[derive(Clone, Debug)]
pub(crate) struct Standard {
    pub mean: Vec<f64>,
    pub scale: Vec<f64>,
}

impl Standard {
    /// Of each training part, over all views of the patches that it trains on.
    pub(crate) fn of(table: &Table<'_>, parts: &[TrainingPart]) -> Result<Vec<Self>, HeadError> {
        if let [part] = parts {
            // As a pass has it: one alone is summed in the order in which several are.
            let mut twice = Self::of(table, &[part.clone(), part.clone()])?;
            twice.truncate(1);
            return Ok(twice);
        }
        let (width, count) = (table.width(), parts.len());
        let starts: Vec<usize> = (0..table.patches()).step_by(TOGETHER).collect();
        let sums: Result<Vec<[Vec<f32>; 2]>, HeadError> = starts
            .into_par_iter()
            .map(|first| moments(table, parts, first))
            .collect();
        let mut totals = [vec![0.0; count * width], vec![0.0; count * width]];
        for chunk in sums? {
            for (total, part) in totals.iter_mut().zip(&chunk) {
                let part: Vec<f64> = part.iter().map(|value| f64::from(*value)).collect();
                add(total, &part);
            }
        }
        let [first, second] = &totals;
        let of_part = |(index, part): (usize, &TrainingPart)| {
            let rows = (part.patches() * table.views()).max(1) as f64;
            let own = index * width..(index + 1) * width;
            let mean: Vec<f64> = first[own.clone()].iter().map(|sum| sum / rows).collect();
            let variance = second[own].iter().zip(&mean);
            let variance = variance.map(|(sum, mean)| sum / rows - mean * mean);
            let scale = variance.map(own_inverse_deviation).collect();
            Self { mean, scale }
        };
        Ok(parts.iter().enumerate().map(of_part).collect())
    }
}

/// A variance of the table's values, which is 1 over all rows, that is nothing but rounding: such a
/// value is as good as constant in a part.
const CONSTANT: f64 = 1e-5;

/// One over the standard deviation of a value in a part; 0 where it does not change.
fn own_inverse_deviation(variance: f64) -> f64 {
    if variance > CONSTANT {
        1.0 / variance.sqrt()
    } else {
        0.0
    }
}

/// Sums and sums of squares, `[parts, width]`, of the patches from `first` on.
fn moments(
    table: &Table<'_>,
    parts: &[TrainingPart],
    first: usize,
) -> Result<[Vec<f32>; 2], HeadError> {
    let (width, views) = (table.width(), table.views());
    let patches = TOGETHER.min(table.patches() - first);
    let block = table.block(first..first + patches)?;
    let mut sums = [
        vec![0.0_f32; patches * width],
        vec![0.0_f32; patches * width],
    ];
    for (row, values) in block.chunks_exact(width).enumerate() {
        let at = row / views * width;
        for (index, value) in values.iter().enumerate() {
            sums[0][at + index] += value;
            sums[1][at + index] += value * value;
        }
    }
    let mut masks = Vec::with_capacity(parts.len() * patches);
    for part in parts {
        let weights = part.weights[first..first + patches].iter();
        masks.extend(weights.map(|weight| narrow(f64::from(*weight > 0.0))));
    }
    Ok(sums.map(|sums| {
        let mut out = vec![0.0; parts.len() * width];
        let shape = [parts.len(), patches, width];
        matmul(shape, (&mut out, width), (&masks, patches), &sums);
        out
    }))
}

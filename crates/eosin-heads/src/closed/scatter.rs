//! Sums over the rows of training parts, as a model standardises them.

use std::collections::BTreeMap;

use eosin_kernels::{Matrix, matmul_add};
use rayon::prelude::*;

use super::fitting::Added;
use crate::cholesky::inverse_factor;
use crate::error::HeadError;
use crate::loss::Targets;
use crate::part::{Standard, TrainingPart};
use crate::table::{Table, narrow};

/// Patches whose products are summed in single precision.
const TOGETHER: usize = 256;
/// Rows of a product that one thread computes.
const BAND: usize = 128;
/// Times that a solution in single precision is made better.
const REFINED: usize = 6;
/// What is left of the right-hand side then, at most.
const RESIDUE: f64 = 1e-9;
/// The largest eigenvalue over the smallest, at most: sums in single precision hold the matrix to
/// about 1e-7 of the largest.
const MOST_CONDITION: f64 = 1e6;
/// Rounds of the power method.
const STRETCHED: usize = 8;

/// A class within a training part.
pub(crate) struct ClassSums {
    /// Sum of what its rows weigh.
    pub mass: f64,
    /// Its mean less that of all rows.
    pub away: Vec<f64>,
}

/// A training part, in the values of its model.
pub(crate) struct Scatter {
    pub classes: Vec<ClassSums>,
    /// The mean of all rows, by what they weigh.
    pub mean: Vec<f64>,
    /// `sum_i s_i (x_i - mean)(x_i - mean)'`, `[width, width]`.
    pub total: Vec<f32>,
}

impl Scatter {
    pub(crate) fn width(&self) -> usize {
        self.mean.len()
    }

    /// What all rows weigh.
    pub(crate) fn mass(&self) -> f64 {
        self.classes.iter().map(|class| class.mass).sum()
    }

    /// The scatter about the means of the classes, `[width, width]`.
    pub(crate) fn within(&self) -> Vec<f32> {
        let width = self.width();
        let mut within = self.total.clone();
        within
            .par_chunks_mut(width)
            .enumerate()
            .for_each(|(at, row)| {
                for class in &self.classes {
                    let factor = class.mass * class.away[at];
                    for (value, away) in row.iter_mut().zip(&class.away) {
                        *value -= narrow(factor * away);
                    }
                }
            });
        within
    }

    /// `(factor matrix + ridge I)^-1` of each right-hand side; `None` where that is so near to
    /// singular that the solution would be one of rounding.
    pub(crate) fn solve(
        &self,
        matrix: &[f32],
        factor: f64,
        ridge: f64,
        right: &[Vec<f64>],
    ) -> Option<Vec<Vec<f64>>> {
        let width = self.width();
        let mut scaled: Vec<f32> = matrix
            .iter()
            .map(|value| narrow(factor * f64::from(*value)))
            .collect();
        for at in 0..width {
            scaled[at * (width + 1)] += narrow(ridge);
        }
        let product = |x: &[f64]| -> Vec<f64> {
            let row = |(at, row): (usize, &[f32])| {
                let sum: f64 = row.iter().zip(x).map(|(a, x)| f64::from(*a) * x).sum();
                factor * sum + ridge * x[at]
            };
            matrix.chunks_exact(width).enumerate().map(row).collect()
        };
        let inverse = inverse_factor(scaled, width)?;
        let longest = stretch(width, &product);
        let shortest = stretch(width, &|x| apply(&inverse, x));
        if longest * shortest > MOST_CONDITION {
            return None;
        }
        let refined = |right: &Vec<f64>| {
            let size = norm(right);
            let mut x = vec![0.0; width];
            let mut rest = right.clone();
            for _ in 0..REFINED {
                for (x, step) in x.iter_mut().zip(apply(&inverse, &rest)) {
                    *x += step;
                }
                let done = product(&x);
                rest = right
                    .iter()
                    .zip(&done)
                    .map(|(right, done)| right - done)
                    .collect();
                if norm(&rest) <= RESIDUE * size {
                    break;
                }
            }
            (norm(&rest) <= 1e3 * RESIDUE * size).then_some(x)
        };
        right.iter().map(refined).collect()
    }

    /// Weights of `x - mean` as weights of `x`.
    pub(crate) fn about_mean(&self, weights: Vec<f64>, bias: f64) -> Added {
        let at_mean: f64 = weights
            .iter()
            .zip(&self.mean)
            .map(|(w, mean)| w * mean)
            .sum();
        Added {
            weights,
            bias: bias - at_mean,
        }
    }
}

/// About the largest factor by which a symmetric map of `width` values makes a vector longer, by the
/// power method; from below.
fn stretch(width: usize, map: &dyn Fn(&[f64]) -> Vec<f64>) -> f64 {
    // No eigenvector of anything met: its values are of no order.
    let value = |at: usize| ((at * 7919 + 31) % 101) as f64 / 101.0 - 0.47;
    let mut x: Vec<f64> = (0..width).map(value).collect();
    let mut factor = 0.0;
    for _ in 0..STRETCHED {
        let length = norm(&x).max(f64::MIN_POSITIVE);
        for value in &mut x {
            *value /= length;
        }
        x = map(&x);
        factor = norm(&x);
    }
    factor
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// `L^-T L^-1 x`.
fn apply(inverse: &[f32], x: &[f64]) -> Vec<f64> {
    let width = x.len();
    let mut out = vec![0.0; width];
    for (at, row) in inverse.chunks_exact(width).enumerate() {
        let row = &row[..=at];
        let half: f64 = row.iter().zip(x).map(|(a, x)| f64::from(*a) * x).sum();
        for (out, a) in out.iter_mut().zip(row) {
            *out += half * f64::from(*a);
        }
    }
    out
}

/// The sums of sets of patches, in the table's values, of which training parts are put together.
pub(crate) struct Sums<'a> {
    table: &'a Table<'a>,
    targets: Targets<'a>,
    parts: &'a [TrainingPart],
    /// Sets of patches that no part and no class divides.
    sets: Vec<Set>,
}

/// Patches of one class.
struct Set {
    class: usize,
    /// Which parts train on it.
    parts: Vec<usize>,
    rows: f64,
    mean: Vec<f64>,
    /// The scatter about its mean, `[width, width]`, of which the lower half is there: nothing is lost
    /// where a value hardly changes.
    scatter: Vec<f32>,
}

impl<'a> Sums<'a> {
    /// Looks at every row that a part trains on.
    pub(crate) fn new(
        table: &'a Table<'a>,
        targets: Targets<'a>,
        parts: &'a [TrainingPart],
    ) -> Result<Self, HeadError> {
        let mut sets = Vec::new();
        for (key, patches) in undivided(&targets, parts) {
            let mean = mean_of(table, &patches)?;
            sets.push(Set {
                class: key.class,
                parts: key.parts,
                rows: (patches.len() * table.views()) as f64,
                scatter: scatter_about(table, &patches, &mean)?,
                mean,
            });
        }
        Ok(Self {
            table,
            targets,
            parts,
            sets,
        })
    }

    /// A part, as its model standardises it.
    pub(crate) fn of_part(&self, part: usize, own: &Standard) -> Scatter {
        let width = self.table.width();
        let weights = &self.parts[part].class_weights;
        let mut masses = vec![0.0; self.targets.classes];
        let mut sums = vec![vec![0.0; width]; self.targets.classes];
        let mut total = vec![0.0_f32; width * width];
        let mine: Vec<&Set> = self
            .sets
            .iter()
            .filter(|set| set.parts.contains(&part))
            .collect();
        for set in &mine {
            let weight = f64::from(weights[set.class]);
            masses[set.class] += weight * set.rows;
            for (sum, mean) in sums[set.class].iter_mut().zip(&set.mean) {
                *sum += weight * set.rows * mean;
            }
        }
        let mass: f64 = masses.iter().sum();
        let mean: Vec<f64> = (0..width)
            .map(|at| sums.iter().map(|sum| sum[at]).sum::<f64>() / mass)
            .collect();
        total
            .par_chunks_mut(width)
            .enumerate()
            .for_each(|(row, out)| {
                let mut sums = vec![0.0; row + 1];
                for set in &mine {
                    let weight = f64::from(weights[set.class]);
                    let within = &set.scatter[row * width..=row * width + row];
                    let away = weight * set.rows * (set.mean[row] - mean[row]);
                    for (at, (sum, within)) in sums.iter_mut().zip(within).enumerate() {
                        *sum += weight * f64::from(*within) + away * (set.mean[at] - mean[at]);
                    }
                }
                for (at, (out, sum)) in out.iter_mut().zip(sums).enumerate() {
                    *out = narrow(sum * own.scale[row] * own.scale[at]);
                }
            });
        mirror(&mut total, width);
        let in_own = |at: usize, value: f64| value * own.scale[at];
        let classes = masses.iter().zip(&sums).map(|(class_mass, sum)| ClassSums {
            mass: *class_mass,
            away: (0..width)
                .map(|at| in_own(at, sum[at] / class_mass - mean[at]))
                .collect(),
        });
        Scatter {
            classes: classes.collect(),
            mean: (0..width)
                .map(|at| in_own(at, mean[at] - own.mean[at]))
                .collect(),
            total,
        }
    }
}

/// What divides patches: their class, and the parts that train on them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    class: usize,
    parts: Vec<usize>,
}

/// Sets of patches that no part divides; or, where there would be more of these than parts, the
/// classes of each part by themselves.
fn undivided(targets: &Targets<'_>, parts: &[TrainingPart]) -> BTreeMap<Key, Vec<usize>> {
    let mut sets: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    let mut alone: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for (patch, class) in targets.classes_of.iter().enumerate() {
        let mine = |(_, part): &(usize, &TrainingPart)| part.weights[patch] > 0.0;
        let mine: Vec<usize> = parts
            .iter()
            .enumerate()
            .filter(mine)
            .map(|(at, _)| at)
            .collect();
        if mine.is_empty() {
            continue;
        }
        for part in &mine {
            let key = Key {
                class: *class,
                parts: vec![*part],
            };
            alone.entry(key).or_default().push(patch);
        }
        let key = Key {
            class: *class,
            parts: mine,
        };
        sets.entry(key).or_default().push(patch);
    }
    if sets.len() <= alone.len() {
        sets
    } else {
        alone
    }
}

/// The mean of all views of some patches.
fn mean_of(table: &Table<'_>, patches: &[usize]) -> Result<Vec<f64>, HeadError> {
    let mut sums = vec![0.0; table.width()];
    for patch in patches {
        for row in table.block(*patch..*patch + 1)?.chunks_exact(table.width()) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += f64::from(*value);
            }
        }
    }
    let rows = (patches.len() * table.views()) as f64;
    Ok(sums.into_iter().map(|sum| sum / rows).collect())
}

/// The lower half of `sum_i (x_i - mean)(x_i - mean)'` over all views of some patches.
fn scatter_about(
    table: &Table<'_>,
    patches: &[usize],
    mean: &[f64],
) -> Result<Vec<f32>, HeadError> {
    let width = table.width();
    let mut sums = vec![0.0_f64; width * width];
    for patches in patches.chunks(TOGETHER) {
        let mut rows = Vec::with_capacity(patches.len() * table.views() * width);
        for patch in patches {
            for row in table.block(*patch..*patch + 1)?.chunks_exact(width) {
                let about = row.iter().zip(mean);
                rows.extend(about.map(|(value, mean)| narrow(f64::from(*value) - mean)));
            }
        }
        sums.par_chunks_mut(BAND * width)
            .enumerate()
            .for_each(|(band, sums)| {
                let (first, count) = (band * BAND, sums.len() / width);
                let columns = first + count;
                let left = Matrix {
                    values: &rows[first..],
                    row: 1,
                    column: width,
                };
                let mut product = vec![0.0; count * columns];
                let shape = [count, rows.len() / width, columns];
                matmul_add(
                    shape,
                    (&mut product, columns),
                    left,
                    Matrix::rows(&rows, width),
                );
                for (sums, product) in sums
                    .chunks_exact_mut(width)
                    .zip(product.chunks_exact(columns))
                {
                    for (sum, value) in sums.iter_mut().zip(product) {
                        *sum += f64::from(*value);
                    }
                }
            });
    }
    Ok(sums.into_iter().map(narrow).collect())
}

/// Copies the lower half to the upper.
fn mirror(matrix: &mut [f32], width: usize) {
    for row in 0..width {
        for column in 0..row {
            matrix[column * width + row] = matrix[row * width + column];
        }
    }
}

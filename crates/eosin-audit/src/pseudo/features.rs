//! What patches of one slide share.

use crate::appearance::Appearance;
use crate::neighbours::Directions;

/// Directions in which embeddings spread most that are used.
const COMPONENTS: usize = 8;
/// What stain and texture count beside embeddings.
const APPEARANCE: f64 = 1.5;
/// Rounds after which the directions stand still.
const ROUNDS: usize = 24;

/// Numbers of each patch, `[patches, width]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Row by row.
    pub values: Vec<f64>,
    /// Numbers of a patch.
    pub width: usize,
}

impl Features {
    pub(crate) fn row(&self, patch: usize) -> &[f64] {
        &self.values[patch * self.width..][..self.width]
    }

    /// Number of patches.
    pub fn len(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// Stain (mean and deviation of optical densities), sharpness and texture, each by its spread, and the
/// directions in which embeddings, less the mean of their class, spread most.
///
/// # Panics
/// When the lists are not of the same patches.
pub fn pseudo_features(
    appearances: &[Appearance],
    directions: Option<&Directions>,
    classes: &[Option<usize>],
) -> Features {
    assert_eq!(appearances.len(), classes.len(), "the same patches");
    let count = appearances.len();
    let plain = |one: &Appearance| -> Vec<f64> {
        let all = one.density_mean.iter().chain(&one.density_deviation);
        let all = all.chain([&one.sharpness]).chain(&one.texture);
        all.map(|value| f64::from(*value)).collect()
    };
    let mut columns = transposed(&appearances.iter().map(plain).collect::<Vec<_>>());
    let factor = APPEARANCE / (columns.len().max(1) as f64).sqrt();
    for column in &mut columns {
        standardise(column, factor);
    }
    if let Some(directions) = directions {
        let mut spread = components(&without_class(directions, classes), count);
        let factor = 1.0 / (spread.len().max(1) as f64).sqrt();
        for column in &mut spread {
            standardise(column, factor);
        }
        columns.extend(spread);
    }
    let width = columns.len();
    let values = (0..count).flat_map(|row| columns.iter().map(move |column| column[row]));
    Features {
        values: values.collect(),
        width,
    }
}

fn transposed(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let width = rows.first().map_or(0, Vec::len);
    (0..width)
        .map(|column| rows.iter().map(|row| row[column]).collect())
        .collect()
}

/// To mean 0 and standard deviation `to`; a column that never changes becomes 0.
fn standardise(column: &mut [f64], to: f64) {
    let count = column.len().max(1) as f64;
    let mean = column.iter().sum::<f64>() / count;
    let variance = column
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / count;
    let scale = if variance > 1e-18 {
        to / variance.sqrt()
    } else {
        0.0
    };
    for value in column {
        *value = (*value - mean) * scale;
    }
}

/// Rows of embeddings less the mean of their class.
fn without_class(directions: &Directions, classes: &[Option<usize>]) -> Vec<Vec<f32>> {
    let count = classes.iter().flatten().max().map_or(1, |most| most + 2);
    let class = |row: usize| classes[row].map_or(0, |class| class + 1);
    let width = directions.width();
    let mut sums = vec![(vec![0.0_f64; width], 0.0_f64); count];
    for row in 0..directions.len() {
        let (sum, patches) = &mut sums[class(row)];
        *patches += 1.0;
        for (sum, value) in sum.iter_mut().zip(directions.row(row)) {
            *sum += f64::from(*value);
        }
    }
    let less = |row: usize| {
        let (sum, patches) = &sums[class(row)];
        let each = directions.row(row).iter().zip(sum);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a mean of single precision"
        )]
        each.map(|(value, sum)| value - (sum / patches.max(1.0)) as f32)
            .collect()
    };
    (0..directions.len()).map(less).collect()
}

/// The projections on the directions of largest spread, by orthogonal iteration.
fn components(rows: &[Vec<f32>], count: usize) -> Vec<Vec<f64>> {
    let wanted = COMPONENTS.min(count / 4);
    let mut found: Vec<Vec<f64>> = Vec::new();
    // The first rows are as good a beginning as any, and the same each time.
    let mut basis: Vec<Vec<f64>> = (0..wanted)
        .map(|at| {
            (0..count)
                .map(|row| if row % wanted == at { 1.0 } else { -0.1 })
                .collect()
        })
        .collect();
    for _ in 0..ROUNDS {
        let turned: Vec<Vec<f64>> = basis.iter().map(|column| down(rows, column)).collect();
        found = turned
            .iter()
            .map(|direction| across(rows, direction))
            .collect();
        orthogonalise(&mut found);
        basis.clone_from(&found);
    }
    found
}

/// `rows^T column`
fn down(rows: &[Vec<f32>], column: &[f64]) -> Vec<f64> {
    let width = rows.first().map_or(0, Vec::len);
    let mut sums = vec![0.0; width];
    for (row, factor) in rows.iter().zip(column) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += factor * f64::from(*value);
        }
    }
    sums
}

/// `rows direction`
fn across(rows: &[Vec<f32>], direction: &[f64]) -> Vec<f64> {
    let product = |row: &Vec<f32>| {
        let products = row.iter().zip(direction);
        products
            .map(|(value, factor)| f64::from(*value) * factor)
            .sum()
    };
    rows.iter().map(product).collect()
}

/// Gram and Schmidt.
fn orthogonalise(columns: &mut [Vec<f64>]) {
    for at in 0..columns.len() {
        let (before, rest) = columns.split_at_mut(at);
        let own = &mut rest[0];
        for other in before.iter() {
            let product: f64 = own.iter().zip(other).map(|(a, b)| a * b).sum();
            for (value, other) in own.iter_mut().zip(other) {
                *value -= product * other;
            }
        }
        let length = own.iter().map(|value| value * value).sum::<f64>().sqrt();
        for value in own.iter_mut() {
            *value = if length > 1e-12 { *value / length } else { 0.0 };
        }
    }
}

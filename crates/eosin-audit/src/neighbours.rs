//! Each patch's nearest others, by the cosines of its embedding.

use eosin_kernels::{Matrix, matmul_add};
use rayon::prelude::*;

/// Rows whose cosines are computed together, and columns.
const ROWS: usize = 128;
const COLUMNS: usize = 1024;

/// Embeddings as directions: less their mean, of length 1.
#[derive(Clone, Debug)]
pub struct Directions {
    /// `[patches, width]`.
    values: Vec<f32>,
    width: usize,
}

/// A patch and how like it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Which.
    pub patch: usize,
    /// The cosine.
    pub cosine: f32,
}

impl Directions {
    /// Of embeddings `[patches, width]`, of which each is the mean over all views of a patch: turns and
    /// mirrors do not change it.
    ///
    /// # Panics
    /// When the values are no rows of this width.
    pub fn new(mut values: Vec<f32>, width: usize) -> Self {
        assert!(
            width > 0 && values.len().is_multiple_of(width),
            "rows of {width} values"
        );
        let rows = (values.len() / width).max(1) as f64;
        let mut mean = vec![0.0_f64; width];
        for row in values.chunks_exact(width) {
            for (sum, value) in mean.iter_mut().zip(row) {
                *sum += f64::from(*value) / rows;
            }
        }
        values.par_chunks_exact_mut(width).for_each(|row| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a mean of single precision"
            )]
            for (value, mean) in row.iter_mut().zip(&mean) {
                *value -= *mean as f32;
            }
            let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
            if length > 0.0 {
                for value in row {
                    *value /= length;
                }
            }
        });
        Self { values, width }
    }

    /// Number of patches.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Values of a direction.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// The direction of a patch.
    pub(crate) fn row(&self, patch: usize) -> &[f32] {
        &self.values[patch * self.width..][..self.width]
    }

    /// The values of some patches, `[patches, width]`.
    pub fn of(&self, patches: &[usize]) -> Vec<f32> {
        let rows = patches.iter().flat_map(|patch| self.row(*patch));
        rows.copied().collect()
    }

    /// Some of the patches.
    #[must_use]
    pub fn only(&self, patches: &[usize]) -> Self {
        Self {
            values: self.of(patches),
            width: self.width,
        }
    }

    /// The cosine of two patches.
    pub fn cosine(&self, one: usize, other: usize) -> f32 {
        let products = self.row(one).iter().zip(self.row(other));
        products.map(|(a, b)| a * b).sum()
    }

    /// The nearest `count` others of each patch, the nearest first.
    pub fn nearest(&self, count: usize) -> Vec<Vec<Neighbour>> {
        let patches = self.len();
        let count = count.min(patches.saturating_sub(1));
        if count == 0 {
            return vec![Vec::new(); patches];
        }
        let blocks: Vec<usize> = (0..patches).step_by(ROWS).collect();
        let found: Vec<Vec<Vec<Neighbour>>> = blocks
            .into_par_iter()
            .map(|first| self.nearest_of(first, count))
            .collect();
        found.into_iter().flatten().collect()
    }

    /// Of a block of rows.
    fn nearest_of(&self, first: usize, count: usize) -> Vec<Vec<Neighbour>> {
        let (patches, width) = (self.len(), self.width);
        let rows = ROWS.min(patches - first);
        let mut kept: Vec<Nearest> = (0..rows).map(|_| Nearest::new(count)).collect();
        let mut cosines = vec![0.0; rows * COLUMNS];
        for begin in (0..patches).step_by(COLUMNS) {
            let columns = COLUMNS.min(patches - begin);
            cosines.fill(0.0);
            matmul_add(
                [rows, width, columns],
                (&mut cosines, COLUMNS),
                Matrix::rows(&self.values[first * width..], width),
                Matrix::transposed(&self.values[begin * width..], width),
            );
            for (row, nearest) in kept.iter_mut().enumerate() {
                for (column, cosine) in cosines[row * COLUMNS..][..columns].iter().enumerate() {
                    if *cosine > nearest.least && begin + column != first + row {
                        nearest.put(Neighbour {
                            patch: begin + column,
                            cosine: *cosine,
                        });
                    }
                }
            }
        }
        kept.into_iter().map(Nearest::sorted).collect()
    }
}

/// The nearest so far.
struct Nearest {
    count: usize,
    found: Vec<Neighbour>,
    /// What one more must surpass.
    least: f32,
}

impl Nearest {
    fn new(count: usize) -> Self {
        Self {
            count,
            found: Vec::with_capacity(count * 2),
            least: f32::NEG_INFINITY,
        }
    }

    fn put(&mut self, neighbour: Neighbour) {
        self.found.push(neighbour);
        if self.found.len() == self.count * 2 {
            self.trim();
            self.least = self.found[self.count - 1].cosine;
        }
    }

    fn trim(&mut self) {
        self.found.sort_by(|one, other| {
            let order = other.cosine.total_cmp(&one.cosine);
            order.then(one.patch.cmp(&other.patch))
        });
        self.found.truncate(self.count);
    }

    fn sorted(mut self) -> Vec<Neighbour> {
        self.trim();
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_are_those_of_all_pairs() {
        let (patches, width) = (300, 7);
        let values = (0..patches * width).map(|at| ((at * at * 31 + at) % 97) as f32);
        let directions = Directions::new(values.collect(), width);
        let nearest = directions.nearest(5);
        for patch in [0, 127, 128, 299] {
            let mut all: Vec<(f32, usize)> = (0..patches)
                .filter(|other| *other != patch)
                .map(|other| (directions.cosine(patch, other), other))
                .collect();
            all.sort_by(|one, other| other.0.total_cmp(&one.0));
            for (found, (cosine, _)) in nearest[patch].iter().zip(&all) {
                assert!((found.cosine - cosine).abs() < 1e-5, "{patch}");
            }
        }
    }

    #[test]
    fn one_patch_has_no_neighbour() {
        let directions = Directions::new(vec![1.0, 2.0], 2);
        assert_eq!(directions.nearest(3), vec![Vec::new()]);
    }
}

//! Embeddings as rows of one matrix, brought to mean 0 and standard deviation 1 once.

use std::borrow::Cow;
use std::ops::Range;

use rayon::prelude::*;

use crate::error::HeadError;

/// Values that are held in memory; larger tables are read anew in every pass.
const HELD_VALUES: usize = 1 << 28;
/// Patches that are read together.
const TOGETHER: usize = 64;

/// Where embeddings are read from.
pub trait EmbeddingRows: Sync {
    /// Number of patches.
    fn patches(&self) -> usize;
    /// Views of each patch.
    fn views(&self) -> usize;
    /// Values of an embedding.
    fn width(&self) -> usize;
    /// Writes all views of the patches in `range`, `[patches, views, width]`.
    ///
    /// # Errors
    /// When one cannot be read.
    fn fill(&self, range: Range<usize>, out: &mut [f32]) -> Result<(), HeadError>;
}

/// Embeddings, `[patches, views, width]`, of which every value has mean 0 and standard deviation 1
/// over all rows. It changes nothing but rounding: each model brings its own training part to mean 0
/// and standard deviation 1 again.
pub struct Table<'a> {
    rows: &'a dyn EmbeddingRows,
    held: Option<Vec<f32>>,
    /// Mean of each value.
    pub(crate) mean: Vec<f64>,
    /// What each value is multiplied by; 0 where it never changes.
    pub(crate) scale: Vec<f64>,
}

/// Sums over rows, value by value.
#[derive(Clone)]
struct Sums {
    first: Vec<f64>,
    second: Vec<f64>,
}

impl<'a> Table<'a> {
    /// Looks at every row.
    ///
    /// # Errors
    /// When a row cannot be read or is not finite, or all are the same.
    pub fn new(rows: &'a dyn EmbeddingRows) -> Result<Self, HeadError> {
        let (patches, width) = (rows.patches(), rows.width());
        let mut table = Self {
            rows,
            held: None,
            mean: vec![0.0; width],
            scale: vec![1.0; width],
        };
        let count = (patches * rows.views()).max(1) as f64;
        table.mean = table.sums()?.first.iter().map(|sum| sum / count).collect();
        // About the mean: nothing is lost where a mean is large beside its deviation.
        let spread = table.sums()?.second;
        table.scale = spread
            .iter()
            .zip(&table.mean)
            .map(|(sum, mean)| inverse_deviation(sum / count, *mean))
            .collect();
        if table.scale.iter().all(|scale| *scale == 0.0) {
            return Err(HeadError::Constant { patches });
        }
        if patches * table.stride() <= HELD_VALUES {
            let mut all = vec![0.0; patches * table.stride()];
            let stride = table.stride();
            all.par_chunks_mut(TOGETHER * stride)
                .enumerate()
                .try_for_each(|(chunk, out)| table.read(chunk * TOGETHER, out))?;
            table.held = Some(all);
        }
        Ok(table)
    }

    /// Number of patches.
    pub fn patches(&self) -> usize {
        self.rows.patches()
    }

    /// Views of each patch.
    pub fn views(&self) -> usize {
        self.rows.views()
    }

    /// Values of an embedding.
    pub fn width(&self) -> usize {
        self.rows.width()
    }

    /// Values of a patch, all its views.
    fn stride(&self) -> usize {
        self.views() * self.width()
    }

    /// All views of the patches in `range`.
    pub(crate) fn block(&self, range: Range<usize>) -> Result<Cow<'_, [f32]>, HeadError> {
        let stride = self.stride();
        if let Some(held) = &self.held {
            return Ok(held[range.start * stride..range.end * stride].into());
        }
        let mut values = vec![0.0; range.len() * stride];
        self.read(range.start, &mut values)?;
        Ok(values.into())
    }

    /// The patches from `first` on, as many as fit `out`.
    fn read(&self, first: usize, out: &mut [f32]) -> Result<(), HeadError> {
        let patches = out.len() / self.stride();
        self.rows.fill(first..first + patches, out)?;
        let width = self.width();
        for (row, values) in out.chunks_exact_mut(width).enumerate() {
            for ((value, mean), scale) in values.iter_mut().zip(&self.mean).zip(&self.scale) {
                if !value.is_finite() {
                    return Err(HeadError::NotFinite {
                        patch: first + row / self.views(),
                        view: row % self.views(),
                        value: *value,
                    });
                }
                *value = narrow((f64::from(*value) - mean) * scale);
            }
        }
        Ok(())
    }

    /// Sums of all rows and of their squares, as they are scaled now.
    fn sums(&self) -> Result<Sums, HeadError> {
        let (patches, width) = (self.patches(), self.width());
        let chunks: Vec<usize> = (0..patches).step_by(TOGETHER).collect();
        let zero = Sums {
            first: vec![0.0; width],
            second: vec![0.0; width],
        };
        let parts: Result<Vec<Sums>, HeadError> = chunks
            .into_par_iter()
            .map(|first| {
                let mut values = vec![0.0; TOGETHER.min(patches - first) * self.stride()];
                self.read(first, &mut values)?;
                let mut sums = zero.clone();
                for row in values.chunks_exact(width) {
                    for ((value, one), two) in row.iter().zip(&mut sums.first).zip(&mut sums.second)
                    {
                        let value = f64::from(*value);
                        *one += value;
                        *two += value * value;
                    }
                }
                Ok(sums)
            })
            .collect();
        let mut total = zero.clone();
        for part in parts? {
            add(&mut total.first, &part.first);
            add(&mut total.second, &part.second);
        }
        Ok(total)
    }

    /// The mean over views of each patch, `[patches, width]`, as they were before anything was
    /// standardised.
    pub(crate) fn raw_means(&self) -> Result<Vec<f32>, HeadError> {
        let (width, views) = (self.width(), self.views());
        let mut means = vec![0.0_f32; self.patches() * width];
        means
            .par_chunks_mut(width)
            .enumerate()
            .try_for_each(|(patch, out)| {
                let mut block = vec![0.0; views * width];
                self.rows.fill(patch..patch + 1, &mut block)?;
                for row in block.chunks_exact(width) {
                    for (sum, value) in out.iter_mut().zip(row) {
                        *sum += value / views as f32;
                    }
                }
                Ok(())
            })?;
        Ok(means)
    }

    /// The mean over views of each patch, `[patches, width]`.
    pub(crate) fn orbit_means(&self) -> Result<Vec<f32>, HeadError> {
        let (width, views) = (self.width(), self.views());
        let mut means = vec![0.0_f32; self.patches() * width];
        means
            .par_chunks_mut(TOGETHER * width)
            .enumerate()
            .try_for_each(|(chunk, out)| {
                let first = chunk * TOGETHER;
                let block = self.block(first..first + out.len() / width)?;
                for (row, values) in block.chunks_exact(width).enumerate() {
                    let out = &mut out[row / views * width..][..width];
                    for (sum, value) in out.iter_mut().zip(values) {
                        *sum += value / views as f32;
                    }
                }
                Ok(())
            })?;
        Ok(means)
    }
}

/// A variance that single precision cannot hold whatever the mean.
const LEAST_VARIANCE: f64 = 1e-60;

/// One over the standard deviation; 0 where the variance is nothing but the rounding of values about
/// this mean, whatever their unit.
fn inverse_deviation(variance: f64, mean: f64) -> f64 {
    if variance > (1e-13 * mean * mean).max(LEAST_VARIANCE) {
        1.0 / variance.sqrt()
    } else {
        0.0
    }
}

pub(crate) fn add(to: &mut [f64], from: &[f64]) {
    for (sum, value) in to.iter_mut().zip(from) {
        *sum += value;
    }
}

/// To single precision.
#[expect(
    clippy::cast_possible_truncation,
    reason = "products are computed in single precision"
)]
pub(crate) const fn narrow(value: f64) -> f32 {
    value as f32
}

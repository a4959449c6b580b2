//! The nearest patches by the cosine of their mean embeddings (Cover & Hart 1967).
//!
//! `p_c = (pi_c + sum_j v_j [y_j = c]) / (1 + sum_j v_j)` over the `k` nearest patches `j`, each of
//! which has the weight of its class as its vote: the votes of scikit-learn's
//! `KNeighborsClassifier(metric="cosine")`, and one vote for the shares of the classes, so that no
//! class is ruled out.

use rayon::prelude::*;

use eosin_kernels::{Matrix, matmul_add};

use super::fitting::Fitting;
use crate::table::narrow;

/// The numbers of neighbours that are tried.
const COUNTS: [usize; 8] = [200, 100, 50, 20, 10, 5, 3, 1];
/// Their number where nothing can choose one.
pub(super) const UNCHOSEN: f64 = 5.0;
/// Embeddings that are compared together.
const TOGETHER: usize = 64;

/// The patches that a head was fitted on, which are what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct NeighbourHead {
    /// What is taken from each value of an embedding, and what it is multiplied by then.
    pub mean: Vec<f32>,
    /// See [`mean`](Self::mean).
    pub scale: Vec<f32>,
    /// Standardised mean embeddings of length 1, `[patches, width]`.
    pub references: Vec<f32>,
    /// Class of each.
    pub labels: Vec<usize>,
    /// The vote of a neighbour of each class.
    pub votes: Vec<f32>,
    /// Logits of the shares of the classes.
    pub prior: Vec<f32>,
    /// How many neighbours vote.
    pub count: usize,
    /// The share of the votes' logits that is kept beside those of the shares of the classes.
    pub kept: f32,
}

pub(super) fn strengths(patches: usize) -> Vec<f64> {
    let fits = |count: &&usize| **count == 1 || **count * 2 <= patches;
    COUNTS
        .iter()
        .filter(fits)
        .map(|count| *count as f64)
        .collect()
}

/// A strength as a number of neighbours.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is a small whole number"
)]
pub(super) const fn count(strength: f64) -> usize {
    strength as usize
}

impl NeighbourHead {
    /// Of mean embeddings `raw` of every patch, `[patches, width]`, as they were before anything was
    /// standardised.
    pub(super) fn new(fitting: Fitting<'_>, count: usize, raw: &[f32]) -> Self {
        let Fitting {
            table,
            part,
            own,
            prior,
            ..
        } = fitting;
        let width = table.width();
        // The table's own scale and the model's, as one.
        let own_of = |at: usize| {
            let scale = table.scale[at] * own.scale[at];
            let mean = if table.scale[at] > 0.0 {
                table.mean[at] + own.mean[at] / table.scale[at]
            } else {
                table.mean[at]
            };
            (narrow(mean), narrow(scale))
        };
        let (mean, scale): (Vec<f32>, Vec<f32>) = (0..width).map(own_of).unzip();
        let weights = part.weights.iter().enumerate();
        let trained: Vec<usize> = weights
            .filter(|(_, w)| **w > 0.0)
            .map(|(patch, _)| patch)
            .collect();
        let mut head = Self {
            mean,
            scale,
            references: Vec::new(),
            labels: Vec::new(),
            votes: part.class_weights.clone(),
            prior: prior.iter().map(|prior| narrow(*prior)).collect(),
            count,
            kept: 1.0,
        };
        head.references = head.directions(&rows_of(raw, width, &trained));
        head.labels = trained.iter().map(|patch| fitting.class(*patch)).collect();
        head
    }

    #[must_use]
    pub(crate) const fn shrunk(mut self, kept: f64) -> Self {
        self.kept = narrow(kept);
        self
    }

    /// Embeddings, standardised and of length 1.
    fn directions(&self, embeddings: &[f32]) -> Vec<f32> {
        let width = self.mean.len();
        let mut all = embeddings.to_vec();
        all.par_chunks_mut(width).for_each(|row| {
            for ((value, mean), scale) in row.iter_mut().zip(&self.mean).zip(&self.scale) {
                *value = (*value - mean) * scale;
            }
            let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
            if length > 0.0 {
                for value in row {
                    *value /= length;
                }
            }
        });
        all
    }

    /// Logits `[rows, classes]` of mean embeddings `[rows, width]`.
    pub fn logits(&self, embeddings: &[f32]) -> Vec<f32> {
        self.votes_of(embeddings, &[self.count])
            .into_iter()
            .map(|logits| logits.into_iter().next().unwrap_or_default())
            .collect::<Vec<_>>()
            .concat()
    }

    /// Logits of each row for each number of neighbours: `[rows][counts][classes]`.
    pub(crate) fn votes_of(&self, embeddings: &[f32], counts: &[usize]) -> Vec<Vec<Vec<f32>>> {
        let (width, references) = (self.mean.len(), self.labels.len());
        let rows = self.directions(embeddings);
        let most = counts.iter().copied().max().unwrap_or(1).min(references);
        let together = rows.par_chunks(TOGETHER * width).map(|rows| {
            let count = rows.len() / width;
            let mut cosines = vec![0.0; count * references];
            let shape = [count, width, references];
            let right = Matrix::transposed(&self.references, width);
            matmul_add(
                shape,
                (&mut cosines, references),
                Matrix::rows(rows, width),
                right,
            );
            let rows = cosines.chunks_exact(references);
            let of_row = |row: &[f32]| {
                let nearest = nearest(row, most);
                counts
                    .iter()
                    .map(|count| self.poll(&nearest, *count))
                    .collect()
            };
            rows.map(of_row).collect::<Vec<Vec<Vec<f32>>>>()
        });
        together.collect::<Vec<_>>().concat()
    }

    /// The logits that the first `count` of these neighbours vote for.
    fn poll(&self, nearest: &[usize], count: usize) -> Vec<f32> {
        let mut votes: Vec<f32> = self.prior.iter().map(|prior| prior.exp()).collect();
        for patch in nearest.iter().take(count) {
            let class = self.labels[*patch];
            votes[class] += self.votes[class];
        }
        let sum: f32 = votes.iter().sum();
        let pairs = votes.iter().zip(&self.prior);
        pairs
            .map(|(vote, prior)| self.kept * (vote / sum).ln() + (1.0 - self.kept) * prior)
            .collect()
    }
}

/// Some rows of `[patches, width]`, one after another.
pub(super) fn rows_of(all: &[f32], width: usize, patches: &[usize]) -> Vec<f32> {
    let row = |patch: &usize| &all[patch * width..][..width];
    patches.iter().flat_map(row).copied().collect()
}

/// The `most` places with the largest cosines, the largest first; of equals the earlier.
fn nearest(cosines: &[f32], most: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..cosines.len()).collect();
    let by_cosine = |a: &usize, b: &usize| cosines[*b].total_cmp(&cosines[*a]).then(a.cmp(b));
    if most < places.len() {
        places.select_nth_unstable_by(most, by_cosine);
        places.truncate(most);
    }
    places.sort_unstable_by(by_cosine);
    places
}

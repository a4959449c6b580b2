//! What each member of an ensemble says through one head on all embeddings.

use eosin_ensemble::{JoinedSums, Labels};
use eosin_weights::StateDict;
use rayon::prelude::*;

use super::Run;
use super::inputs::Inputs;
use super::rows::Rows;
use crate::checkpoint::keeper::Keeper;
use crate::embed::starting_point::OWN_CLASSIFIER;
use crate::error::TrainError;
use crate::event::Event;
use crate::model::head::mean_of_views;
use crate::train::session::Session;
use crate::train::tracker::FoldOutcome;

/// Rows that are looked at together.
const TOGETHER: usize = 256;

/// The logits of a head on the embeddings of all members, taken apart.
pub struct JoinedSaid {
    /// Of the patches that the first cross-validation judges.
    pub labels: Labels,
    /// Sums over members of their logits.
    pub sums: JoinedSums,
}

/// What heads say of all rows, of one member.
struct OfMember {
    /// `[folds][rows, classes]`.
    logits: Vec<Vec<f32>>,
}

impl Run<'_> {
    /// What each member adds to the logits of heads on the embeddings of all, out of fold, in the first
    /// cross-validation: its part less the mean of it over the fold's training rows.
    ///
    /// # Errors
    /// When the run is no such ensemble, or an embedding cannot be read.
    pub fn joined_said(
        &self,
        folds: &[FoldOutcome<StateDict>],
        watch: &dyn eosin_core::Watch<Event>,
    ) -> Result<JoinedSaid, TrainError> {
        let Some(members) = self.start.members() else {
            return Err(TrainError::Ensemble("the run is no ensemble".to_owned()));
        };
        let rows = self.rows()?;
        let session = Session::new(Keeper::new(None, [0; 32], std::time::Duration::MAX), watch);
        let (inputs, _) = self.joined_inputs(members, &rows, &session)?;
        let first: Vec<&FoldOutcome<StateDict>> = folds
            .iter()
            .filter(|fold| fold.rows.id.repeat == 0)
            .collect();
        let judged: Vec<_> = first.iter().map(|fold| &fold.rows).collect();
        let classes = self.task.classes.len();
        let mut base: Vec<f32> = Vec::new();
        for fold in &first {
            let bias = &fold.weights[&format!("{OWN_CLASSIFIER}bias")].values;
            base.extend(
                bias.iter()
                    .copied()
                    .cycle()
                    .take(fold.rows.val.len() * classes),
            );
        }
        let (mut all, mut column) = (Vec::new(), 0);
        for member in inputs.members() {
            let width = member.source().width();
            let said = of_member(member, &first, column, &rows)?;
            all.push(apart(&said, &first, classes, &mut base));
            column += width;
        }
        Ok(JoinedSaid {
            labels: self.labels(&judged, &rows),
            sums: JoinedSums { base, members: all },
        })
    }
}

/// What a member's columns of each fold's head say of all rows.
fn of_member(
    member: &Inputs<'_>,
    folds: &[&FoldOutcome<StateDict>],
    column: usize,
    rows: &Rows,
) -> Result<OfMember, TrainError> {
    let source = member.source();
    let width = source.width();
    let places: Vec<usize> = (0..rows.pool_places().len()).collect();
    let batches = places.par_chunks(TOGETHER).map(|batch| {
        let views = rows.views.iter().map(|view| source.under(*view, batch));
        let values = mean_of_views(&views.collect::<Result<Vec<_>, TrainError>>()?);
        let of_fold = |fold: &&FoldOutcome<StateDict>| {
            let weight = &fold.weights[&format!("{OWN_CLASSIFIER}weight")];
            let whole = weight.shape[1];
            let mut logits = Vec::new();
            for row in values.chunks_exact(width) {
                for weights in weight.values.chunks_exact(whole) {
                    let own = &weights[column..column + width];
                    logits.push(own.iter().zip(row).map(|(a, b)| a * b).sum());
                }
            }
            logits
        };
        Ok(folds.iter().map(of_fold).collect::<Vec<Vec<f32>>>())
    });
    let batches = batches.collect::<Result<Vec<_>, TrainError>>()?;
    let of_fold = |fold: usize| {
        batches
            .iter()
            .flat_map(|batch| &batch[fold])
            .copied()
            .collect()
    };
    Ok(OfMember {
        logits: (0..folds.len()).map(of_fold).collect(),
    })
}

/// What a member says of each judged row, less its mean over training rows, which goes to the base.
fn apart(
    said: &OfMember,
    folds: &[&FoldOutcome<StateDict>],
    classes: usize,
    base: &mut [f32],
) -> Vec<f32> {
    let mut out = Vec::with_capacity(base.len());
    for (fold, logits) in folds.iter().zip(&said.logits) {
        let of_row = |row: usize| &logits[row * classes..(row + 1) * classes];
        let mut mean = vec![0.0_f64; classes];
        for row in &fold.rows.train {
            for (sum, value) in mean.iter_mut().zip(of_row(*row)) {
                *sum += f64::from(*value) / fold.rows.train.len() as f64;
            }
        }
        for row in &fold.rows.val {
            for (value, mean) in of_row(*row).iter().zip(&mean) {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "logits are kept in single precision"
                )]
                let mean = *mean as f32;
                base[out.len()] += mean;
                out.push(value - mean);
            }
        }
    }
    out
}

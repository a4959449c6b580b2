//! What a fold has on its embeddings.

use eosin_core::config::HeadKind;
use eosin_heads::{ClosedHead, LinearHead, NeighbourHead};
use eosin_store::RunRecord;
use eosin_weights::{LazyTensor as _, StateDict, StateTensor, TensorDict};
use rayon::prelude::*;

use crate::error::TrainError;
use crate::input::draw::InputSource;
use crate::input::view::View;
use crate::model::head::{Head, in_blocks, mean_of_views};

/// Rows judged together.
const TOGETHER: usize = 256;

/// What turns embeddings into logits.
#[derive(Clone, Debug, PartialEq)]
pub enum Classifier {
    /// Layers.
    Layers(Head),
    /// The patches that it was fitted on.
    Neighbours(NeighbourHead),
}

impl From<LinearHead> for Classifier {
    fn from(head: LinearHead) -> Self {
        let classes = head.bias.len();
        Self::Layers(Head {
            widths: vec![head.weight.len() / classes, classes],
            values: [head.weight, head.bias].concat(),
        })
    }
}

impl From<ClosedHead> for Classifier {
    fn from(head: ClosedHead) -> Self {
        match head {
            ClosedHead::Linear(head) => head.into(),
            ClosedHead::Neighbours(head) => Self::Neighbours(head),
        }
    }
}

/// Tensors, and what the names of a classifier's begin with among them.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// The tensors.
    pub tensors: &'a TensorDict,
    /// Such as `fc.`.
    pub classifier: &'a str,
}

impl Classifier {
    /// What a fold of a run has on embeddings of `width` values.
    ///
    /// # Errors
    /// When a tensor is not there, has another shape or cannot be read.
    pub(crate) fn of_run(
        record: &RunRecord,
        width: usize,
        named: &Named<'_>,
    ) -> Result<Self, TrainError> {
        if record.head == HeadKind::Knn {
            return Self::neighbours(named.tensors, named.classifier);
        }
        let classes = record.classes.len();
        let widths = match record.hidden {
            0 => vec![width, classes],
            hidden => vec![width, hidden, classes],
        };
        Ok(Self::Layers(Head::from_tensors(
            &widths,
            named.tensors,
            named.classifier,
        )?))
    }

    /// Its tensors under the names of a classifier such as `fc.`.
    pub fn tensors(&self, classifier: &str) -> StateDict {
        match self {
            Self::Layers(head) => head.tensors(classifier),
            Self::Neighbours(head) => tensors_of_neighbours(head, classifier),
        }
    }

    /// The neighbours that stand in `tensors` under the names of a classifier.
    ///
    /// # Errors
    /// When a tensor is not there or cannot be read.
    pub fn neighbours(tensors: &TensorDict, classifier: &str) -> Result<Self, TrainError> {
        let read = |leaf: &str| -> Result<Vec<f32>, TrainError> {
            let name = format!("{classifier}{leaf}");
            let tensor = tensors.get(&name).ok_or(TrainError::NoTensor(name))?;
            Ok(tensor.read_all()?.into_owned())
        };
        let one = |leaf: &str| Ok::<f32, TrainError>(read(leaf)?.first().copied().unwrap_or(0.0));
        Ok(Self::Neighbours(NeighbourHead {
            mean: read("mean")?,
            scale: read("scale")?,
            references: read("references")?,
            labels: read("labels")?.into_iter().map(whole).collect(),
            votes: read("votes")?,
            prior: read("prior")?,
            count: whole(one("count")?),
            kept: one("kept")?,
        }))
    }

    /// Logits `[rows, classes]` of views of the same patches, each `[rows, width]`: those of the mean
    /// embedding, but of a head with hidden layers the mean logits. No bit of a row depends on those beside it.
    pub fn mean_logits(&self, views: &[Vec<f32>]) -> Vec<f32> {
        match self {
            Self::Layers(head) => head.mean_logits(views),
            Self::Neighbours(head) => {
                let width = head.mean.len();
                in_blocks(&mean_of_views(views), width, |rows| head.logits(rows))
            }
        }
    }

    /// Logits `[rows, classes]` of some rows in these views; see
    /// [`mean_logits`](Self::mean_logits).
    ///
    /// # Errors
    /// When the source cannot give a row.
    pub fn orbit_logits(
        &self,
        source: &dyn InputSource,
        rows: &[usize],
        views: &[View],
    ) -> Result<Vec<f32>, TrainError> {
        let together = rows.par_chunks(TOGETHER).map(|rows| {
            let views = views.iter().map(|view| source.under(*view, rows));
            Ok(self.mean_logits(&views.collect::<Result<Vec<_>, TrainError>>()?))
        });
        Ok(together.collect::<Result<Vec<_>, TrainError>>()?.concat())
    }
}

fn tensors_of_neighbours(head: &NeighbourHead, classifier: &str) -> StateDict {
    let tensor = |leaf: &str, shape: Vec<usize>, values: Vec<f32>| {
        (format!("{classifier}{leaf}"), StateTensor { shape, values })
    };
    let flat = |leaf: &str, values: Vec<f32>| tensor(leaf, vec![values.len()], values);
    let (patches, width) = (head.labels.len(), head.mean.len());
    StateDict::from([
        flat("mean", head.mean.clone()),
        flat("scale", head.scale.clone()),
        tensor("references", vec![patches, width], head.references.clone()),
        flat(
            "labels",
            head.labels.iter().map(|label| *label as f32).collect(),
        ),
        flat("votes", head.votes.clone()),
        flat("prior", head.prior.clone()),
        flat("count", vec![head.count as f32]),
        flat("kept", vec![head.kept]),
    ])
}

/// A whole number that was kept as a float.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it was written from a small count"
)]
fn whole(value: f32) -> usize {
    value.round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bit_of_a_row_depends_on_those_beside_it() {
        let (width, rows) = (1280, 70);
        let value = |at: usize| ((at * 7919) % 1013) as f32 / 506.5 - 1.0;
        let head = Classifier::Layers(Head {
            widths: vec![width, 2],
            values: (0..2 * width + 2).map(value).collect(),
        });
        let views: Vec<Vec<f32>> = (0..8)
            .map(|view| (0..rows * width).map(|at| value(at + 31 * view)).collect())
            .collect();
        let all = head.mean_logits(&views);
        for row in 0..rows {
            let own = row * width..(row + 1) * width;
            let alone: Vec<Vec<f32>> = views
                .iter()
                .map(|view| view[own.clone()].to_vec())
                .collect();
            assert_eq!(
                head.mean_logits(&alone),
                all[2 * row..2 * row + 2],
                "row {row}"
            );
        }
        assert!(head.mean_logits(&[Vec::new()]).is_empty());
    }
}

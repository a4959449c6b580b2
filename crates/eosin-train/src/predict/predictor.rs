//! Probabilities for new images, from a run folder alone.

use std::path::Path;

use eosin_data::{DecodeLimits, ResizeSpec};
use eosin_models::{Backbone, BackboneSpec, Graph, Recording, StoredNetwork, Workspace};
use eosin_store::{RunFolder, RunRecord};
use eosin_weights::LazyTensor as _;
use rayon::prelude::*;

use crate::embed::embedder::Embedder;
use crate::error::TrainError;
use crate::input::reader::PatchReader;
use crate::input::scale::PixelScale;
use crate::model::head::Head;
use crate::model::network_model::{TOGETHER, padded_logits};
use crate::optimise::loss::softmax;
use crate::predict::fold_network::{FoldNetwork, frozen_tensors};
use crate::run::mean_of;

/// Images decoded and run together.
const BATCH: usize = 64;

/// Which folds of a run predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UseFolds {
    /// The mean of all folds' probabilities.
    Average,
    /// One fold of one cross-validation.
    One {
        /// Which cross-validation.
        repeat: usize,
        /// Which fold.
        fold: usize,
    },
}

/// A trained run, ready to predict.
pub struct Predictor {
    record: RunRecord,
    reader: PatchReader,
    members: Vec<Member>,
}

/// One fold's model: what it shares with other folds, and its own part.
struct Member {
    front: std::sync::Arc<Front>,
    own: Own,
}

/// From files to what enters a fold's own part.
enum Front {
    /// A frozen part of the network.
    Frozen(Embedder),
    /// Scaled pixels.
    Pixels(PatchReader, Box<PixelScale>),
}

/// The part that a fold has trained.
enum Own {
    Head(Head),
    Tail(Box<Graph>),
}

impl Front {
    fn values(&self, files: &[&Path]) -> Result<Vec<Vec<f32>>, TrainError> {
        match self {
            Self::Frozen(embedder) => embedder.embed(files),
            Self::Pixels(reader, scale) => files
                .par_iter()
                .map(|path| Ok(scale.interleaved(&reader.read(path)?.pixels).collect()))
                .collect(),
        }
    }
}

impl Own {
    fn probs(&self, values: &[Vec<f32>]) -> Vec<f32> {
        match self {
            Self::Head(head) => head.probs(&values.concat()),
            Self::Tail(graph) => {
                let together = values.par_chunks(TOGETHER);
                let run = |workspace: &mut Workspace, values: &[Vec<f32>]| {
                    padded_logits(graph, values.concat(), workspace)
                };
                let logits = together.map_init(Workspace::default, run);
                let mut probs = logits.collect::<Vec<_>>().concat();
                softmax(&mut probs, graph.output_width());
                probs
            }
        }
    }
}

impl Predictor {
    /// Loads the folds of the run in `folder`.
    ///
    /// # Errors
    /// When a file is missing or damaged, or the run has no such fold.
    pub fn load(folder: &RunFolder, folds: UseFolds) -> Result<Self, TrainError> {
        let record: RunRecord = folder.record()?;
        let reader = PatchReader {
            limits: DecodeLimits {
                max_side_px: record.max_side_px,
                ..DecodeLimits::default()
            },
            resize: record.resized.then_some(ResizeSpec {
                size_px: record.size_px,
                filter: record.resize,
                policy: record.non_square,
            }),
            size_px: record.size_px,
        };
        let all: Vec<(usize, usize)> = (0..record.repeats)
            .flat_map(|repeat| (0..record.folds).map(move |fold| (repeat, fold)))
            .collect();
        let chosen = match folds {
            UseFolds::Average => all,
            UseFolds::One { repeat, fold } => vec![(repeat, fold)],
        };
        let mut this = Self {
            record,
            reader,
            members: Vec::new(),
        };
        let frozen = frozen_tensors(folder)?;
        for place in chosen {
            let fold = FoldNetwork::of(folder, &this.record, frozen.as_ref(), place)?;
            let member = this.member(&fold)?;
            this.members.push(member);
        }
        Ok(this)
    }

    /// The same run with another network in place of its folds.
    ///
    /// # Errors
    /// When the run's description names a stage that the network has not.
    pub fn with_network(mut self, network: &FoldNetwork) -> Result<Self, TrainError> {
        self.members.clear();
        self.members = vec![self.member(network)?];
        Ok(self)
    }

    fn member(&self, fold: &FoldNetwork) -> Result<Member, TrainError> {
        let FoldNetwork { network, scale, .. } = fold;
        let cut = self.cut(network.architecture())?;
        let shared = self.record.fold_normalisation.is_empty();
        let front = match self.members.first().filter(|_| shared) {
            Some(member) => std::sync::Arc::clone(&member.front),
            None => std::sync::Arc::new(match cut {
                Some(0) => Front::Pixels(self.reader, PixelScale::new(scale).into()),
                cut => {
                    let precision = self.record.precision;
                    let part = (network, cut);
                    Front::Frozen(Embedder::new(part, self.reader, scale, precision)?)
                }
            }),
        };
        let Some(cut) = cut else {
            let own = Own::Head(self.head(network)?);
            return Ok(Member { front, own });
        };
        let architecture = network.architecture();
        let map = Recording::prefix_shape(architecture, cut, self.record.size_px).output_shape();
        let own = Own::Tail(network.tail_logits(cut, map)?.into());
        Ok(Member { front, own })
    }

    /// The last layer of `network`.
    fn head(&self, network: &StoredNetwork) -> Result<Head, TrainError> {
        let classifier = BackboneSpec::of(self.record.backbone).classifier;
        let tensor = |leaf: &str| &network.weights()[&format!("{classifier}{leaf}")];
        let (weight, bias) = (tensor("weight"), tensor("bias"));
        Ok(Head {
            width: weight.row_values(),
            classes: self.record.classes.len(),
            values: [weight.read_all()?, bias.read_all()?].concat(),
        })
    }

    /// The first stage that was trained; `None` when that is the last layer alone.
    fn cut(&self, network: &Backbone) -> Result<Option<usize>, TrainError> {
        let cut = &self.record.cut;
        if cut == RunRecord::EMBEDDING {
            return Ok(None);
        }
        let stages = network.stages();
        let stage = stages.iter().position(|stage| stage == cut);
        stage.map(Some).ok_or_else(|| TrainError::NoStage {
            cut: cut.clone(),
            stages: stages.join(", "),
        })
    }

    /// The run's description of itself.
    pub const fn record(&self) -> &RunRecord {
        &self.record
    }

    /// Probabilities of `files`, `[files, classes]`.
    ///
    /// # Errors
    /// The first file, in order, that cannot be used.
    pub fn predict(&self, files: &[&Path]) -> Result<Vec<f32>, TrainError> {
        let mut probs = Vec::with_capacity(files.len() * self.record.classes.len());
        for batch in files.chunks(BATCH) {
            probs.extend(self.predict_batch(batch)?);
        }
        Ok(probs)
    }

    fn predict_batch(&self, files: &[&Path]) -> Result<Vec<f32>, TrainError> {
        let mut seen: Option<(*const Front, Vec<Vec<f32>>)> = None;
        let mut members = Vec::with_capacity(self.members.len());
        for Member { front, own } in &self.members {
            let which = std::sync::Arc::as_ptr(front);
            if seen.as_ref().is_none_or(|(last, _)| *last != which) {
                seen = Some((which, front.values(files)?));
            }
            members.push(own.probs(seen.as_ref().map_or(&[], |(_, values)| values)));
        }
        Ok(mean_of(&members))
    }
}

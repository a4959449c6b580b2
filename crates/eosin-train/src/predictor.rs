//! Probabilities for new images, from a run folder alone.

use std::path::Path;

use eosin_data::{DecodeLimits, ResizeSpec};
use eosin_models::{Architecture, Backbone, Graph, Workspace, state_dict};
use eosin_store::{RunFolder, RunRecord};
use rayon::prelude::*;

use crate::embed::{Embedder, PatchReader};
use crate::error::TrainError;
use crate::experiment::mean_of;
use crate::fold_network::{FoldNetwork, frozen_tensors};
use crate::full::{TOGETHER, padded_logits};
use crate::head::Head;
use crate::loss::softmax;
use crate::patches::PixelScale;

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

/// One fold's model.
enum Member {
    /// A head on an embedder, which folds share unless each has its own scaling.
    Head {
        embedder: std::sync::Arc<Embedder>,
        head: Head,
    },
    /// A network of its own.
    Full {
        network: Box<Backbone>,
        scale: PixelScale,
    },
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
            let member = this.member(fold, frozen.is_some());
            this.members.push(member);
        }
        Ok(this)
    }

    /// The same run with another network in place of its folds.
    #[must_use]
    pub fn with_network(mut self, network: FoldNetwork) -> Self {
        self.members = vec![self.member(network, false)];
        self
    }

    fn member(&self, fold: FoldNetwork, is_frozen: bool) -> Member {
        let FoldNetwork { network, scale, .. } = fold;
        if !is_frozen {
            return Member::Full {
                network: network.into(),
                scale: PixelScale::new(&scale),
            };
        }
        let state = state_dict(network.classifier());
        let values = [&state["weight"].values[..], &state["bias"].values[..]].concat();
        let width = state["weight"].shape[1];
        let shared = self.record.fold_normalisation.is_empty();
        let embedder = match self.members.first().filter(|_| shared) {
            Some(Member::Head { embedder, .. }) => std::sync::Arc::clone(embedder),
            _ => Embedder::new(&network, self.reader, &scale).into(),
        };
        Member::Head {
            embedder,
            head: Head {
                width,
                classes: self.record.classes.len(),
                values,
            },
        }
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
        let mut embedded: Option<(*const Embedder, Vec<f32>)> = None;
        let mut members = Vec::with_capacity(self.members.len());
        for member in &self.members {
            members.push(match member {
                Member::Head { embedder, head } => {
                    let which = std::sync::Arc::as_ptr(embedder);
                    if embedded.as_ref().is_none_or(|(last, _)| *last != which) {
                        embedded = Some((which, embedder.embed(files, 1)?.concat()));
                    }
                    head.probs(embedded.as_ref().map_or(&[], |(_, rows)| rows))
                }
                Member::Full { network, scale } => self.run_full(network, scale, files)?,
            });
        }
        Ok(mean_of(&members))
    }

    fn run_full(
        &self,
        network: &Backbone,
        scale: &PixelScale,
        files: &[&Path],
    ) -> Result<Vec<f32>, TrainError> {
        let graph = Graph::logits(network, self.record.size_px);
        let several = |workspace: &mut Workspace, files: &[&Path]| {
            let mut images = Vec::new();
            for path in files {
                images.extend(scale.interleaved(&self.reader.read(path)?.pixels));
            }
            let mut probs = padded_logits(&graph, images, workspace);
            softmax(&mut probs, graph.output_width());
            Ok(probs)
        };
        let rows: Result<Vec<Vec<f32>>, TrainError> = files
            .par_chunks(TOGETHER)
            .map_init(Workspace::default, several)
            .collect();
        Ok(rows?.concat())
    }
}

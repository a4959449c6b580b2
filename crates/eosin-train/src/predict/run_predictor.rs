//! Logits of new images by each fold of a run, from its folder and the weights that it started from.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eosin_core::config::{CacheDtype, Symmetries};
use eosin_core::{Cut, D4, Preprocess};
use eosin_data::{Resize, RgbPatch};
use eosin_models::{BackboneSpec, Graph, Recording, Workspace};
use eosin_store::cache::round_as_stored;
use eosin_store::{OtherSize, RunFolder, RunRecord, WeightStore};
use rayon::prelude::*;

use crate::embed::backbone::tensors_hash;
use crate::embed::embedder::Embedder;
use crate::embed::frozen::{FrozenGraph, RunAt, WeightsOrigin};
use crate::error::TrainError;
use crate::input::reader::{PatchReader, decode_limits};
use crate::input::scale::PixelScale;
use crate::input::views::symmetric;
use crate::model::classifier::{Classifier, Named};
use crate::model::network_model::{TOGETHER, padded_logits};
use crate::predict::fold_network::{FoldNetwork, cut_of, frozen_tensors, network_of};
use crate::predict::predictions::mean_of;
use crate::predict::predictor::{BATCH, UseFolds};

/// The trained folds of a run, ready to judge patches.
pub(crate) struct RunPredictor {
    record: RunRecord,
    /// How patches are brought to each size that they are judged at, that of the run first.
    readers: Vec<PatchReader>,
    /// Patches that kept their own stain.
    kept_stains: AtomicUsize,
    members: Vec<Member>,
}

/// One fold's model: what it shares with other folds, and its own part.
struct Member {
    /// One for each size.
    fronts: Arc<[Front]>,
    own: Own,
}

/// Which of the folds that were loaded are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhichFolds {
    /// Each.
    All,
    /// The one of this number among them.
    Only(usize),
}

impl WhichFolds {
    /// Those that are asked.
    pub(crate) fn of<T>(self, all: &[T]) -> &[T] {
        match self {
            Self::All => all,
            Self::Only(at) => all.get(at..=at).unwrap_or_default(),
        }
    }
}

/// A patch at each size.
pub(crate) type Sized = Vec<RgbPatch>;

/// What enters a fold's own part, of each patch under one view.
type ViewValues = Vec<Vec<f32>>;

/// From pixels to what enters a fold's own part.
enum Front {
    /// A frozen part of the network, its values rounded as the run's cache kept them.
    Frozen(Embedder, CacheDtype),
    /// Scaled pixels.
    Pixels(Box<PixelScale>),
}

/// The part that a fold has trained.
enum Own {
    Head(Classifier),
    Tail(Box<Graph>),
}

impl Front {
    /// The values of each patch, or the first that the run's cache could not have kept.
    fn values(&self, patches: &[RgbPatch]) -> Result<Vec<Vec<f32>>, NotKept> {
        match self {
            Self::Frozen(embedder, dtype) => {
                let mut values = embedder.embed(patches);
                for (patch, values) in values.iter_mut().enumerate() {
                    let dtype = *dtype;
                    round_as_stored(dtype, values).map_err(|value| NotKept {
                        patch,
                        value,
                        dtype,
                    })?;
                }
                Ok(values)
            }
            Self::Pixels(scale) => Ok(patches
                .par_iter()
                .map(|patch| scale.interleaved(&patch.pixels).collect())
                .collect()),
        }
    }
}

/// A value of a patch that is out of the range of the run's cache.
struct NotKept {
    patch: usize,
    value: f32,
    dtype: CacheDtype,
}

impl Own {
    /// Mean logits `[patches, classes]` over views, of the values of each view's patches; computed
    /// in the order that runs compute them in, so that no bit differs.
    fn logits(&self, views: &[ViewValues]) -> Vec<f32> {
        match self {
            Self::Head(head) => {
                let views = views.iter().map(|values| values.concat());
                head.mean_logits(&views.collect::<Vec<_>>())
            }
            Self::Tail(graph) => {
                let logits = views.iter().map(|values| tail_logits(graph, values));
                mean_of(&logits.collect::<Vec<_>>())
            }
        }
    }
}

fn tail_logits(graph: &Graph, values: &[Vec<f32>]) -> Vec<f32> {
    let together = values.par_chunks(TOGETHER);
    let run = |workspace: &mut Workspace, values: &[Vec<f32>]| {
        padded_logits(graph, values.concat(), workspace)
    };
    let logits = together.map_init(Workspace::default, run);
    logits.collect::<Vec<_>>().concat()
}

impl RunPredictor {
    /// Loads the folds of the run in `folder`, whose frozen weights may lie in `store`.
    ///
    /// # Errors
    /// When a file is missing or damaged, the run has no such fold, or the weights that it started
    /// from are gone.
    pub(crate) fn load(
        folder: &RunFolder,
        store: &WeightStore,
        folds: UseFolds,
    ) -> Result<Self, TrainError> {
        let record: RunRecord = folder.record()?;
        let frozen = frozen_tensors(folder, &record, store)?;
        let limits = decode_limits(record.max_side_px);
        let first = PatchReader::new(&record.preprocess[0], limits)?;
        let other = |other: &OtherSize| PatchReader {
            limits,
            stain: first.stain,
            resize: Some(other.resize),
            size_px: other.size_px,
        };
        let others = record.other_sizes.iter().map(other);
        let readers = std::iter::once(first).chain(others).collect();
        let chosen = folds.of(&record);
        let mut this = Self {
            readers,
            kept_stains: AtomicUsize::new(0),
            record,
            members: Vec::new(),
        };
        for fold in chosen {
            let network = FoldNetwork::of(folder, &this.record, &frozen, fold)?;
            let member = this.member(&network)?;
            this.members.push(member);
        }
        Ok(this)
    }

    /// Passes through the network that a patch costs.
    pub(crate) fn passes(&self) -> usize {
        let mut fronts: Vec<*const [Front]> = Vec::new();
        for member in &self.members {
            let front = Arc::as_ptr(&member.fronts);
            if !fronts.contains(&front) {
                fronts.push(front);
            }
        }
        fronts.len() * self.record.view_count()
    }

    /// The same run with another network in place of its folds.
    ///
    /// # Errors
    /// When the run's description names a stage that the network has not.
    pub(crate) fn with_network(mut self, network: &FoldNetwork) -> Result<Self, TrainError> {
        self.members.clear();
        self.members = vec![self.member(network)?];
        Ok(self)
    }

    fn member(&self, fold: &FoldNetwork) -> Result<Member, TrainError> {
        let architecture = fold.network.architecture();
        let cut = cut_of(&self.record, architecture.stages())?;
        let shared = self.record.preprocess.len() == 1;
        let fronts = if let Some(member) = self.members.first().filter(|_| shared) {
            Arc::clone(&member.fronts)
        } else {
            let sizes = self.readers.iter().map(|reader| reader.size_px);
            let fronts = sizes.map(|size_px| self.front(fold, cut, size_px));
            fronts.collect::<Result<Vec<Front>, _>>()?.into()
        };
        let Some(stage) = cut.first_stage() else {
            let own = Own::Head(self.head(fold)?);
            return Ok(Member { fronts, own });
        };
        let size_px = self.record.size_px();
        let map = Recording::prefix_shape(architecture, stage, size_px).output_shape();
        let own = Own::Tail(fold.network.tail_logits(stage, map)?.into());
        Ok(Member { fronts, own })
    }

    fn front(&self, fold: &FoldNetwork, cut: Cut, size_px: usize) -> Result<Front, TrainError> {
        if cut == Cut::Pixels {
            let scale = PixelScale::new(&fold.preprocess.scale);
            return Ok(Front::Pixels(scale.into()));
        }
        let network = network_of(&self.record)?;
        let origin = WeightsOrigin {
            backbone: network.backbone,
            weights_hash: &tensors_hash(&network.weights_hash, &network.tensors),
        };
        let run_at = RunAt {
            size_px,
            precision: network.precision,
        };
        let frozen = FrozenGraph::new(&fold.network, &origin, cut, run_at)?;
        let preprocess = Preprocess {
            size_px,
            ..fold.preprocess.clone()
        };
        let embedder = Embedder::new(frozen, preprocess);
        Ok(Front::Frozen(embedder, network.cache_dtype))
    }

    /// What stands on the embeddings of a fold.
    fn head(&self, fold: &FoldNetwork) -> Result<Classifier, TrainError> {
        if let Some(neighbours) = &fold.neighbours {
            return Ok(neighbours.clone());
        }
        let spec = BackboneSpec::of(network_of(&self.record)?.backbone);
        let tensors = Named {
            tensors: fold.network.weights(),
            classifier: spec.classifier,
        };
        Classifier::of_run(&self.record, spec.embedding_width, &tensors)
    }

    /// The run's description of itself.
    pub(crate) const fn record(&self) -> &RunRecord {
        &self.record
    }

    /// Looks at patches under other symmetries from now on.
    pub(crate) const fn look_under(&mut self, views: Symmetries) {
        self.record.views = views;
    }

    /// Brings patches of another size to its own from now on.
    pub(crate) fn resize(&mut self, how: Resize) {
        for reader in &mut self.readers {
            reader.resize = Some(how);
        }
    }

    /// How patches are brought to the size that [`pixel_logits`](Self::pixel_logits) wants.
    pub(crate) fn reader(&self) -> &PatchReader {
        &self.readers[0]
    }

    /// Logits of patches that were read, their stain and the network's size given, by each fold,
    /// `[folds][patches, classes]`; see [`PatchReader::read`]. Where they are judged at others, too, they are brought to these from there.
    ///
    /// # Errors
    /// When a patch has values that the run's cache could not have kept.
    pub(crate) fn pixel_logits(&self, patches: &[RgbPatch]) -> Result<Vec<Vec<f32>>, TrainError> {
        let mut logits = vec![Vec::new(); self.members.len()];
        for (index, batch) in patches.chunks(BATCH).enumerate() {
            let name = |patch: usize| format!("patch {}", index * BATCH + patch);
            let sized = batch.iter().enumerate();
            let sized = sized.map(|(at, patch)| self.at_sizes(&name(at), patch.clone()));
            let sized: Vec<Sized> = sized.collect::<Result<_, _>>()?;
            let sized: Vec<&Sized> = sized.iter().collect();
            let more = self.logits(&sized, WhichFolds::All, name)?;
            for (fold, more) in logits.iter_mut().zip(more) {
                fold.extend(more);
            }
        }
        Ok(logits)
    }

    /// Embeddings of patches, one `[patches, width]` a view, of a run whose folds share them; `name` is what
    /// errors call a patch.
    ///
    /// # Errors
    /// As [`logits`](Self::logits).
    pub(crate) fn embeddings(
        &self,
        patches: &[&Sized],
        name: impl Fn(usize) -> String,
    ) -> Result<Vec<Vec<f32>>, TrainError> {
        let views = self.views_of(&self.members[0].fronts, patches, name)?;
        Ok(views.into_iter().map(|view| view.concat()).collect())
    }

    /// A decoded patch, as it lies on disk, with its stain, at each size that it is judged at.
    ///
    /// # Errors
    /// When it has another size and no resizing was asked for, or cannot be resized.
    pub(crate) fn sized(&self, name: &str, patch: RgbPatch) -> Result<Sized, TrainError> {
        self.at_sizes(name, self.stained(patch))
    }

    fn at_sizes(&self, name: &str, patch: RgbPatch) -> Result<Sized, TrainError> {
        let others = self.readers[1..].iter();
        let others = others.map(|reader| reader.fit(name, patch.clone()));
        let others = others.collect::<Result<Sized, _>>()?;
        let mut sized = vec![self.readers[0].fit(name, patch)?];
        sized.extend(others);
        Ok(sized)
    }

    /// A patch with the stain that the run's patches were given.
    fn stained(&self, mut patch: RgbPatch) -> RgbPatch {
        if self.readers[0].stain(&mut patch).is_some() {
            self.kept_stains.fetch_add(1, Ordering::Relaxed);
        }
        patch
    }

    /// How many patches have kept their own stain.
    pub(crate) fn kept_stains(&self) -> usize {
        self.kept_stains.load(Ordering::Relaxed)
    }

    /// Logits of patches by each fold that is asked, `[folds][patches, classes]`; `name` is what errors call a patch.
    ///
    /// # Errors
    /// The first patch, in order, with values that the run's cache could not have kept.
    pub(crate) fn logits(
        &self,
        patches: &[&Sized],
        folds: WhichFolds,
        name: impl Fn(usize) -> String,
    ) -> Result<Vec<Vec<f32>>, TrainError> {
        let mut seen: Option<(*const [Front], Vec<ViewValues>)> = None;
        let asked = folds.of(&self.members);
        let mut logits = Vec::with_capacity(asked.len());
        for Member { fronts, own } in asked {
            let which = Arc::as_ptr(fronts);
            if seen
                .as_ref()
                .is_none_or(|(last, _)| !std::ptr::eq(*last, which))
            {
                seen = Some((which, self.views_of(fronts, patches, &name)?));
            }
            logits.push(own.logits(seen.as_ref().map_or(&[], |(_, views)| views)));
        }
        Ok(logits)
    }

    /// What `fronts` make of the patches under each symmetry that they are judged under, size by size.
    fn views_of(
        &self,
        fronts: &[Front],
        patches: &[&Sized],
        name: impl Fn(usize) -> String,
    ) -> Result<Vec<ViewValues>, TrainError> {
        let view = |size: usize, symmetry: &D4| {
            let turn = |patch: &&Sized| RgbPatch {
                pixels: symmetric(&patch[size], *symmetry),
                ..patch[size]
            };
            let turned: Vec<RgbPatch> = patches.par_iter().map(turn).collect();
            fronts[size]
                .values(&turned)
                .map_err(|lost| TrainError::NotKept {
                    name: name(lost.patch),
                    value: lost.value,
                    dtype: lost.dtype,
                })
        };
        let members = self.record.views.members();
        let views = (0..fronts.len()).flat_map(|size| members.iter().map(move |one| (size, one)));
        views.map(|(size, symmetry)| view(size, symmetry)).collect()
    }
}

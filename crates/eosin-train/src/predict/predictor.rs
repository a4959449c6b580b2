//! Probabilities for new images, from a run folder and the weights that it started from.

use std::collections::BTreeSet;

use eosin_core::FoldId;
use eosin_data::{DecodeLimits, PatchSource, Resize, RgbPatch, decode_rgb_bytes};
use eosin_store::{RunFolder, RunRecord, WeightStore};
use rayon::prelude::*;

use crate::embed::starting_point::no_network_of_members;
use crate::error::TrainError;
use crate::input::reader::{PatchReader, decode_limits};
use crate::optimise::loss::softmax;
use crate::predict::fold_network::FoldNetwork;
use crate::predict::member_predictor::MemberPredictors;
use crate::predict::predictions::mean_of;
use crate::predict::run_predictor::{RunPredictor, Sized, WhichFolds};

/// Which folds of a run predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UseFolds {
    /// The mean of all folds' logits.
    Average,
    /// One fold.
    One(FoldId),
}

impl UseFolds {
    /// The folds of the run.
    pub(crate) fn of(self, record: &RunRecord) -> Vec<FoldId> {
        match self {
            Self::Average => record.fold_ids().collect(),
            Self::One(fold) => vec![fold],
        }
    }
}

/// Images decoded and run together.
pub(crate) const BATCH: usize = 64;

/// A patch as each network of a run sees it.
#[derive(Clone, Debug)]
pub struct ReadPatch {
    /// What errors call it.
    pub(crate) name: String,
    pub(crate) runs: Vec<Sized>,
}

/// A trained run, ready to predict.
pub struct Predictor {
    record: RunRecord,
    judges: Judges,
}

/// What judges patches.
enum Judges {
    /// The folds of a run.
    Folds(Box<RunPredictor>),
    /// The members of an ensemble.
    Members(MemberPredictors),
}

impl Predictor {
    /// Loads the folds of the run in `folder`, whose frozen weights (or those of its members) may lie
    /// in `store`.
    ///
    /// # Errors
    /// When a file is missing or damaged, the run has no such fold, or the weights that it started
    /// from are gone.
    pub fn load(
        folder: &RunFolder,
        store: &WeightStore,
        folds: UseFolds,
    ) -> Result<Self, TrainError> {
        let record: RunRecord = folder.record()?;
        let judges = match record.ensemble() {
            None => Judges::Folds(RunPredictor::load(folder, store, folds)?.into()),
            Some(ensemble) => {
                let members = MemberPredictors::load(folder, &record, ensemble, store, folds);
                Judges::Members(members?)
            }
        };
        Ok(Self { record, judges })
    }

    fn runs(&self) -> &[RunPredictor] {
        match &self.judges {
            Judges::Folds(run) => std::slice::from_ref(run),
            Judges::Members(members) => &members.runs,
        }
    }

    /// Passes through a network that a patch costs.
    pub fn passes(&self) -> usize {
        self.runs().iter().map(RunPredictor::passes).sum()
    }

    /// The same run with another network in place of its folds.
    ///
    /// # Errors
    /// When the run's description names a stage that the network has not; when it is an ensemble.
    pub fn with_network(self, network: &FoldNetwork) -> Result<Self, TrainError> {
        let Judges::Folds(run) = self.judges else {
            return Err(no_network_of_members());
        };
        Ok(Self {
            record: self.record,
            judges: Judges::Folds(run.with_network(network)?.into()),
        })
    }

    /// Images that kept their own stain since none could be told, of a run whose patches were given
    /// another: the most of any member.
    pub fn kept_stains(&self) -> usize {
        let runs = self.runs().iter();
        runs.map(RunPredictor::kept_stains).max().unwrap_or(0)
    }

    /// The run's description of itself.
    pub const fn record(&self) -> &RunRecord {
        &self.record
    }

    /// The same run, which brings patches of another size to its own.
    #[must_use]
    pub fn resizing(mut self, how: Resize) -> Self {
        match &mut self.judges {
            Judges::Folds(run) => run.resize(how),
            Judges::Members(members) => members.runs.iter_mut().for_each(|run| run.resize(how)),
        }
        self
    }

    /// What is decoded at most.
    pub fn limits(&self) -> DecodeLimits {
        decode_limits(self.record.max_side_px)
    }

    /// How each network's patches are read.
    pub fn readers(&self) -> impl Iterator<Item = &PatchReader> {
        self.runs().iter().map(RunPredictor::reader)
    }

    /// Reads a patch, once for all networks that will see it.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn read(&self, source: &PatchSource) -> Result<ReadPatch, TrainError> {
        let name = source.to_string();
        let patch = decode_rgb_bytes(&source.read()?, &name, &self.limits())?;
        self.read_decoded(name, &patch)
    }

    /// The same of a decoded patch, as it lies on disk; `name` is what errors call it.
    ///
    /// # Errors
    /// When it has another size than the run's and none is to be changed.
    pub fn read_decoded(&self, name: String, patch: &RgbPatch) -> Result<ReadPatch, TrainError> {
        let runs = self.runs().iter();
        let runs = runs.map(|run| run.sized(&name, patch.clone()));
        let runs = runs.collect::<Result<_, TrainError>>()?;
        Ok(ReadPatch { name, runs })
    }

    /// Probabilities of patches, `[patches, classes]`.
    ///
    /// # Errors
    /// The first patch, in order, that cannot be used.
    pub fn predict(&self, patches: &[PatchSource]) -> Result<Vec<f32>, TrainError> {
        let mut probs = Vec::with_capacity(patches.len() * self.record.classes.len());
        for batch in patches.chunks(BATCH) {
            let read = batch.par_iter().map(|source| self.read(source));
            let read: Result<Vec<ReadPatch>, TrainError> =
                read.collect::<Vec<_>>().into_iter().collect();
            probs.extend(self.predict_read(&read?)?);
        }
        Ok(probs)
    }

    /// Probabilities of patches that this has [read](Self::read), `[patches, classes]`.
    ///
    /// # Errors
    /// The first patch, in order, with values that the run's cache could not have kept.
    pub fn predict_read(&self, patches: &[ReadPatch]) -> Result<Vec<f32>, TrainError> {
        let mut probs = Vec::with_capacity(patches.len() * self.record.classes.len());
        for batch in patches.chunks(BATCH) {
            probs.extend(self.probs(&self.logits(batch, WhichFolds::All)?));
        }
        Ok(probs)
    }

    /// The same, each patch by one fold: `folds` are numbers among [`RunRecord::fold_ids`], one a patch. Only of a
    /// predictor of all folds.
    ///
    /// # Errors
    /// As [`predict_read`](Self::predict_read).
    pub fn predict_by_folds(
        &self,
        patches: &[ReadPatch],
        folds: &[usize],
    ) -> Result<Vec<f32>, TrainError> {
        let classes = self.record.classes.len();
        let mut probs = vec![0.0; patches.len() * classes];
        let asked: BTreeSet<usize> = folds.iter().copied().collect();
        for fold in asked {
            let mine = (0..patches.len()).filter(|patch| folds.get(*patch) == Some(&fold));
            let mine: Vec<usize> = mine.collect();
            let some: Vec<ReadPatch> = mine.iter().map(|patch| patches[*patch].clone()).collect();
            let found = self.probs(&self.logits(&some, WhichFolds::Only(fold))?);
            for (patch, found) in mine.into_iter().zip(found.chunks_exact(classes)) {
                probs[patch * classes..][..classes].copy_from_slice(found);
            }
        }
        Ok(probs)
    }

    fn logits(
        &self,
        patches: &[ReadPatch],
        folds: WhichFolds,
    ) -> Result<Vec<Vec<f32>>, TrainError> {
        match &self.judges {
            Judges::Members(members) => members.logits(patches, folds),
            Judges::Folds(run) => {
                let sized: Vec<&Sized> = patches.iter().map(|patch| &patch.runs[0]).collect();
                run.logits(&sized, folds, |patch| patches[patch].name.clone())
            }
        }
    }

    /// Probabilities of patches that were read, their stain and the network's size given, `[patches, classes]`; see
    /// [`PatchReader::read`].
    ///
    /// # Errors
    /// When a patch has values that the run's cache could not have kept; when it is an ensemble, whose
    /// networks may differ in size.
    pub fn predict_pixels(&self, patches: &[RgbPatch]) -> Result<Vec<f32>, TrainError> {
        match &self.judges {
            Judges::Folds(run) => Ok(self.probs(&run.pixel_logits(patches)?)),
            Judges::Members(_) => Err(no_network_of_members()),
        }
    }

    /// Of the mean of the folds' logits.
    fn probs(&self, folds: &[Vec<f32>]) -> Vec<f32> {
        let mut probs = mean_of(folds);
        softmax(&mut probs, self.record.classes.len());
        probs
    }
}

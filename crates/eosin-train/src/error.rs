//! Why a training cannot be done.

use std::path::PathBuf;

use eosin_core::bytes_in_words;

use crate::embed::embedding_error::EmbeddingsError;
use crate::explain::ExplainWay;
use crate::input::stain_fit::StainError;

impl From<eosin_weights::StateError> for TrainError {
    fn from(error: eosin_weights::StateError) -> Self {
        match error {
            eosin_weights::StateError::Mismatch(mismatch) => Self::RunWeights(mismatch),
            eosin_weights::StateError::Read(error) => Self::Weights(error),
        }
    }
}

/// The changes that would fit, as the end of a sentence.
fn or_less(fits: &[String]) -> String {
    if fits.is_empty() {
        return ", or use fewer or smaller patches".to_owned();
    }
    format!(", or take less with {}", fits.join(" or "))
}

/// Why a training, an embedding or an evaluation cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A patch cannot be decoded.
    #[error(transparent)]
    Decode(#[from] eosin_data::DecodeError),
    /// Patches cannot be given another stain.
    #[error(transparent)]
    Stain(#[from] StainError),
    /// The folds do not fit the manifest.
    #[error(transparent)]
    Split(#[from] eosin_data::SplitError),
    /// Channel statistics cannot be computed.
    #[error(transparent)]
    Statistics(#[from] eosin_data::StatisticsError),
    /// The run folder cannot be used.
    #[error(transparent)]
    Run(#[from] eosin_store::RunError),
    /// The run would keep more than the cache may hold.
    #[error(
        "the run keeps {} of embeddings, more than the cache may hold (cache.max_bytes is {}); allow \
         it with '--set cache.max_bytes={wanted}'{}",
        bytes_in_words(*.wanted), bytes_in_words(*.limit), or_less(.fits)
    )]
    OverLimit {
        /// Bytes of the run.
        wanted: u64,
        /// Bytes that are allowed.
        limit: u64,
        /// Changes that would fit.
        fits: Vec<String>,
    },
    /// A network whose weights are those of one size is to run at others.
    #[error(
        "augment.sizes_px asks for {other_px} px, and the weights of {backbone} are those of one size; \
         leave it out, and combine runs of several '--size' with 'eosin ensemble'"
    )]
    OneSize {
        /// The network.
        backbone: eosin_core::BackboneName,
        /// The other size.
        other_px: usize,
    },
    /// A further size is none.
    #[error(
        "augment.sizes_px names {size_px}, the size that patches are looked at in anyway; leave it out \
         there"
    )]
    SameSize {
        /// The size.
        size_px: usize,
    },
    /// The heads of all folds are more than memory has left.
    #[error(
        "training the heads of all folds side by side takes {} of memory, and {} are left; use fewer \
         units than the {hidden} of train.hidden, or fewer '--folds'",
        bytes_in_words(*.wanted), bytes_in_words(*.left)
    )]
    LargeHead {
        /// Bytes of weights, gradients and moments.
        wanted: u64,
        /// Bytes that memory has left.
        left: u64,
        /// Units of the hidden layer.
        hidden: usize,
    },
    /// The run would keep more than the disk has room for.
    #[error(
        "the run has {} of embeddings to write to {dir}, where {} are free; name a folder on \
         another disk with '--set cache.dir=DIR'{}",
        bytes_in_words(*.missing), bytes_in_words(*.free), or_less(.fits)
    )]
    DiskFull {
        /// The cache's folder.
        dir: PathBuf,
        /// Bytes to be written.
        missing: u64,
        /// Bytes that the disk has free.
        free: u64,
        /// Changes that would fit.
        fits: Vec<String>,
    },
    /// A run's weights do not fit its architecture.
    #[error("the run's weights do not fit its architecture; train it again")]
    RunWeights(#[from] eosin_weights::StateMismatch),
    /// Fresh weights cannot be hashed.
    #[error("cannot hash the weights")]
    Hash(#[source] std::io::Error),
    /// A fold that the run has not.
    #[error("fold {fold} does not exist: the run has {first}-{last}")]
    NoFold {
        /// The fold asked for.
        fold: String,
        /// The first fold that there is.
        first: String,
        /// The last one.
        last: String,
    },
    /// A fold in the run folder is another run's.
    #[error(
        "fold {0} in the run folder was made from other settings, folds, patches or weights; run again with '--overwrite'"
    )]
    OtherFold(eosin_core::FoldId),
    /// A file of a fold is not the one that it wrote.
    #[error(
        "{} is not the file that the fold wrote: its BLAKE3 is {found}, and outcome.json beside it says \
         {expected}; copy the run again, or train the fold anew: remove {} and write 'eosin run \
         --resume {}'",
        .file.display(),
        .run.join(eosin_store::names::RUN).display(),
        .run.display()
    )]
    OtherFoldFile {
        /// The file.
        file: PathBuf,
        /// Its hash.
        found: String,
        /// The hash that it had.
        expected: String,
        /// The run folder.
        run: PathBuf,
    },
    /// The weights that a run started from are nowhere.
    #[error(
        "the weights that the run started from ({weights}, BLAKE3 {hash}) are gone: neither {} nor {} holds them, nor the file that they came from; copy that file to either place (its hash is checked)",
        .own.display(),
        .store.display()
    )]
    WeightsGone {
        /// Where they came from.
        weights: String,
        /// Their hash.
        hash: String,
        /// Where a packed run has them.
        own: PathBuf,
        /// Where the store has them.
        store: PathBuf,
    },
    /// A file of a run cannot be written or read.
    #[error(transparent)]
    File(#[from] eosin_store::FileError),
    /// Folds differ in more than a last layer.
    #[error(
        "there is no one network that is the mean of all folds: they differ in more than a last layer on one embedding; name a fold with '--fold best' or a number"
    )]
    NoMeanNetwork,
    /// An embedding is not finite.
    #[error(
        "the embedding of {name} holds {value}, which nothing can be learnt from; choose other '--weights'"
    )]
    NotFinite {
        /// The patch.
        name: String,
        /// The value.
        value: f32,
    },
    /// Every patch has the same embedding.
    #[error(
        "all {0} patches have the same embedding: there is nothing to tell them apart by; look at them with 'eosin inspect'"
    )]
    ConstantEmbeddings(usize),
    /// The training part of a fold lacks a class.
    #[error("the training part of fold {fold} has no patch of class '{class}': {fix}")]
    ClassMissing {
        /// The fold.
        fold: eosin_core::FoldId,
        /// The class.
        class: String,
        /// What brings one into it.
        fix: &'static str,
    },
    /// No part of a training part can pick its epoch.
    #[error(
        "the training part of fold {0} cannot be divided so that a fifth of it with every class picks the epoch; keep the last epoch instead ('--set train.keep=last')"
    )]
    NoPickingPart(eosin_core::FoldId),
    /// A run lacks a tensor of its own.
    #[error("the run has no tensor '{0}' that fits: its weights are damaged, or another version's")]
    NoTensor(String),
    /// A head cannot be solved.
    #[error("a head cannot be solved")]
    Head(#[source] eosin_heads::HeadError),
    /// A checkpoint cannot be gone on from.
    #[error(
        "the checkpoint cannot be used: {0}; remove the folder 'checkpoints' of the run to train its unfinished folds anew"
    )]
    Checkpoint(&'static str),
    /// Whoever watched the work failed.
    #[error(transparent)]
    Watch(eosin_core::WatchError),
    /// The work was stopped from outside.
    #[error("interrupted")]
    Interrupted,
    /// Checks before training failed, and were asked to be heeded.
    #[error(
        "the checks before training failed: {0}; mend that, or go on with '--set train.doctor=warn'"
    )]
    Doctor(String),
    /// There is no one embedding of each patch to write.
    #[error("there is no one embedding of each patch to write: {0}")]
    NoEmbeddings(String),
    /// No embeddings of training patches are kept, so none is nearest.
    #[error("no training patch can be said to be nearest: {0}")]
    NoNearest(String),
    /// The cache lacks embeddings of training patches.
    #[error("the cache in {} lacks the embeddings of {lacking} of {all} training patches", cache.display())]
    NotCached {
        /// The cache.
        cache: PathBuf,
        /// Patches that it lacks.
        lacking: usize,
        /// Training patches.
        all: usize,
    },
    /// There is nothing to embed.
    #[error("train.mode trains the whole network from pixels: there is nothing to embed")]
    NothingFrozen,
    /// More stages are to be trained than the network has before its classifier.
    #[error(
        "train.stages is {asked}; {backbone} has the stages {stages}: with all of them use '--mode full'"
    )]
    TooManyStages {
        /// The network.
        backbone: eosin_core::BackboneName,
        /// Stages asked for.
        asked: usize,
        /// Its stages.
        stages: String,
    },
    /// A run was cut at a stage that its network has not.
    #[error("run.json says that training began at stage '{cut}'; the network has {stages}")]
    NoStage {
        /// The stage.
        cut: String,
        /// The network's stages.
        stages: String,
    },
    /// Predictions cannot be written.
    #[error("cannot write predictions: {0}")]
    Csv(String),
    /// A patch cannot be resized.
    #[error("cannot resize patch {name}")]
    Resize {
        /// The patch.
        name: String,
        /// Why not.
        source: eosin_data::ResizeError,
    },
    /// A patch has another size than the others.
    #[error(
        "patch {name} is {width_px}x{height_px} px, the network is run at {expected_px}x{expected_px}; resize with '--size {expected_px}'"
    )]
    Size {
        /// The patch.
        name: String,
        /// Its width.
        width_px: usize,
        /// Its height.
        height_px: usize,
        /// The side that the network is run at.
        expected_px: usize,
    },
    /// The cache cannot be used.
    #[error(transparent)]
    Cache(#[from] eosin_store::CacheError),
    /// A value is out of the range that the run kept values in.
    #[error(
        "the embedding of {name} holds {value}, which {dtype} cannot keep, and the run kept its embeddings so; train again with '--set cache.dtype=f32'"
    )]
    NotKept {
        /// The patch.
        name: String,
        /// The value.
        value: f32,
        /// How the run kept values.
        dtype: eosin_core::config::CacheDtype,
    },
    /// Another process removed entries while this one was using them.
    #[error(
        "the embedding cache lost entries during the run; run again, with a larger 'cache.max_bytes'"
    )]
    CacheChanged,
    /// A metric cannot be computed at all.
    #[error(transparent)]
    Metric(#[from] eosin_metrics::MetricError),
    /// The loss is not finite.
    #[error(
        "training diverged in fold {fold}, epoch {epoch}; lower 'train.learning_rate', which is {learning_rate}"
    )]
    Diverged {
        /// The fold.
        fold: eosin_core::FoldId,
        /// The epoch, from 0.
        epoch: usize,
        /// The learning rate.
        learning_rate: f64,
    },
    /// The patches do not divide into the network's own patches.
    #[error(
        "{backbone} divides images into squares of {step_px} px, and {size_px} px is no multiple of that; use '--size {nearest_px}'"
    )]
    SizeStep {
        /// The network.
        backbone: eosin_core::BackboneName,
        /// Side of its squares.
        step_px: usize,
        /// Side of the patches.
        size_px: usize,
        /// The nearest side that it takes.
        nearest_px: usize,
    },
    /// Weights were given by a name, and nobody looked it up.
    #[error("the weights '{0}' are no file here; write './{0}' if a file is meant")]
    Unresolved(String),
    /// The architecture has no embedded weights.
    #[error(
        "{0} has no weights of its own; name a file or published ones with '--weights' ('eosin weights ls --backbone {0}' lists names)"
    )]
    NoWeights(eosin_core::BackboneName),
    /// A part of weights is chosen that come in no file.
    #[error(
        "'--weights-key' and '--weights-prefix' choose among the tensors of a weight file; name it with '--weights', or leave them out"
    )]
    NoChoice,
    /// Two runs judge different patches.
    #[error(
        "the runs do not predict the same patches in the same cross-validations: compare runs on the same folds"
    )]
    NotPaired,
    /// Embeddings that were made elsewhere cannot be used.
    #[error(transparent)]
    Embeddings(#[from] EmbeddingsError),
    /// A network is wanted where there is none.
    #[error(
        "there is no network, which this needs: the run starts from the embeddings in {}; 'eosin \
         predict RUN --embeddings FILE' predicts from others, and the trained last layers are in the \
         run's folds/*/weights.safetensors", .0.display()
    )]
    NoNetwork(PathBuf),
    /// Logits are wanted place by place where they are not told so.
    #[error(
        "{} has no maps by '--way {way}': {}; leave '--way' out, or write '--way occlusion'",
        .run.display(),
        match .way {
            ExplainWay::ClassMap => "its network does not end in a mean over places and one linear layer (or it \
                has a hidden layer, neighbours or several sizes)",
            _ => "its answers are not logits of a network with places (it has neighbours or several sizes, or the \
                last map is of one place)",
        }
    )]
    NoMapsOf {
        /// The way.
        way: ExplainWay,
        /// The run.
        run: PathBuf,
    },
    /// Weights are to be replaced where maps are made without looking into the network.
    #[error(
        "{} is explained by covering parts of a patch, not through its network; '--sanity' needs maps by class-map \
         or hires-cam",
        .0.display()
    )]
    NothingToRandomise(PathBuf),
    /// More neighbours are asked for than there are patches.
    #[error(
        "train.strength asks for {asked} neighbours, and the training part of a fold has {patches} \
         patches; name fewer, or none to have their number chosen"
    )]
    TooManyNeighbours {
        /// How many are asked for.
        asked: f64,
        /// Patches in the smallest training part.
        patches: usize,
    },
    /// Runs cannot be one ensemble.
    #[error("{0}")]
    Ensemble(String),
    /// Answers cannot be combined.
    #[error(transparent)]
    Combine(#[from] eosin_ensemble::EnsembleError),
    /// A weight file cannot be used.
    #[error(transparent)]
    Weights(#[from] eosin_weights::WeightsError),
    /// A weight file does not fit the network.
    #[error(transparent)]
    Load(#[from] eosin_models::LoadError),
    /// A predictions file cannot be used.
    #[error("{path}, line {line}: {problem}")]
    Predictions {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// The image side is too small for the network.
    #[error(
        "{backbone} needs patches of {min_px} px or more, these are {size_px}; use '--size {min_px}'"
    )]
    TooSmall {
        /// The network.
        backbone: eosin_core::BackboneName,
        /// Its smallest side.
        min_px: usize,
        /// The side asked for.
        size_px: usize,
    },
}

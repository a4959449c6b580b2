//! What a report shows.

use eosin_metrics::{Metric, MetricSet};

use crate::audit::PairCard;
use crate::auditing::{AuditSummary, OptimismReport};
use crate::deciding::DecidingReport;
use crate::evaluation::Evaluation;
use crate::page_one::PageOne;
use crate::robustness::RobustnessReport;
use crate::slices::SlicesReport;
use crate::speaking::SpeakingClass;
use crate::study::Study;

/// Everything that [`render`](crate::render) shows. Empty lists leave their section out or say that
/// there is nothing.
#[derive(Clone, Debug)]
pub struct Report {
    /// The heading, such as the name of the data set.
    pub title: String,
    /// The run's identifier.
    pub run_id: String,
    /// When the run ended, as text ready to read.
    pub created: String,
    /// The version of eosin that ran.
    pub eosin_version: String,
    /// Class names by index.
    pub classes: Vec<String>,
    /// The positive class of two; with more classes its views are one-vs-rest and this is unused.
    pub positive: usize,
    /// What stands first, for who would use the model.
    pub page_one: PageOne,
    /// What was done, in sentences.
    pub study: Study,
    /// The data and its splits.
    pub data: DataSummary,
    /// What the run is an ensemble of; `None`: it is none.
    pub ensemble: Option<EnsembleReport>,
    /// What the reader must know before trusting a number.
    pub warnings: Vec<String>,
    /// Patches that show the same tissue in different folds or parts; `None`: none were found.
    pub pairs: Option<PairsReport>,
    /// How probabilities agree with what comes true, and what decisions gain; `None`: it is not known.
    pub deciding: Option<DecidingReport>,
    /// What was looked for among patches, and what facts beside the tissue say.
    pub audit: AuditSummary,
    /// What the best of many owes to luck; `None` where nothing was searched.
    pub optimism: Option<OptimismReport>,
    /// The metric that chose the best fold.
    pub selection: Metric,
    /// The folds, each at the epoch that was kept.
    pub folds: Vec<FoldReport>,
    /// What the strength of solved heads is called; `None` where heads have none.
    pub strength: Option<String>,
    /// How each fold's epoch or head came about, a sentence.
    pub kept: String,
    /// Place in [`folds`](Self::folds) of the fold whose model is best by
    /// [`selection`](Self::selection).
    pub best_fold: Option<usize>,
    /// Pooled predictions, in the order of the table's columns: out-of-fold of each cross-validation
    /// first, then test by fold average and test by best fold where there is a test split.
    pub evaluations: Vec<Evaluation>,
    /// How the run does on parts of its patches; `None`: it is not known.
    pub slices: Option<SlicesReport>,
    /// How the run does under shifts of stated strength; `None` leaves the section out.
    pub robustness: Option<RobustnessReport>,
    /// Patches that show how the run sees each class; empty leaves the section out.
    pub speaking: Vec<SpeakingClass>,
    /// The wrong predictions held with most confidence, worst first.
    pub most_wrong: Vec<WrongPatch>,
    /// The resolved configuration as TOML.
    pub config_toml: String,
    /// How long each stage took.
    pub timings: Vec<Timing>,
    /// What a rerun needs: seed, manifest hash, weights hash, device and the like.
    pub reproducibility: Vec<Fact>,
    /// The command line that repeats the run.
    pub command: String,
}

/// Patches that show the same tissue in different folds or parts.
#[derive(Clone, Debug)]
pub struct PairsReport {
    /// What they are and what to do, a sentence.
    pub about: String,
    /// The first of them.
    pub shown: Vec<PairCard>,
    /// How many there are.
    pub count: usize,
}

/// The data and its splits.
#[derive(Clone, Debug)]
pub struct DataSummary {
    /// The folder or manifest, as given.
    pub source: String,
    /// The kind of split in words, such as `10 folds, stratified, grouped by patient`.
    pub split_kind: String,
    /// Patches by class in each split, such as `train` and `test`.
    pub splits: Vec<SplitCounts>,
    /// Anything more, such as patch size and skipped files.
    pub facts: Vec<Fact>,
}

/// An ensemble: what was searched, and how its members get along.
#[derive(Clone, Debug)]
pub struct EnsembleReport {
    /// What came of it, a paragraph each.
    pub sentences: Vec<String>,
    /// The metric that selects.
    pub metric: Metric,
    /// The best candidates, the best first; empty where nothing was searched.
    pub candidates: Vec<CandidateReport>,
    /// Names of the members, in the order of the matrices.
    pub members: Vec<String>,
    /// How pairs of members get along.
    pub maps: Vec<HeatMap>,
    /// What each member brings to the mean of logits.
    pub shares: Vec<ShareReport>,
    /// What each brings to one head on all embeddings; empty where there is none.
    pub joined_shares: Vec<ShareReport>,
}

/// A combination of members that was tried.
#[derive(Clone, Debug)]
pub struct CandidateReport {
    /// Names of its members.
    pub members: Vec<String>,
    /// How they are combined.
    pub method: String,
    /// The metric that selects, out of fold.
    pub score: Option<f64>,
    /// Size of all weights, in 10^6 bytes.
    pub megabytes: f64,
    /// Milliseconds that a patch takes.
    pub millis: f64,
    /// Whether no other is as good in all three and better in one.
    pub is_pareto: bool,
    /// Whether it is the one that the run is.
    pub is_chosen: bool,
}

/// A number for each pair of members.
#[derive(Clone, Debug)]
pub struct HeatMap {
    /// What the number is.
    pub name: String,
    /// `[members][members]`, symmetric.
    pub values: Vec<Vec<Option<f64>>>,
}

/// What a member brings to the mean of logits.
#[derive(Clone, Debug)]
pub struct ShareReport {
    /// Its name.
    pub member: String,
    /// Its own score.
    pub alone: Option<f64>,
    /// What all gain over all others.
    pub leave_one_out: Option<f64>,
    /// Its Shapley value.
    pub shapley: Option<f64>,
}

/// One split's patches.
#[derive(Clone, Debug)]
pub struct SplitCounts {
    /// The split's name.
    pub name: String,
    /// Patches by class index.
    pub patches: Vec<u64>,
    /// Patients, slides or other groups, when known.
    pub groups: Option<u64>,
}

/// A named value shown as text.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

impl Fact {
    /// Names a value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// One fold of cross-validation.
#[derive(Clone, Debug)]
pub struct FoldReport {
    /// The fold's name: its number from 0, after that of the cross-validation where there are
    /// several, such as `1.2`.
    pub name: String,
    /// Patches trained on.
    pub train_count: u64,
    /// Metrics on the validation part, at the epoch that was kept.
    pub metrics: MetricSet,
    /// The learning curve.
    pub epochs: Vec<EpochPoint>,
    /// The epoch kept.
    pub kept_epoch: u32,
    /// scikit-learn's `C` of a head that was solved; `None`: it was trained in epochs.
    pub strength: Option<f64>,
}

/// One epoch of one fold.
#[derive(Clone, Copy, Debug)]
pub struct EpochPoint {
    /// The epoch, from 1.
    pub epoch: u32,
    /// Mean training loss.
    pub train_loss: f64,
    /// Validation loss, when measured.
    pub val_loss: Option<f64>,
    /// The selection metric on the validation part; `None` when undefined.
    pub val_metric: Option<f64>,
}

/// A patch predicted wrongly.
#[derive(Clone, Debug)]
pub struct WrongPatch {
    /// The patch's key.
    pub key: String,
    /// Its class.
    pub target: usize,
    /// The class predicted.
    pub pred: usize,
    /// The probability of the class predicted.
    pub pred_prob: f64,
    /// Where the prediction comes from, such as `fold 3` or `test`.
    pub origin: String,
    /// A small image of it.
    pub thumbnail: Option<Thumbnail>,
    /// The same with what speaks for the class predicted in red, and what speaks against it in blue.
    pub map: Option<Thumbnail>,
}

/// An encoded image.
#[derive(Clone, Debug)]
pub struct Thumbnail {
    /// How it is encoded.
    pub mime: Mime,
    /// The file's bytes.
    pub bytes: Vec<u8>,
}

/// The encodings that every browser shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mime {
    /// `image/jpeg`
    Jpeg,
    /// `image/png`
    Png,
    /// `image/webp`
    Webp,
}

impl Mime {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// How long a stage took.
#[derive(Clone, Debug)]
pub struct Timing {
    /// The stage, such as `embed`.
    pub stage: String,
    /// Wall-clock seconds.
    pub wall_secs: f64,
    /// A remark, such as a rate or `cache warm`; may be empty.
    pub note: String,
}

//! What can be typed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use eosin_core::config::{CalibratorKind, GroupBy, HeadKind, NormaliseMode, Symmetries, TrainMode};
use eosin_core::{BackboneName, Layout};
use eosin_run::HubOptions;

mod audit;
mod compare;
mod ensemble;
mod explain;
mod predict;
mod report;
mod robustness;
mod search;
mod serve;
mod stain;
mod submit;

pub use audit::AuditArgs;
pub use compare::CompareArgs;
pub use ensemble::EnsembleArgs;
pub use explain::ExplainArgs;
pub use predict::{PredictArgs, UsableArgs};
pub use report::ReportArgs;
pub use robustness::RobustnessArgs;
pub use search::{SearchCommand, SearchJobArgs, SearchShowArgs, StudyArgs};
pub use serve::ServeArgs;
pub use stain::StainArgs;
pub use submit::{MakeSubmissionArgs, SubmitCommand};

/// Trains and judges classifiers of histopathology patches.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Print one JSON object instead of tables; of predictions one a line.
    #[arg(long, global = true, display_order = 1000)]
    pub json: bool,
    /// Threads to compute with; the result does not depend on it.
    #[arg(long, global = true, display_order = 1000, value_name = "N")]
    pub threads: Option<usize>,
}

impl Args {
    /// Parses a command line. `eosin run --resume` takes the place of all that describes a job.
    ///
    /// # Errors
    /// When it is none, or asks for help.
    pub fn parse_all<T: Into<OsString> + Clone>(
        typed: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        let command = Self::command().mut_subcommand("run", |run| {
            let ids: Vec<clap::Id> = run
                .get_arguments()
                .map(|arg| arg.get_id().clone())
                .collect();
            let others = ids.into_iter().filter(|id| *id != "resume");
            run.mut_arg("data", |arg| {
                arg.required_unless_present("resume").required(false)
            })
            .mut_arg("resume", |arg| arg.conflicts_with_all(others))
        });
        Self::from_arg_matches(&command.try_get_matches_from(typed)?)
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a synthetic data set and run the main job on it.
    Demo(DemoArgs),
    /// Make a synthetic, labelled set of H&E-like patches.
    Phantom(PhantomArgs),
    /// The main job: inspect, split, embed, train, evaluate, report.
    Run(RunArgs),
    /// Read every patch and list what is there and what is wrong.
    Inspect(InspectArgs),
    /// Look for what makes scores too good: copies, overlaps, wrong labels, shortcuts.
    Audit(AuditArgs),
    /// Divide patches into folds.
    Split(SplitArgs),
    /// Compute the embeddings that a run would need, into the cache, or into a file to take away.
    Embed(EmbedArgs),
    /// Train on folds made before.
    Train(TrainArgs),
    /// Show how training patches are changed at random.
    Augment(AugmentArgs),
    /// Give patches one stain, and show them before and after.
    Stain(StainArgs),
    /// Change one thing at a time and say which changes help.
    Ablate(AblateArgs),
    /// Try many configurations, by several processes at once, and say which is best.
    Search(SearchJobArgs),
    /// Make one run of several: combine their answers, or solve one head on all their embeddings.
    Ensemble(EnsembleArgs),
    /// Show where in images a model sees a class.
    Explain(ExplainArgs),
    /// Measure a run on its patches stained, blurred, compressed, lit and scaled otherwise.
    Robustness(RobustnessArgs),
    /// Compute a run's metrics again from its predictions.
    Evaluate(EvaluateArgs),
    /// Compare finished runs on the same patches: differences, intervals by patient, tests.
    Compare(CompareArgs),
    /// Write the report of a finished run again, for a pathologist and a reviewer.
    Report(ReportArgs),
    /// Give probabilities for new images.
    Predict(PredictArgs),
    /// Answer for a run over HTTP, with a page to drop patches on.
    Serve(ServeArgs),
    /// Write the model of a run as ONNX or safetensors.
    Export(ExportArgs),
    /// Copy a run together with all that it needs.
    Pack(PackArgs),
    /// Score a predictions file against labels.
    Score(ScoreArgs),
    /// Submit test predictions to a contest: plan, make, write down what came back.
    #[command(subcommand)]
    Submit(SubmitCommand),
    /// List the backbones, or the stages of one.
    Models(ModelsArgs),
    /// Find, fetch and look into weight files.
    #[command(subcommand)]
    Weights(WeightsCommand),
    /// Look after the embedding cache.
    #[command(subcommand)]
    Cache(CacheCommand),
}

/// The data and the configuration that most commands share.
#[derive(Clone, Debug, clap::Args)]
pub struct JobArgs {
    /// Folder of patches, or a CSV or TSV manifest.
    #[arg(long, value_name = "DIR", required = true)]
    pub data: Option<PathBuf>,
    /// What the levels of sub-folders say, such as class, part/class, patient/class or any/class;
    /// or manifest, datathon. Default: as the folder shows.
    #[arg(long, value_name = "LEVELS")]
    pub layout: Option<Layout>,
    /// Configuration, TOML; '--set' and flags win over it.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set any key of the configuration, such as `train.weight_decay=0.05`; one key once.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Seed of every random stream.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Resize patches to this side in pixels.
    #[arg(long, value_name = "PX")]
    pub size: Option<usize>,
    /// Go on without patches that cannot be used.
    #[arg(long)]
    pub skip_bad: bool,
    /// Folds of the cross-validation; default: those that the patches name, else 10.
    #[arg(long, value_name = "K")]
    pub folds: Option<usize>,
    /// What may not be on both sides of a split: auto, none, patient, slide, group.
    #[arg(long)]
    pub group: Option<GroupBy>,
    /// Network; 'eosin models' lists them.
    #[arg(long)]
    pub backbone: Option<BackboneName>,
    /// Weight file (safetensors, .pth, .pt, .bin), a name ('eosin weights ls'), or `random`.
    #[arg(long, value_name = "FILE|NAME")]
    pub weights: Option<String>,
    /// Where in the weight file the tensors are, such as `state_dict_ema` or `model/teacher`.
    #[arg(long, value_name = "KEY")]
    pub weights_key: Option<String>,
    /// What stands before the names of the backbone's tensors, such as `encoder_q.`.
    #[arg(long, value_name = "PREFIX")]
    pub weights_prefix: Option<String>,
    /// Embeddings that were made elsewhere, in place of a network: `.safetensors`, or `.npy` with a
    /// table of the same name beside it. Rows are matched to patches by key.
    #[arg(long, value_name = "FILE")]
    pub embeddings: Option<PathBuf>,
    /// Pixel scaling: backbone, unit, imagenet, dataset, fold.
    #[arg(long)]
    pub normalise: Option<NormaliseMode>,
    /// What is trained: probe, head, last-block, last-n, full, head-then-full.
    #[arg(long)]
    pub mode: Option<TrainMode>,
    /// What stands on the embeddings: logistic, ridge, lda, prototypes, knn; with --mode head also
    /// mlp. Views of a patch count by their mean logit; with knn by their mean embedding.
    #[arg(long, value_name = "NAME")]
    pub head: Option<HeadKind>,
    /// Passes over the training part.
    #[arg(long)]
    pub epochs: Option<usize>,
    /// Patches in one step.
    #[arg(long)]
    pub batch_size: Option<usize>,
    /// Highest learning rate.
    #[arg(long)]
    pub learning_rate: Option<f64>,
    /// Symmetries that training patches are seen under: none, hflip, vflip, flips, rot90, d4.
    #[arg(long, value_name = "SYMMETRY")]
    pub augment: Option<Symmetries>,
    /// Metric that picks the best fold (and epoch, see train.keep), such as auroc or khd.
    #[arg(long, value_name = "METRIC")]
    pub select: Option<String>,
    /// What makes probabilities agree with what comes true: none, temperature, platt, isotonic; fitted
    /// on out-of-fold predictions, and applied by 'eosin predict'.
    #[arg(long, value_name = "METHOD")]
    pub calibrate: Option<CalibratorKind>,
    /// From which probability on the positive class counts: likeliest, or the best on out-of-fold
    /// predictions by khd, f1, youden, accuracy, mcc, cost:MISSED (in false alarms), or a bound such as
    /// 'sensitivity>=.99' (specificity, precision, npv).
    #[arg(long, value_name = "RULE")]
    pub threshold: Option<String>,
    /// Folder of the embedding cache.
    #[arg(long, value_name = "DIR")]
    pub cache: Option<String>,
    /// How weights are found by name.
    #[command(flatten)]
    pub hub: HubArgs,
    /// Settings that win over all others: what `eosin ablate` changes.
    #[arg(skip)]
    pub factor: Vec<String>,
}

impl JobArgs {
    /// The folder of patches.
    ///
    /// # Panics
    /// When `eosin run --resume` was typed, which needs none.
    pub fn data(&self) -> &Path {
        self.data
            .as_deref()
            .expect("the command line asks for '--data'")
    }
}

/// How weights are found by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct HubArgs {
    /// Fetch nothing; as `EOSIN_OFFLINE=1`.
    #[arg(long)]
    pub offline: bool,
    /// Fetch named weights even if no registry knows their SHA-256, and remember it from then on.
    #[arg(long)]
    pub trust_first_use: bool,
    /// More weights by name, as `eosin weights ls` shows the built-in ones.
    #[arg(long, value_name = "FILE")]
    pub weights_registry: Option<PathBuf>,
}

impl HubArgs {
    /// The same as the library wants it.
    pub fn options(&self) -> HubOptions {
        HubOptions {
            offline: self.offline,
            trust_first_use: self.trust_first_use,
            weights_registry: self.weights_registry.clone(),
        }
    }
}

/// `eosin run`.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
    /// Where the run is written.
    #[command(flatten)]
    pub out: OutArgs,
    /// Go on with an interrupted run; its own settings hold.
    #[arg(long, value_name = "RUN")]
    pub resume: Option<PathBuf>,
}

/// Where a run is written.
#[derive(Debug, clap::Args)]
pub struct OutArgs {
    /// Run folder; default: a new one under `runs`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace the run that the folder holds.
    #[arg(long)]
    pub overwrite: bool,
    /// Also write TensorBoard event files, a fold each, to `tensorboard` in the run folder: every
    /// epoch, or in mode probe, which has none, the metrics of each fold.
    #[arg(long)]
    pub tensorboard: bool,
}

/// `eosin embed`.
#[derive(Debug, clap::Args)]
pub struct EmbedArgs {
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
    /// File to write, too: `.npy` (an array [patches, views, width] of f32, and a table of keys, labels
    /// and groups of the same name ending in .csv, a line a patch) or `.safetensors` (all in one: the
    /// tensor `embeddings`, the rest in its metadata as JSON). Views are the eight symmetries of the
    /// square: turned counter-clockwise by 0, 1, 2, 3 quarters, then the same mirrored left to right
    /// first; with '--augment none' there is one.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace files that are there.
    #[arg(long, requires = "out")]
    pub overwrite: bool,
}

/// `eosin train`.
#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
    /// Folds, as `eosin split` wrote them.
    #[arg(long, value_name = "FILE")]
    pub split: PathBuf,
    /// Where the run is written.
    #[command(flatten)]
    pub out: OutArgs,
}

/// `eosin augment`.
#[derive(Debug, clap::Args)]
pub struct AugmentArgs {
    /// The job whose `[augment]` table is shown.
    #[command(flatten)]
    pub job: JobArgs,
    /// Picture to write: a row a patch, the patch as it is and then views of it.
    #[arg(long, value_name = "FILE", default_value = "augment.png")]
    pub preview: PathBuf,
    /// Replace the file if it is there.
    #[arg(long)]
    pub overwrite: bool,
    /// Patches to show.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub patches: u16,
    /// Views of each.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub views: u16,
}

/// `eosin ablate`.
#[derive(Debug, clap::Args)]
pub struct AblateArgs {
    /// The base.
    #[command(flatten)]
    pub job: JobArgs,
    /// A change, `KEY=VALUE` or several with commas between them; default: a list of usual ones.
    #[arg(long, value_name = "KEY=VALUE")]
    pub factor: Vec<String>,
    /// Folder for the runs and `ablation.json`; default: a new one under `ablations`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace the runs that the folder holds.
    #[arg(long)]
    pub overwrite: bool,
}

/// `eosin inspect`.
#[derive(Debug, clap::Args)]
pub struct InspectArgs {
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
    /// Read headers only: faster, but finds neither truncated nor blank patches.
    #[arg(long)]
    pub headers_only: bool,
}

/// `eosin split`.
#[derive(Debug, clap::Args)]
pub struct SplitArgs {
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
    /// File to write.
    #[arg(long, value_name = "FILE", default_value = "folds.json")]
    pub out: PathBuf,
    /// Replace the file if it is there.
    #[arg(long)]
    pub overwrite: bool,
}

/// `eosin demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Folder for the data and the run; default: a new one in the temporary folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Seed of the patches and of the run.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

/// `eosin phantom`.
#[derive(Debug, clap::Args)]
pub struct PhantomArgs {
    /// Folder to make.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Patients to train on.
    #[arg(long, default_value_t = 12)]
    pub patients: usize,
    /// Further patients in the test part.
    #[arg(long, default_value_t = 4)]
    pub test_patients: usize,
    /// Slides of each patient.
    #[arg(long, default_value_t = 2)]
    pub slides: usize,
    /// Patches of each slide.
    #[arg(long, default_value_t = 25)]
    pub patches: usize,
    /// Side of a patch in pixels.
    #[arg(long, default_value_t = 96, value_name = "PX")]
    pub size: usize,
    /// 0 is easy, 1 impossible.
    #[arg(long, default_value_t = 0.4)]
    pub difficulty: f64,
    /// Seed of the patches.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

/// `eosin evaluate`.
#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// Run folder.
    pub run: PathBuf,
    /// Also say what answers are worth where this share of patches is positive, such as 0.05.
    #[arg(long, value_name = "SHARE")]
    pub prevalence: Option<f64>,
    /// Also say how the run does by patient, slide, class, size, stain and source, and whether the worst of
    /// each is worse than chance makes one.
    #[arg(long)]
    pub slices: bool,
}

/// `eosin export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Run folders; several share the limit of '--max-bytes'.
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// File to write, ending in .onnx or .safetensors; with several runs a folder.
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
    /// Format, where '--out' is a folder.
    #[arg(long, value_enum, default_value_t = ExportFormat::Onnx)]
    pub format: ExportFormat,
    /// Fold: its number, or `best`; default: the mean of all where that is one network, as it is of
    /// heads on one embedding, else `best`.
    #[arg(long)]
    pub fold: Option<String>,
    /// How weights are stored; default: f32, or f16 when only that fits '--max-bytes'.
    #[arg(long, value_enum)]
    pub precision: Option<ExportPrecision>,
    /// Largest size of all files together, in bytes.
    #[arg(long, value_name = "BYTES")]
    pub max_bytes: Option<u64>,
    /// ONNX: take red, green and blue from 0 to 255 and scale them inside the graph.
    #[arg(long)]
    pub pixels: bool,
    /// ONNX: average the logits over the symmetries that the run is judged under inside the graph.
    #[arg(long)]
    pub orbit: bool,
    /// The patches of the run: measures what half precision does to the scores.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Replace files that are there.
    #[arg(long)]
    pub overwrite: bool,
}

/// `eosin pack`.
#[derive(Debug, clap::Args)]
pub struct PackArgs {
    /// Run folder.
    pub run: PathBuf,
    /// Folder to make: the run, and the weights that it started from.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// What a model is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportFormat {
    /// ONNX, operator set 17.
    Onnx,
    /// safetensors under timm's names.
    Safetensors,
}

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportPrecision {
    /// Four bytes a value.
    F32,
    /// Two bytes a value.
    F16,
}

/// `eosin score`.
#[derive(Debug, clap::Args)]
pub struct ScoreArgs {
    /// Predictions: a table as eosin writes, in any encoding and with any delimiter, or datathon
    /// lines `<key> <class>`.
    pub predictions: PathBuf,
    /// Labels: a table with key (or path) and label (or target), or datathon lines. Keys are matched
    /// as they are, else as paths, else by the end of their paths where that is unique, last without
    /// regard to case.
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// The class that binary metrics are about; default: the one that two names tell, such as
    /// `malignant` of `benign` and `malignant`.
    #[arg(long)]
    pub positive: Option<String>,
    /// Which predictions of a run's file: out-of-fold, test-average, test-best.
    #[arg(long)]
    pub part: Option<String>,
    /// Exit with 1 when this metric is below the bound, such as khd=0.99.
    #[arg(long, value_name = "METRIC=BOUND")]
    pub at_least: Vec<String>,
    /// Exit with 1 when this metric is above the bound, such as `log_loss=0.3`.
    #[arg(long, value_name = "METRIC=BOUND")]
    pub at_most: Vec<String>,
}

/// `eosin weights`.
#[derive(Debug, Subcommand)]
pub enum WeightsCommand {
    /// List the weights that are known by name.
    Ls {
        /// Those of one backbone.
        #[arg(long)]
        backbone: Option<BackboneName>,
        /// How weights are found.
        #[command(flatten)]
        hub: HubArgs,
    },
    /// Fetch weights, so that later runs need no network.
    Fetch {
        /// Names, such as `resnet18.a1_in1k`, or a backbone for its default weights.
        #[arg(required = true)]
        names: Vec<String>,
        /// How weights are found.
        #[command(flatten)]
        hub: HubArgs,
    },
    /// Say what is in a weight file; nothing in it is executed.
    Show {
        /// The file.
        file: PathBuf,
        /// Where in the file the tensors are, such as `state_dict_ema` or `model/teacher`.
        #[arg(long, value_name = "KEY")]
        weights_key: Option<String>,
        /// What stands before the names of the backbone's tensors, such as `encoder_q.`.
        #[arg(long, value_name = "PREFIX", requires = "backbone")]
        weights_prefix: Option<String>,
        /// List every tensor that does not fit this backbone; exit with 1 when there is one.
        #[arg(long)]
        backbone: Option<BackboneName>,
    },
}

/// `eosin models`.
#[derive(Debug, clap::Args)]
pub struct ModelsArgs {
    /// The backbone to describe; default: list all.
    pub name: Option<BackboneName>,
    /// Image side in pixels that costs are given for; default: the backbone's own.
    #[arg(long, value_name = "PX", requires = "name")]
    pub size: Option<usize>,
}

/// `eosin cache`.
#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// List what the cache holds.
    Ls(CacheArgs),
    /// Check every stored embedding.
    Verify(CacheArgs),
    /// Remove the least recently used entries.
    Prune {
        /// The cache.
        #[command(flatten)]
        cache: CacheArgs,
        /// Remove everything.
        #[arg(
            long,
            required_unless_present = "max_bytes",
            conflicts_with = "max_bytes"
        )]
        all: bool,
        /// Remove until the cache is not larger than this.
        #[arg(long, value_name = "BYTES")]
        max_bytes: Option<u64>,
    },
}

/// Which cache.
#[derive(Debug, clap::Args)]
pub struct CacheArgs {
    /// Folder of the embedding cache.
    #[arg(long, value_name = "DIR")]
    pub cache: Option<String>,
}

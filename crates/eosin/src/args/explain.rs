//! What can be typed behind `eosin explain`.

use std::path::PathBuf;

use eosin_train::ExplainWay;

use super::UsableArgs;

/// `eosin explain`.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// Run folder; of an ensemble each member explains.
    pub run: PathBuf,
    /// Images, folders of images with what lies in sub-folders, or tables with a column `path`.
    #[arg(required = true)]
    pub images: Vec<PathBuf>,
    /// Folder to make: a picture and a map of each image, and explain.json.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Class that is spoken for. Default: the one that the run decides on.
    #[arg(long, value_name = "NAME")]
    pub class: Option<String>,
    /// class-map (logits place by place, whose mean is the logit; of networks that end in a mean and one
    /// linear layer), hires-cam (values of the last map times gradients of the logit; of any network) or
    /// occlusion (what covering a part costs; of any run). Default: the first of these that the run has.
    #[arg(long, value_name = "WAY")]
    pub way: Option<ExplainWay>,
    /// Also show the K training patches whose embeddings are nearest, and whether their classes agree.
    #[arg(long, value_name = "K")]
    pub nearest: Option<usize>,
    #[command(flatten)]
    pub usable: UsableArgs,
    /// Also compare the maps with those of the same network with fresh weights: a map that is much the same
    /// says nothing of what was learned.
    #[arg(long)]
    pub sanity: bool,
    /// One fold instead of all: its number, or `best`.
    #[arg(long)]
    pub fold: Option<String>,
    /// Replace explanations that are there.
    #[arg(long)]
    pub overwrite: bool,
}

//! What can be typed behind `eosin explain`.

use std::path::PathBuf;

use eosin_train::ExplainWay;

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
    /// Class that is spoken for. Default: the likeliest of each image.
    #[arg(long, value_name = "NAME")]
    pub class: Option<String>,
    /// class-map (logits place by place, whose mean is the logit; of networks that end in a mean and one
    /// linear layer) or occlusion (what covering a part costs; of any). Default: class-map where there is one.
    #[arg(long, value_name = "WAY")]
    pub way: Option<ExplainWay>,
    /// Also show the K training patches whose embeddings are nearest, and whether their classes agree.
    #[arg(long, value_name = "K")]
    pub nearest: Option<usize>,
    /// One fold instead of all: its number, or `best`.
    #[arg(long)]
    pub fold: Option<String>,
    /// Replace explanations that are there.
    #[arg(long)]
    pub overwrite: bool,
}

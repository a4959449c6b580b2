//! What can be typed behind `eosin predict`.

use std::path::PathBuf;

use eosin_core::config::ResizePolicy;

/// What becomes of images that are not as the run wants them.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct UsableArgs {
    /// Go on without images that cannot be used.
    #[arg(long)]
    pub skip_bad: bool,
    /// Bring images of another size to that of the run: square (only square ones), stretch, pad.
    #[arg(long, value_name = "POLICY")]
    pub resize: Option<ResizePolicy>,
}

/// `eosin predict`.
#[derive(Debug, clap::Args)]
pub struct PredictArgs {
    /// Run folder.
    pub run: PathBuf,
    /// Images, folders of images with what lies in sub-folders, or tables with a column `path`, read
    /// as '--data' is.
    pub images: Vec<PathBuf>,
    /// Embeddings instead of images, where the run was trained on such: every row of the file, by key. Of
    /// an ensemble one file for all members, or the flag once for each, in their order.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["images", "skip_bad", "resize"])]
    pub embeddings: Vec<PathBuf>,
    #[command(flatten)]
    pub usable: UsableArgs,
    /// One fold instead of the mean of all: its number, or `best`.
    #[arg(long)]
    pub fold: Option<String>,
    /// Write lines `<key> <class>` as the 2020 datathon wanted: the key is the file's stem, the class
    /// its own number where classes are numbers, else its index.
    #[arg(long)]
    pub datathon: bool,
    /// File to write; default: standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file if it is there.
    #[arg(long, requires = "out")]
    pub overwrite: bool,
}

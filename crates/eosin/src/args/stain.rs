//! What can be typed behind `eosin stain`.

use std::path::PathBuf;

use eosin_core::config::StainMethod;

/// `eosin stain`.
#[derive(Debug, clap::Args)]
pub struct StainArgs {
    /// Folders of patches, tables of them, or images.
    #[arg(long, value_name = "DIR|IMAGES", required = true, num_args = 1..)]
    pub data: Vec<PathBuf>,
    /// Method: macenko, vahadane, reinhard, ruifrok; or as another tool has it: macenko:torchstain,
    /// macenko:torchstain-torch, macenko:tiatoolbox, macenko:staintools, reinhard:torchstain,
    /// reinhard:torchstain-modified, reinhard:tiatoolbox, ruifrok:tiatoolbox. Default: macenko, or that
    /// of '--target FILE.json'.
    #[arg(long, value_name = "NAME")]
    pub method: Option<StainMethod>,
    /// What patches are made like: `reference`, an image, or the `stain.json` of a run or an export.
    /// Default: the median of all patches that are not in a test part.
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
    /// Picture to write: patches before and after, side by side; those that keep their own stain have a
    /// red frame. Default: stain.png, or with '--out' none.
    #[arg(long, value_name = "FILE")]
    pub preview: Option<PathBuf>,
    /// Patches to show, from all over the set, those that keep their own stain first.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub patches: u16,
    /// Folder to make: every patch with its new stain as PNG, by its key.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace the picture if it is there.
    #[arg(long)]
    pub overwrite: bool,
}

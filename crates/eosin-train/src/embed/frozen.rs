//! What computes embeddings.

use std::fmt;

use eosin_core::config::Precision;
use eosin_core::{BackboneName, Cut};
use eosin_models::{Graph, StoredNetwork, Workspace};

use crate::error::TrainError;

/// What computes embeddings; raised when it begins to round otherwise.
const KERNELS: &str = "eosin-kernels 2";

/// The frozen part of a network, whoever computes it: a fixed function of one image's scaled
/// values.
pub trait Frozen: fmt::Debug + Send + Sync {
    /// Height, width and channels of an image's values; an embedding is one pixel.
    fn shape(&self) -> [usize; 3];

    /// Multiply-adds of one image.
    fn multiply_adds(&self) -> u64;

    /// Images that are run together at no extra cost. Divides eight, so that an image's bits never
    /// depend on how many others there are.
    fn together(&self) -> usize;

    /// Appends to `out` the values of [`together`](Self::together) images, `images` being their
    /// scaled values (`[together, height, width, 3]`).
    fn run(&self, images: &[f32], workspace: &mut Workspace, out: &mut Vec<f32>);

    /// Everything about it that its values depend on.
    fn part(&self) -> &FrozenPart;
}

/// Which part of which network, and how it is computed: what a recipe says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenPart {
    /// The architecture.
    pub backbone: BackboneName,
    /// Hash of the weights, hex.
    pub weights_hash: String,
    /// Where the network is cut, by name: see [`Cut::name`].
    pub cut: String,
    /// In how many bits it multiplies.
    pub precision: Precision,
}

impl FrozenPart {
    /// What computes the part here: other kernels, and other instructions, round otherwise.
    pub fn kernels(&self) -> String {
        let instructions = kernels_precision(self.precision).instructions();
        format!("{KERNELS}, {}, {instructions}", self.precision)
    }

    /// Whether the processor has instructions that make the precision faster than single.
    pub fn is_fast_here(&self) -> bool {
        kernels_precision(self.precision).is_fast_here()
    }
}

/// The kernels' word for a precision.
const fn kernels_precision(precision: Precision) -> eosin_kernels::Precision {
    match precision {
        Precision::F32 => eosin_kernels::Precision::F32,
        Precision::Bf16 => eosin_kernels::Precision::Bf16,
        Precision::Int8 => eosin_kernels::Precision::Int8,
    }
}

/// A frozen part on the CPU kernels.
#[derive(Debug)]
pub struct FrozenGraph {
    graph: Graph,
    part: FrozenPart,
    together: usize,
}

impl FrozenGraph {
    /// The part of `network` before `cut`, for images of `size_px` x `size_px` pixels. Its weights
    /// have this hash.
    ///
    /// # Errors
    /// When nothing is frozen, or weights cannot be read.
    pub fn new(
        network: &StoredNetwork,
        origin: &WeightsOrigin<'_>,
        cut: Cut,
        run_at: RunAt,
    ) -> Result<Self, TrainError> {
        let stages = network.architecture().stages();
        let RunAt { size_px, precision } = run_at;
        let recording = match cut {
            Cut::Pixels => return Err(TrainError::NothingFrozen),
            Cut::Embedding => network.record_embedding(size_px)?,
            Cut::LastMap => network.record_prefix(stages.len(), size_px)?,
            Cut::Stage(stage) => network.record_prefix(stage, size_px)?,
        };
        Ok(Self {
            graph: Graph::in_precision(recording, kernels_precision(precision))?,
            part: FrozenPart {
                backbone: origin.backbone,
                weights_hash: origin.weights_hash.to_owned(),
                cut: cut.name(stages).to_owned(),
                precision,
            },
            together: match size_px {
                0..=128 => 8,
                129..=180 => 4,
                181..=256 => 2,
                _ => 1,
            },
        })
    }
}

/// Whose weights a network has.
#[derive(Clone, Copy, Debug)]
pub struct WeightsOrigin<'a> {
    /// The architecture.
    pub backbone: BackboneName,
    /// Hash of the weights, hex.
    pub weights_hash: &'a str,
}

/// What a frozen part is run at.
#[derive(Clone, Copy, Debug)]
pub struct RunAt {
    /// Side of the images in pixels.
    pub size_px: usize,
    /// In how many bits it multiplies.
    pub precision: Precision,
}

impl Frozen for FrozenGraph {
    fn shape(&self) -> [usize; 3] {
        self.graph.output_shape()
    }

    fn multiply_adds(&self) -> u64 {
        self.graph.multiply_adds()
    }

    fn together(&self) -> usize {
        self.together
    }

    fn run(&self, images: &[f32], workspace: &mut Workspace, out: &mut Vec<f32>) {
        out.extend_from_slice(self.graph.run(self.together, images, workspace));
    }

    fn part(&self) -> &FrozenPart {
        &self.part
    }
}

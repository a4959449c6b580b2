//! Patches to what a frozen part of a network makes of them, through the cache.
//!
//! A frozen network in evaluation mode is a fixed function, so each patch has one embedding a
//! symmetry (and one map before each stage). Only what the cache lacks is computed: files are read,
//! decoded, resized, turned and run on all threads at once, and written batch by batch, so an
//! interruption loses one batch.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use eosin_core::D4;
use eosin_core::config::Precision;
use eosin_data::{Normalisation, RgbPatch};
use eosin_models::{Graph, StoredNetwork, Workspace};
use eosin_store::Entry;
use eosin_store::cache::{ImageHash, image_hash};
use rayon::prelude::*;

use crate::error::TrainError;
use crate::input::reader::{PatchReader, read_file};
use crate::input::scale::PixelScale;
use crate::input::views::ViewMaker;

/// Patches whose embeddings are computed before the first write; the number then follows
/// [`WRITE_EVERY`].
const FIRST_BATCH: usize = 16;
/// About the work that an interruption may lose.
const WRITE_EVERY: Duration = Duration::from_secs(2);

/// The content hash of every file, in order.
///
/// # Errors
/// When a file cannot be read.
pub fn content_hashes(paths: &[PathBuf]) -> Result<Vec<ImageHash>, TrainError> {
    let hash = |path: &PathBuf| Ok(image_hash(&read_file(path)?));
    paths.par_iter().map(hash).collect()
}

/// A frozen part of a network with its input scaling.
#[derive(Debug)]
pub struct Embedder {
    graph: Graph,
    precision: Precision,
    scale: PixelScale,
    reader: PatchReader,
    /// Images in one run of the graph; divides eight, so that an image's bits never depend on how
    /// many others there are.
    images: usize,
}

/// Which views of a patch are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Views<'a> {
    /// The first so many symmetries: 1 or 8.
    Symmetries(usize),
    /// So many random ones.
    Random(usize, &'a ViewMaker),
}

impl Views<'_> {
    /// How many.
    pub const fn count(&self) -> usize {
        match self {
            Self::Symmetries(count) | Self::Random(count, _) => *count,
        }
    }

    /// View `index` of `patch`, whose file has this `hash`.
    fn make(&self, patch: &RgbPatch, hash: &ImageHash, index: usize) -> Vec<u8> {
        match self {
            Self::Symmetries(_) => symmetric(patch, D4::from_index(index)),
            Self::Random(_, maker) => maker.cached(patch, hash, index),
        }
    }
}

/// The kernels' word for a precision.
pub(crate) const fn kernels_precision(precision: Precision) -> eosin_kernels::Precision {
    match precision {
        Precision::F32 => eosin_kernels::Precision::F32,
        Precision::Bf16 => eosin_kernels::Precision::Bf16,
        Precision::Int8 => eosin_kernels::Precision::Int8,
    }
}

/// The pixels of a square patch under a symmetry.
pub(crate) fn symmetric(patch: &RgbPatch, symmetry: D4) -> Vec<u8> {
    symmetry.apply(&patch.pixels, patch.height_px, patch.width_px, 3)
}

impl Embedder {
    /// The stages of `backbone` before `cut`, or without one its embedding part, computed in
    /// `precision`, fed by `reader` and scaled by `normalisation`.
    ///
    /// # Errors
    /// When weights cannot be read.
    pub fn new(
        (backbone, cut): (&StoredNetwork, Option<usize>),
        reader: PatchReader,
        normalisation: &Normalisation,
        precision: Precision,
    ) -> Result<Self, TrainError> {
        let recording = match cut {
            None => backbone.record_embedding(reader.size_px)?,
            Some(cut) => backbone.record_prefix(cut, reader.size_px)?,
        };
        let graph = Graph::in_precision(recording, kernels_precision(precision))?;
        let images = match reader.size_px {
            0..=128 => 8,
            129..=180 => 4,
            181..=256 => 2,
            _ => 1,
        };
        Ok(Self {
            graph,
            precision,
            scale: PixelScale::new(normalisation),
            reader,
            images,
        })
    }

    /// Values of one view.
    pub fn width(&self) -> usize {
        self.graph.output_width()
    }

    /// Height, width and channels of one view's values.
    pub fn shape(&self) -> [usize; 3] {
        self.graph.output_shape()
    }

    /// Multiply-adds of one view.
    pub const fn multiply_adds(&self) -> u64 {
        self.graph.multiply_adds()
    }

    /// Views that are run together at no extra cost.
    pub(crate) const fn together(&self) -> usize {
        self.images
    }

    /// Whether the processor has instructions that make the precision faster than single.
    pub(crate) fn is_fast_here(&self) -> bool {
        kernels_precision(self.precision).is_fast_here()
    }

    /// How patches are read.
    pub const fn reader(&self) -> &PatchReader {
        &self.reader
    }

    /// Values (`[views, width]`) of views, each the pixels of a patch.
    pub(crate) fn run(&self, views: &[Vec<u8>], workspace: &mut Workspace) -> Vec<f32> {
        let pixels = self.reader.size_px * self.reader.size_px * 3;
        let mut values = Vec::with_capacity(views.len() * self.width());
        let mut input = Vec::with_capacity(self.images * pixels);
        for group in views.chunks(self.images) {
            input.clear();
            for view in group {
                input.extend(self.scale.interleaved(view));
            }
            input.resize(self.images * pixels, 0.0);
            let out = self.graph.run(self.images, &input, workspace);
            values.extend_from_slice(&out[..group.len() * self.width()]);
        }
        values
    }

    /// The values of `files` as they are, in order.
    ///
    /// # Errors
    /// The first file, in order, that cannot be used.
    pub fn embed(&self, files: &[&Path]) -> Result<Vec<Vec<f32>>, TrainError> {
        let files: Vec<(ImageHash, &Path)> = files.iter().map(|path| ([0; 32], *path)).collect();
        self.embed_views(&files, Views::Symmetries(1))
    }

    /// The values of `files` under each of `views`, in order.
    ///
    /// # Errors
    /// The first file, in order, that cannot be used.
    pub fn embed_views(
        &self,
        files: &[(ImageHash, &Path)],
        views: Views<'_>,
    ) -> Result<Vec<Vec<f32>>, TrainError> {
        // With one view a patch, several patches share a run of the graph.
        let together = (self.images / views.count()).max(1);
        let several = |workspace: &mut Workspace, files: &[(ImageHash, &Path)]| {
            let mut made = Vec::with_capacity(files.len() * views.count());
            for (hash, path) in files {
                let patch = self.reader.read(path)?;
                made.extend((0..views.count()).map(|index| views.make(&patch, hash, index)));
            }
            let values = self.run(&made, workspace);
            let each = views.count() * self.width();
            Ok(values.chunks_exact(each).map(<[f32]>::to_vec).collect())
        };
        let groups: Result<Vec<Vec<Vec<f32>>>, TrainError> = files
            .par_chunks(together)
            .map_init(Workspace::default, several)
            .collect();
        Ok(groups?.into_iter().flatten().collect())
    }

    /// Sees to it that `entry` holds the values of every file, computing what it lacks.
    /// `progress` hears of files done and files to do, those found included, and says whether to
    /// stop.
    ///
    /// # Errors
    /// When a file cannot be used, the cache not written, or the work is stopped; what was written
    /// stays.
    pub fn fill(
        &self,
        entry: &mut Entry,
        files: &[(ImageHash, &Path)],
        views: Views<'_>,
        progress: &mut dyn FnMut(usize, usize) -> Result<(), TrainError>,
    ) -> Result<EmbedCount, TrainError> {
        let mut missing: Vec<(ImageHash, &Path)> = Vec::new();
        let mut queued = std::collections::BTreeSet::new();
        for (hash, path) in files {
            if !entry.contains(hash) && queued.insert(*hash) {
                missing.push((*hash, path));
            }
        }
        let found = files.len() - missing.len();
        progress(found, files.len())?;
        let (mut done, mut size) = (0, FIRST_BATCH);
        while done < missing.len() {
            let begun = Instant::now();
            let batch = &missing[done..missing.len().min(done + size)];
            let rows = self.embed_views(batch, views)?;
            let hashes = batch.iter().map(|(hash, _)| *hash);
            entry.append(&hashes.zip(rows).collect::<Vec<_>>())?;
            done += batch.len();
            progress(found + done, files.len())?;
            size = if begun.elapsed() < WRITE_EVERY / 2 {
                size * 2
            } else if begun.elapsed() > WRITE_EVERY {
                (size / 2).max(FIRST_BATCH / 2)
            } else {
                size
            };
        }
        Ok(EmbedCount {
            found,
            computed: missing.len(),
        })
    }
}

/// How many embeddings were in the cache already and how many were computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmbedCount {
    /// Found in the cache.
    pub found: usize,
    /// Computed now.
    pub computed: usize,
}

//! Patches to embeddings, through the cache.
//!
//! A frozen network in evaluation mode is a fixed function, so each patch has one embedding a
//! symmetry. Only what the cache lacks is computed: files are read, decoded, resized, turned and
//! run on all threads at once, and written batch by batch, so an interruption loses one batch.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use eosin_core::D4;
use eosin_data::{DecodeLimits, Normalisation, ResizeSpec, RgbPatch, decode_rgb_bytes, resize};
use eosin_models::{Backbone, Graph, Workspace};
use eosin_store::cache::{ImageHash, image_hash};
use eosin_store::{Entry, Reader};
use rayon::prelude::*;

use crate::error::TrainError;
use crate::patches::PixelScale;
use crate::source::EmbeddingSource;

/// Patches whose embeddings are computed before the first write; the number then follows
/// [`WRITE_EVERY`].
const FIRST_BATCH: usize = 16;
/// About the work that an interruption may lose.
const WRITE_EVERY: Duration = Duration::from_secs(2);

/// How a patch becomes the pixels that a network sees.
#[derive(Clone, Copy, Debug)]
pub struct PatchReader {
    /// What is too large or too small to decode.
    pub limits: DecodeLimits,
    /// The size that patches are brought to; `None`: they must have the network's size already.
    pub resize: Option<ResizeSpec>,
    /// Side that the network is run at.
    pub size_px: usize,
}

impl PatchReader {
    /// Reads, decodes and resizes one file.
    ///
    /// # Errors
    /// When it cannot be read or decoded, or has another size and no resizing was asked for.
    pub fn read(&self, path: &Path) -> Result<RgbPatch, TrainError> {
        self.decode(path, &read_file(path)?)
    }

    fn decode(&self, path: &Path, bytes: &[u8]) -> Result<RgbPatch, TrainError> {
        let patch = decode_rgb_bytes(bytes, &path.display().to_string(), &self.limits)?;
        let patch = match self.resize {
            Some(spec) => resize(&patch, spec).map_err(|source| TrainError::Resize {
                path: path.to_owned(),
                source,
            })?,
            None => patch,
        };
        if (patch.width_px, patch.height_px) == (self.size_px, self.size_px) {
            Ok(patch)
        } else {
            Err(TrainError::Size {
                path: path.to_owned(),
                width_px: patch.width_px,
                height_px: patch.height_px,
                expected_px: self.size_px,
            })
        }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, TrainError> {
    std::fs::read(path).map_err(|source| TrainError::Read {
        path: path.to_owned(),
        source,
    })
}

/// The content hash of every file, in order.
///
/// # Errors
/// When a file cannot be read.
pub fn content_hashes(paths: &[PathBuf]) -> Result<Vec<ImageHash>, TrainError> {
    let hash = |path: &PathBuf| Ok(image_hash(&read_file(path)?));
    paths.par_iter().map(hash).collect()
}

/// A frozen network with its input scaling.
#[derive(Debug)]
pub struct Embedder {
    graph: Graph,
    scale: PixelScale,
    reader: PatchReader,
    /// Images in one run of the graph; divides eight, so that an image's bits never depend on how
    /// many others there are.
    images: usize,
}

impl Embedder {
    /// The embedding part of `backbone`, fed by `reader` and scaled by `normalisation`.
    pub fn new(backbone: &Backbone, reader: PatchReader, normalisation: &Normalisation) -> Self {
        let side = reader.size_px;
        let images = match side {
            0..=128 => 8,
            129..=180 => 4,
            181..=256 => 2,
            _ => 1,
        };
        Self {
            graph: Graph::embedding(backbone, side),
            scale: PixelScale::new(normalisation),
            reader,
            images,
        }
    }

    /// Values of one embedding.
    pub fn width(&self) -> usize {
        self.graph.output_width()
    }

    /// Multiply-adds of one embedding.
    pub const fn multiply_adds(&self) -> u64 {
        self.graph.multiply_adds()
    }

    /// Embeddings (`[views, width]`) of views of patches, each a patch under a symmetry.
    fn embed_views(&self, views: &[(&RgbPatch, D4)], workspace: &mut Workspace) -> Vec<f32> {
        let side = self.reader.size_px;
        let mut embeddings = Vec::with_capacity(views.len() * self.width());
        let mut input = Vec::with_capacity(self.images * side * side * 3);
        for group in views.chunks(self.images) {
            input.clear();
            for (patch, symmetry) in group {
                input.extend(
                    self.scale
                        .interleaved(&symmetry.apply(&patch.pixels, side, side, 3)),
                );
            }
            input.resize(self.images * side * side * 3, 0.0);
            let out = self.graph.run(self.images, &input, workspace);
            embeddings.extend_from_slice(&out[..group.len() * self.width()]);
        }
        embeddings
    }

    /// Embeddings of `files` under the first `symmetries` symmetries (1 or 8), in order.
    ///
    /// # Errors
    /// The first file, in order, that cannot be used.
    pub fn embed(&self, files: &[&Path], symmetries: usize) -> Result<Vec<Vec<f32>>, TrainError> {
        // With one view a patch, several patches share a run of the graph.
        let together = (self.images / symmetries).max(1);
        let groups: Result<Vec<Vec<Vec<f32>>>, TrainError> = files
            .par_chunks(together)
            .map_init(Workspace::default, |workspace, files| {
                let patches: Result<Vec<RgbPatch>, _> =
                    files.iter().map(|path| self.reader.read(path)).collect();
                let patches = patches?;
                let views: Vec<(&RgbPatch, D4)> = patches
                    .iter()
                    .flat_map(|patch| D4::all().take(symmetries).map(move |g| (patch, g)))
                    .collect();
                let embeddings = self.embed_views(&views, workspace);
                let each = symmetries * self.width();
                Ok(embeddings.chunks_exact(each).map(<[f32]>::to_vec).collect())
            })
            .collect();
        Ok(groups?.into_iter().flatten().collect())
    }

    /// Sees to it that `entry` holds the embedding of every file, computing what it lacks.
    /// `progress` hears of files done and files to do, those found included.
    ///
    /// # Errors
    /// When a file cannot be used or the cache not written; what was written stays.
    pub fn fill(
        &self,
        entry: &mut Entry,
        files: &[(ImageHash, &Path)],
        symmetries: usize,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<EmbedCount, TrainError> {
        let mut missing: Vec<(ImageHash, &Path)> = Vec::new();
        let mut queued = std::collections::BTreeSet::new();
        for (hash, path) in files {
            if !entry.contains(hash) && queued.insert(*hash) {
                missing.push((*hash, path));
            }
        }
        let found = files.len() - missing.len();
        progress(found, files.len());
        let (mut done, mut size) = (0, FIRST_BATCH);
        while done < missing.len() {
            let begun = Instant::now();
            let batch = &missing[done..missing.len().min(done + size)];
            let paths: Vec<&Path> = batch.iter().map(|(_, path)| *path).collect();
            let rows = self.embed(&paths, symmetries)?;
            let hashes = batch.iter().map(|(hash, _)| *hash);
            entry.append(&hashes.zip(rows).collect::<Vec<_>>())?;
            done += batch.len();
            progress(found + done, files.len());
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

/// The cached embeddings of a list of patches.
#[derive(Debug)]
pub struct CachedEmbeddings {
    reader: Reader,
    slots: Vec<usize>,
}

impl CachedEmbeddings {
    /// The embeddings of `hashes`, in order.
    ///
    /// # Errors
    /// When the entry lacks one.
    pub fn new(reader: Reader, hashes: &[ImageHash]) -> Result<Self, TrainError> {
        let slots: Option<Vec<usize>> = hashes.iter().map(|hash| reader.slot(hash)).collect();
        slots
            .map(|slots| Self { reader, slots })
            .ok_or(TrainError::CacheChanged)
    }
}

impl EmbeddingSource for CachedEmbeddings {
    fn width(&self) -> usize {
        self.reader.width()
    }

    fn copy_into(&self, row: usize, symmetry: D4, out: &mut [f32]) {
        self.reader
            .copy_into(self.slots[row], symmetry.index(), out);
    }
}

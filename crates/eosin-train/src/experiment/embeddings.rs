//! The embeddings of an experiment's rows.

use std::path::Path;

use eosin_core::config::Augment;
use eosin_data::Normalisation;
use eosin_store::Recipe;
use eosin_store::cache::ImageHash;

use super::rows::Rows;
use super::{Event, Experiment};
use crate::embed::{CachedEmbeddings, EmbedCount, Embedder};
use crate::error::TrainError;

/// Raised when the same file begins to give other pixels.
const DECODE_VERSION: u32 = 1;
/// What computes embeddings; raised when it begins to round otherwise.
const KERNELS: &str = "eosin-kernels 1";

impl Experiment<'_> {
    fn recipe(&self, scale: &Normalisation, symmetries: usize) -> Recipe {
        let data = &self.config.data;
        Recipe {
            size_px: data.size_px,
            resize: data.size_px.map(|_| data.resize),
            non_square: data.size_px.map(|_| data.non_square),
            mean_bits: Recipe::bits(scale.mean),
            std_bits: Recipe::bits(scale.std),
            stain: None,
            backbone: self.backbone.spec.name,
            weights_hash: self.backbone.weights_hash.clone(),
            cut: "embedding".to_owned(),
            dtype: self.config.cache.dtype,
            symmetries,
            decode_version: DECODE_VERSION,
            kernels: KERNELS.to_owned(),
        }
    }

    /// Embeddings under each normalisation, of all rows: training rows under every symmetry that
    /// augmentation may ask for, test rows as they are.
    pub(super) fn embeddings(
        &self,
        rows: &Rows,
        normalisations: &[Normalisation],
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<(Vec<[CachedEmbeddings; 2]>, EmbedCount), TrainError> {
        let hashes = &rows.hashes;
        let pool = rows.pool();
        let symmetries = match self.config.train.augment {
            Augment::None => 1,
            Augment::D4 => 8,
        };
        let total = rows.paths.len() * normalisations.len();
        let (mut done, mut count, mut all) = (0, EmbedCount::default(), Vec::new());
        for scale in normalisations {
            let embedder = Embedder::new(&self.backbone.network, self.reader(), scale);
            let mut part = |range: std::ops::Range<usize>, symmetries: usize| {
                let recipe = self.recipe(scale, symmetries);
                let mut entry = self.cache.entry(&recipe, embedder.width())?;
                let files: Vec<(ImageHash, &Path)> = range
                    .clone()
                    .map(|row| (hashes[row], rows.paths[row].as_path()))
                    .collect();
                let part = embedder.fill(&mut entry, &files, symmetries, &mut |part, _| {
                    on_event(&Event::Embedding {
                        done: done + part,
                        total,
                    });
                })?;
                done += files.len();
                count.found += part.found;
                count.computed += part.computed;
                CachedEmbeddings::new(entry.reader()?, &hashes[range])
            };
            all.push([part(0..pool, symmetries)?, part(pool..rows.paths.len(), 1)?]);
        }
        on_event(&Event::Embedded {
            found: count.found,
            computed: count.computed,
        });
        Ok((all, count))
    }
}

//! What a run costs before it is paid: refused when the cache may not or cannot hold it.

use std::time::Instant;

use eosin_core::bytes_in_words;
use eosin_core::config::{CacheDtype, Symmetries};
use eosin_models::Workspace;

use super::Run;
use crate::embed::embedder::Embedder;
use crate::error::TrainError;

/// What a run keeps in the cache.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    /// Views of all patches.
    pub views: usize,
    /// The same, were patches looked at upright alone.
    pub upright_views: usize,
    /// Values of a view.
    pub width: usize,
    /// Values of an embedding, which is what a trained last layer alone would ask for.
    pub embedding_width: usize,
    /// Views that the cache has.
    pub present: usize,
}

impl Kept {
    /// Views that the cache lacks.
    pub const fn missing(self) -> usize {
        self.views.saturating_sub(self.present)
    }

    /// Bytes of all views.
    pub const fn bytes(self, dtype: CacheDtype) -> u64 {
        self.bytes_of(self.views, dtype)
    }

    const fn bytes_of(self, views: usize, dtype: CacheDtype) -> u64 {
        let value_bytes = match dtype {
            CacheDtype::F32 => 4,
            CacheDtype::F16 => 2,
        };
        (views * self.width * value_bytes) as u64
    }
}

impl Run<'_> {
    /// Refuses what the cache may not hold, or the disk cannot.
    pub(super) fn afford(&self, kept: Kept) -> Result<(), TrainError> {
        let cache = &self.config.cache;
        let wanted = kept.bytes(cache.dtype);
        let fitting = |most: u64| self.smaller(kept, most);
        if wanted > cache.max_bytes {
            return Err(TrainError::OverLimit {
                wanted,
                limit: cache.max_bytes,
                fits: fitting(cache.max_bytes),
            });
        }
        let missing = kept.bytes_of(kept.missing(), cache.dtype);
        let free = self.cache.free_bytes()?;
        if missing > free {
            return Err(TrainError::DiskFull {
                dir: self.cache.dir().to_owned(),
                missing,
                free,
                fits: fitting(free),
            });
        }
        Ok(())
    }

    /// Changes that would take at most `most` bytes, with what they take.
    fn smaller(&self, kept: Kept, most: u64) -> Vec<String> {
        let dtype = self.config.cache.dtype;
        let mut changes = Vec::new();
        if dtype != CacheDtype::F16 {
            changes.push(("--set cache.dtype=f16", kept.bytes(CacheDtype::F16)));
        }
        if self.config.augment.symmetry != Symmetries::None {
            let upright = Kept {
                views: kept.upright_views,
                ..kept
            };
            changes.push(("--augment none", upright.bytes(dtype)));
        }
        if kept.width != kept.embedding_width {
            let head = Kept {
                width: kept.embedding_width,
                ..kept
            };
            changes.push(("--mode probe", head.bytes(dtype)));
        }
        let changes = changes.into_iter().filter(|(_, bytes)| *bytes <= most);
        changes
            .map(|(flags, bytes)| format!("'{flags}' ({})", bytes_in_words(bytes)))
            .collect()
    }
}

/// Seconds that a view takes through the frozen part when all threads are at work, from one
/// pass.
pub(super) fn secs_per_view(embedder: &Embedder) -> f64 {
    let frozen = embedder.frozen();
    let side = embedder.preprocess().size_px;
    let images = vec![0.0; frozen.together() * side * side * 3];
    let (mut workspace, mut out) = (Workspace::default(), Vec::new());
    // The first pass also takes its memory.
    frozen.run(&images, &mut workspace, &mut out);
    let begun = Instant::now();
    frozen.run(&images, &mut workspace, &mut out);
    let passes = (frozen.together() * rayon::current_num_threads()) as f64;
    begun.elapsed().as_secs_f64() / passes
}

//! What a run costs before it is paid: refused when the cache may not or cannot hold it.

use std::path::Path;
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

/// The place where embeddings are kept.
#[derive(Clone, Copy, Debug)]
struct Room<'a> {
    dir: &'a Path,
    /// Bytes that the disk has free.
    free_bytes: u64,
}

/// Settings that decide how much is kept.
#[derive(Clone, Copy, Debug)]
struct Thrift {
    dtype: CacheDtype,
    symmetry: Symmetries,
}

impl Run<'_> {
    /// Refuses what the disk has no room for.
    pub(super) fn hold_to_disk(&self, kept: Kept) -> Result<(), TrainError> {
        let room = Room {
            dir: self.cache.dir(),
            free_bytes: self.cache.free_bytes()?,
        };
        hold_to_disk(room, kept, self.thrift())
    }

    /// Refuses what the cache may not hold.
    pub(super) fn hold_to_limit(&self, kept: Kept) -> Result<(), TrainError> {
        hold_to_limit(self.config.cache.max_bytes, kept, self.thrift())
    }

    const fn thrift(&self) -> Thrift {
        Thrift {
            dtype: self.config.cache.dtype,
            symmetry: self.config.augment.symmetry,
        }
    }
}

/// Refuses what is more than a cache may hold, with the changes that would fit.
fn hold_to_limit(limit: u64, kept: Kept, thrift: Thrift) -> Result<(), TrainError> {
    let wanted = kept.bytes(thrift.dtype);
    if wanted <= limit {
        return Ok(());
    }
    Err(TrainError::OverLimit {
        wanted,
        limit,
        fits: smaller(kept, thrift, limit),
    })
}

/// Refuses what a disk has no room for, with the changes that would fit.
fn hold_to_disk(room: Room<'_>, kept: Kept, thrift: Thrift) -> Result<(), TrainError> {
    let missing = kept.bytes_of(kept.missing(), thrift.dtype);
    if missing > room.free_bytes {
        return Err(TrainError::DiskFull {
            dir: room.dir.to_owned(),
            missing,
            free: room.free_bytes,
            fits: smaller(kept, thrift, room.free_bytes),
        });
    }
    Ok(())
}

/// Refuses a head whose training takes more than memory has left, where that is known.
pub(super) fn refuse_memory(wanted: u64, hidden: usize) -> Result<(), TrainError> {
    match memory_left() {
        Some(left) if wanted > left => Err(TrainError::LargeHead {
            wanted,
            left,
            hidden,
        }),
        _ => Ok(()),
    }
}

/// Bytes that Linux says it could give without swapping.
fn memory_left() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = told
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Changes that would take at most `most` bytes, with what they take.
fn smaller(kept: Kept, Thrift { dtype, symmetry }: Thrift, most: u64) -> Vec<String> {
    let mut changes = Vec::new();
    if dtype != CacheDtype::F16 {
        changes.push(("--set cache.dtype=f16", kept.bytes(CacheDtype::F16)));
    }
    if symmetry != Symmetries::None {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// 1,000 patches under eight symmetries, maps of 4,096 values: 131 MB in f32.
    const KEPT: Kept = Kept {
        views: 8000,
        upright_views: 1000,
        width: 4096,
        embedding_width: 512,
        present: 0,
    };
    const THRIFT: Thrift = Thrift {
        dtype: CacheDtype::F32,
        symmetry: Symmetries::D4,
    };

    fn told(free_bytes: u64, kept: Kept) -> Option<String> {
        let room = Room {
            dir: Path::new("/cache"),
            free_bytes,
        };
        let held = hold_to_disk(room, kept, THRIFT);
        held.err().map(|error| error.to_string())
    }

    #[test]
    fn what_the_disk_has_no_room_for_is_refused_with_the_changes_that_fit() {
        assert_eq!(told(131_072_000, KEPT), None, "to the last byte");
        assert_eq!(
            told(131_071_999, KEPT).unwrap(),
            "the run has 131.1 MB of embeddings to write to /cache, where 131.1 MB are free; name a \
             folder on another disk with '--set cache.dir=DIR', or take less with '--set \
             cache.dtype=f16' (65.5 MB) or '--augment none' (16.4 MB) or '--mode probe' (16.4 MB)"
        );
        let little = told(1000, KEPT).unwrap();
        assert!(
            little.ends_with("'--set cache.dir=DIR', or use fewer or smaller patches"),
            "{little}"
        );
    }

    #[test]
    fn what_the_cache_has_already_needs_no_room_on_the_disk() {
        let most = Kept {
            present: 7999,
            ..KEPT
        };
        assert_eq!(told(16_384, most), None);
        assert!(told(16_383, most).is_some());
    }

    #[test]
    fn the_limit_of_the_cache_counts_all_that_the_run_keeps() {
        let all = Kept {
            present: 8000,
            ..KEPT
        };
        assert!(hold_to_limit(131_072_000, all, THRIFT).is_ok());
        let over = hold_to_limit(131_071_999, all, THRIFT)
            .unwrap_err()
            .to_string();
        assert!(
            over.contains("allow it with '--set cache.max_bytes=131072000'"),
            "{over}"
        );
        assert!(over.contains("'--set cache.dtype=f16' (65.5 MB)"), "{over}");
    }
}

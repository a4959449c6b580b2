//! What happens during a run.

use eosin_core::FoldId;
use eosin_core::config::Precision;
use serde::{Deserialize, Serialize};

use crate::check::Finding;
use crate::embed::precision::PrecisionEffect;
use crate::input::stain_fit::StainFit;
use crate::train::probe::ProbeRecord;
use crate::train::tracker::EpochRecord;

/// What happens during a run, as it is shown and written to `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// What patches are made like in stain, and which keep their own.
    Stained {
        /// All of it.
        #[serde(flatten)]
        fit: StainFit,
    },
    /// What is about to be computed with the frozen part of the network.
    Cost {
        /// Views that the cache will hold.
        cached_views: usize,
        /// Bytes of them.
        cache_bytes: u64,
        /// Further passes while training, for views that are not cached.
        fresh_views: usize,
        /// Multiply-adds of a pass.
        multiply_adds: u64,
        /// Seconds that the passes whose views the cache lacks, and those while training, would take,
        /// from one that was timed; decoding not counted.
        secs: f64,
    },
    /// What fewer bits do to the values of the frozen part.
    Precision {
        /// The precision asked for.
        precision: Precision,
        /// The difference it makes.
        effect: PrecisionEffect,
    },
    /// So many patches have their embeddings.
    Embedding {
        /// Patches done, those found in the cache included.
        done: usize,
        /// Patches in all.
        total: usize,
    },
    /// All embeddings are there.
    Embedded {
        /// Found in the cache.
        found: usize,
        /// Computed now.
        computed: usize,
    },
    /// The checks before training have been made.
    Examined {
        /// What each found.
        findings: Vec<Finding>,
    },
    /// A step of a network's training.
    Step {
        /// Which fold.
        fold: FoldId,
        /// Steps done.
        done: usize,
        /// Steps of the fold in all.
        total: usize,
    },
    /// An epoch of a fold has ended.
    Epoch {
        /// Which fold.
        #[serde(flatten)]
        fold: FoldId,
        /// What it came to.
        #[serde(flatten)]
        record: EpochRecord,
    },
    /// The head of a fold has been solved.
    Solved {
        /// Which fold.
        #[serde(flatten)]
        fold: FoldId,
        /// How.
        #[serde(flatten)]
        record: ProbeRecord,
    },
    /// Nothing worth telling: a chance to stop between two steps.
    Pulse,
}

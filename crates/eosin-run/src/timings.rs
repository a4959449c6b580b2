//! `timings.json`.

use serde::{Deserialize, Serialize};

/// How long each stage took, in seconds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Timings {
    /// Embedding, or decoding for full training.
    pub embed_secs: f64,
    /// Training and judging every fold.
    pub train_secs: f64,
    /// The whole command so far.
    pub total_secs: f64,
}

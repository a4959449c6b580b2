//! Checkpoints of a training.

use std::time::{Duration, Instant};

use eosin_store::Checkpoints;

use crate::error::TrainError;

/// Saving takes at most this share of the time.
const SAVING_SHARE: u32 = 20;
/// Bytes before a payload that say whose it is.
const FINGERPRINT_BYTES: usize = 32;

/// What a training needs to be left and gone on with.
#[derive(Debug)]
pub struct Keeper<'a> {
    /// Where checkpoints are kept; `None`: nowhere.
    checkpoints: Option<&'a Checkpoints>,
    /// Hash of everything that a checkpoint depends on.
    fingerprint: [u8; FINGERPRINT_BYTES],
    /// Time between checkpoints.
    every: Duration,
    saved: Instant,
    cost: Duration,
}

impl<'a> Keeper<'a> {
    /// A keeper that saves about `every` so often.
    pub fn new(
        checkpoints: Option<&'a Checkpoints>,
        fingerprint: [u8; FINGERPRINT_BYTES],
        every: Duration,
    ) -> Self {
        Self {
            checkpoints,
            fingerprint,
            every,
            saved: Instant::now(),
            cost: Duration::ZERO,
        }
    }

    /// Whether it is time for a checkpoint.
    pub fn is_due(&self) -> bool {
        let since = self.saved.elapsed();
        let rests = self.every.is_zero() || since >= self.cost * SAVING_SHARE;
        self.checkpoints.is_some() && since >= self.every && rests
    }

    /// Saves `payload` under `name`.
    ///
    /// # Errors
    /// When it cannot be written; earlier checkpoints are untouched.
    pub fn save(&mut self, name: &str, payload: &[u8]) -> Result<(), TrainError> {
        let Some(checkpoints) = self.checkpoints else {
            return Ok(());
        };
        let begun = Instant::now();
        checkpoints.save(name, &[&self.fingerprint, payload].concat())?;
        self.saved = Instant::now();
        self.cost = self.saved - begun;
        Ok(())
    }

    /// The last checkpoint of `name`, when there is one.
    ///
    /// # Errors
    /// When it cannot be read, or belongs to other settings, patches or weights.
    pub fn load(&self, name: &str) -> Result<Option<Vec<u8>>, TrainError> {
        let Some(checkpoints) = self.checkpoints else {
            return Ok(None);
        };
        let Some(loaded) = checkpoints.load(name)? else {
            return Ok(None);
        };
        let split = loaded.payload.split_at_checked(FINGERPRINT_BYTES);
        match split {
            Some((fingerprint, payload)) if fingerprint == self.fingerprint => {
                Ok(Some(payload.to_vec()))
            }
            _ => Err(TrainError::Checkpoint(
                "it was made with other settings, patches, weights or another version",
            )),
        }
    }
}

//! What is known of an image file from its bytes alone.

use serde::{Deserialize, Serialize};

use crate::decode::read_header_bytes;
use crate::decode::{
    DecodeError, DecodeLimits, Header, RgbPatch, WithPeak, check_limits, decode_with_peak,
};
use crate::stats::ImageSums;

/// The hash of an image file's bytes: BLAKE3.
pub type ContentHash = [u8; 32];

/// What one reading of an image file found. It follows from the bytes, so it is kept by their hash
/// ([`Ledger`]) and never looked for twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchFacts {
    /// Size, format and mode.
    pub header: Header,
    /// Sums over the pixels, by channel.
    pub sums: ImageSums,
    /// Sum of `299 R + 587 G + 114 B` over the pixels.
    pub luminance: u64,
    /// Sum of the squares of the same.
    pub luminance_sq: u64,
    /// The largest value of a colour, in the file's own depth.
    pub peak: u16,
}

impl PatchFacts {
    /// Decodes `bytes` and takes note of what is there. `name` is what errors call the file.
    ///
    /// # Errors
    /// When the image is damaged, cut off, or breaks a limit.
    pub fn of(bytes: &[u8], name: &str, limits: &DecodeLimits) -> Result<Self, DecodeError> {
        let header = read_header_bytes(bytes, name, limits)?;
        let WithPeak { patch, peak } = decode_with_peak(bytes, name, limits)?;
        let (luminance, luminance_sq) = luminance_sums(&patch);
        Ok(Self {
            header,
            sums: ImageSums::of(&patch),
            luminance,
            luminance_sq,
            peak,
        })
    }

    /// Refuses an image that was found good under other limits.
    ///
    /// # Errors
    /// When it breaks one of these.
    pub fn check(&self, name: &str, limits: &DecodeLimits) -> Result<(), DecodeError> {
        check_limits(name, &self.header, limits)
    }

    /// Mean and population standard deviation of the luminance `0.299 R + 0.587 G + 0.114 B`.
    pub fn luminance(&self) -> (f64, f64) {
        let n = self.sums.n_px as f64;
        let mean = self.luminance as f64 / n;
        let variance = (self.luminance_sq as f64 / n - mean * mean).max(0.0);
        (mean / 1000.0, variance.sqrt() / 1000.0)
    }
}

fn luminance_sums(patch: &RgbPatch) -> (u64, u64) {
    let (mut sum, mut sum_sq) = (0_u64, 0_u64);
    for [r, g, b] in patch.pixels.as_chunks::<3>().0 {
        let value = 299 * u64::from(*r) + 587 * u64::from(*g) + 114 * u64::from(*b);
        sum += value;
        sum_sq += value * value;
    }
    (sum, sum_sq)
}

/// Remembers facts by the hash of the bytes, across runs. Only images that could be decoded are in
/// it.
pub trait Ledger: Sync {
    /// What is known of the image with these bytes.
    fn get(&self, hash: &ContentHash) -> Option<PatchFacts>;

    /// Takes note of an image.
    fn put(&self, hash: &ContentHash, facts: &PatchFacts);
}

/// A ledger that remembers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLedger;

impl Ledger for NoLedger {
    fn get(&self, _hash: &ContentHash) -> Option<PatchFacts> {
        None
    }

    fn put(&self, _hash: &ContentHash, _facts: &PatchFacts) {}
}

//! One seed for a run, and a named, independent random stream for each use of it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

/// The generator behind every stream: `ChaCha` with 8 rounds, portable across machines.
pub type Rng = ChaCha8Rng;

/// What a random stream is used for. Streams of different names never share draws, so changing how
/// many numbers one part consumes leaves every other part's numbers alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Assignment of patches or groups to folds.
    Split,
    /// Initial values of trainable weights.
    Init,
    /// Order of patches within an epoch.
    Shuffle,
    /// Augmentation draws (which symmetry, which view).
    Augment,
    /// Over- and under-sampling.
    Sampler,
    /// What a random view of a patch is like.
    View,
    /// Pairs of patches that are mixed, and how much.
    Mix,
    /// Dropout masks.
    Dropout,
    /// Bootstrap resamples for intervals.
    Bootstrap,
    /// Exchanges of what two models say.
    Permutation,
    /// Slices of patches drawn at random.
    Slice,
    /// Patches that stand for all of a set.
    Subset,
    /// Synthetic patches.
    Phantom,
    /// What a trial of a search is suggested.
    Trial,
}

impl Stream {
    /// The name that enters the derivation; part of the reproducibility contract.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Init => "init",
            Self::Shuffle => "shuffle",
            Self::Augment => "augment",
            Self::Sampler => "sampler",
            Self::View => "view",
            Self::Mix => "mix",
            Self::Dropout => "dropout",
            Self::Bootstrap => "bootstrap",
            Self::Permutation => "permutation",
            Self::Slice => "slice",
            Self::Subset => "subset",
            Self::Phantom => "phantom",
            Self::Trial => "trial",
        }
    }
}

/// The one seed of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// The generator of `stream` at a position such as `[fold, epoch]`.
    ///
    /// The 256-bit `ChaCha` key is BLAKE3's key derivation over the seed, the stream's name and the
    /// position, so any two different (stream, position) pairs give independent streams.
    ///
    /// ```
    /// use eosin_core::{Seed, Stream};
    /// use rand::RngExt as _;
    /// let mut a = Seed(7).stream(Stream::Shuffle, &[0, 1]);
    /// let mut b = Seed(7).stream(Stream::Shuffle, &[0, 1]);
    /// assert_eq!(a.random::<u64>(), b.random::<u64>());
    /// ```
    pub fn stream(self, stream: Stream, position: &[u64]) -> Rng {
        let mut hasher = blake3::Hasher::new_derive_key("eosin 2026-11 random stream");
        hasher.update(&self.0.to_le_bytes());
        hasher.update(stream.name().as_bytes());
        for index in position {
            hasher.update(&index.to_le_bytes());
        }
        Rng::from_seed(*hasher.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt as _;

    fn first_draw(seed: u64, stream: Stream, position: &[u64]) -> u64 {
        Seed(seed).stream(stream, position).random()
    }

    #[test]
    fn streams_differ_by_name_seed_and_position() {
        let reference = first_draw(1, Stream::Shuffle, &[0, 1]);
        assert_eq!(reference, first_draw(1, Stream::Shuffle, &[0, 1]));
        assert_ne!(reference, first_draw(2, Stream::Shuffle, &[0, 1]));
        assert_ne!(reference, first_draw(1, Stream::Augment, &[0, 1]));
        assert_ne!(reference, first_draw(1, Stream::Shuffle, &[1, 0]));
    }
}

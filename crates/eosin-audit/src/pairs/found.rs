//! What a search for pairs takes and gives.

use serde::{Deserialize, Serialize};

use crate::align::Alignment;
use crate::chance::Chance;
use crate::neighbours::Directions;
use crate::plane::Plane;

/// What a pair of patches is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairKind {
    /// The same bytes, or the same pixels under a symmetry.
    Copy,
    /// The same picture, written, coloured or sized anew.
    NearCopy,
    /// Each shows a part of the other.
    Overlap,
}

impl PairKind {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::NearCopy => "near-copy",
            Self::Overlap => "overlap",
        }
    }
}

/// How much a search may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Small sets are compared pair by pair, and neighbours by embedding at any scale.
    Thorough,
    /// Candidates alone are compared, neighbours by embedding at their own scale and fewer of them: seconds
    /// for 10,000 patches.
    Quick,
}

/// What pairs are looked for in.
#[derive(Clone, Copy)]
pub struct PairSearch<'a> {
    /// The patches.
    pub planes: &'a [Plane],
    /// Their embeddings, where there are some.
    pub directions: Option<&'a Directions>,
    /// For each the first patch with the same bytes: itself, or one before it.
    pub first_same: &'a [usize],
    /// How much it may cost.
    pub effort: Effort,
}

/// Two patches that show the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundPair {
    /// The first patch, whose pixels an offset is in.
    pub a: usize,
    /// The second.
    pub b: usize,
    /// What they are.
    pub kind: PairKind,
    /// How the second lies on the first; `None` where their bytes are the same.
    pub alignment: Option<Alignment>,
    /// One less the share, among all pairs found that are at least as strong, of those that chance is
    /// expected to make; 1 where bytes are the same.
    pub confidence: f64,
}

/// What a search came to.
#[derive(Clone, Debug)]
pub struct PairsFound {
    /// The pairs, by their patches. Patches with the same bytes are paired with the first of them only,
    /// and of these only the first is paired with others.
    pub pairs: Vec<FoundPair>,
    /// Patches without anything to compare, such as empty glass: only their bytes were.
    pub bare: Vec<usize>,
    /// Pairs that were laid on each other.
    pub compared: usize,
    /// How strong chance is here; the usual where there was nothing to hold against it.
    pub chance: Chance,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Pairs done.
    pub done: usize,
    /// Pairs in all, as far as is known.
    pub total: usize,
}

/// Hears how far the search is, and ends it with an error.
pub type Pulse<'a, E> = dyn FnMut(Compared) -> Result<(), E> + 'a;

//! What a run says of what it started from.

use std::path::PathBuf;

use eosin_core::config::{
    CacheDtype, EnsembleMethod, NormaliseMode, Precision, TensorChoice, Weights,
};
use eosin_core::{BackboneName, D4};
use serde::{Deserialize, Serialize};

/// What a run started from; in `run.json` its fields stand among the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "it says neither which network the run started from (backbone, weights_hash, ...) \
                 nor which embeddings, nor which other runs"
)]
pub enum StartRecord {
    /// A network.
    Network(NetworkRecord),
    /// Embeddings that were made elsewhere.
    Embeddings {
        /// Which.
        embeddings: EmbeddingsRecord,
    },
    /// Other runs.
    Ensemble {
        /// Which, and how their answers become one.
        ensemble: EnsembleRecord,
    },
}

/// What an ensemble is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnsembleRecord {
    /// How the members' answers become one.
    pub method: EnsembleMethod,
    /// The members, in the order of the folders in `members/`.
    pub members: Vec<MemberRecord>,
}

/// A member of an ensemble.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRecord {
    /// What it is called: the name of its folder.
    pub name: String,
    /// Where its run was.
    pub run: PathBuf,
    /// BLAKE3 of its `run.json`, hex.
    pub blake3: String,
    /// What it started from, in a word: its network, or the file of its embeddings.
    pub start: String,
    /// Whether that are embeddings that were made elsewhere, so that it predicts no images.
    pub on_embeddings: bool,
    /// Training-pool and test patches that its weights were made with, as far as is known.
    pub seen_by_weights: [usize; 2],
}

impl EnsembleRecord {
    /// The first member that predicts no images.
    pub fn on_embeddings(&self) -> Option<&MemberRecord> {
        self.members.iter().find(|member| member.on_embeddings)
    }
}

/// The network that a run started from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkRecord {
    /// The backbone's architecture.
    pub backbone: BackboneName,
    /// What the names of the classifier's tensors begin with, such as `fc.`.
    pub classifier: String,
    /// In how many bits the frozen part multiplies.
    pub precision: Precision,
    /// How the frozen part's values were kept, which rounds them.
    pub cache_dtype: CacheDtype,
    /// Where the weights came from that the run started with.
    pub weights: Weights,
    /// Which tensors of their file were meant.
    #[serde(default)]
    pub tensors: TensorChoice,
    /// BLAKE3 of the file that they came in (or would be in), hex.
    pub weights_hash: String,
    /// Training-pool and test patches that the backbone's weights were made with, as far as is
    /// known: scores on them are too good.
    pub seen_by_weights: [usize; 2],
    /// Where the scaling of pixel values came from.
    pub normalise: NormaliseMode,
}

/// A file of embeddings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbeddingsRecord {
    /// Where it was.
    pub file: PathBuf,
    /// BLAKE3 of its bytes, hex.
    pub blake3: String,
    /// The table of keys beside it; `None` where it holds them itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<KeysRecord>,
    /// Views of each patch.
    pub views: usize,
    /// Values of one view.
    pub width: usize,
}

/// A table that says which row of embeddings is which patch's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysRecord {
    /// Where it was.
    pub file: PathBuf,
    /// BLAKE3 of its bytes, hex.
    pub blake3: String,
}

impl EmbeddingsRecord {
    /// Whether its views are symmetries of the square: the patch as it is, or all eight in the order
    /// of [`D4::ALL`].
    pub const fn are_symmetries(&self) -> bool {
        self.views == 1 || self.views == D4::COUNT
    }

    /// Whether both hold the same values under the same keys, wherever they lie.
    pub fn is_same(&self, other: &Self) -> bool {
        self.hash() == other.hash()
    }

    /// Tells its contents from all others': the hashes of its files.
    pub fn hash(&self) -> String {
        match &self.keys {
            None => self.blake3.clone(),
            Some(keys) => format!("{}, keys {}", self.blake3, keys.blake3),
        }
    }
}

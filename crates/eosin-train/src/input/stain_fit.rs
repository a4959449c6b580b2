//! What patches are made like in stain, and why that cannot be.

use std::fmt;
use std::path::PathBuf;

use eosin_core::config::StainMethod;
use eosin_core::{Preprocess, Split};
use eosin_data::{StainNormaliser, StainTarget, Unchanged, UnknownStain};
use serde::{Deserialize, Serialize};

/// What a run's patches are made like, and which of them keep their own stain: `stain.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StainFit {
    /// The method.
    pub method: StainMethod,
    /// Where the target comes from.
    pub made_like: MadeLike,
    /// The target.
    pub target: StainTarget,
    /// Method and target as one text, as in [`Preprocess::stain`].
    pub stain: String,
    /// Patches looked at, test patches included.
    pub patches: usize,
    /// Those that keep their own stain.
    pub unchanged: Vec<KeptStain>,
}

/// Where a target comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "kebab-case")]
pub enum MadeLike {
    /// The median over the patches that are trained and validated on, test patches never among them.
    Training {
        /// Patches whose stain could be told.
        patches: usize,
        /// Patches that were looked at.
        of: usize,
    },
    /// The method's named reference.
    Reference,
    /// One image.
    Image {
        /// Where it is.
        path: PathBuf,
        /// BLAKE3 of its bytes, hex.
        blake3: String,
    },
}

impl fmt::Display for MadeLike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Training { patches, of } => {
                write!(f, "the median of {patches} of {of} training patches")
            }
            Self::Reference => f.write_str("the method's reference"),
            Self::Image { path, .. } => write!(f, "{}", path.display()),
        }
    }
}

/// A patch that keeps its own stain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptStain {
    /// Its key.
    pub key: String,
    /// Its part, where it is a test patch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// Why.
    #[serde(flatten)]
    pub why: Unchanged,
}

/// Keys that are named in a sentence before "and N more".
const NAMED: usize = 5;

impl StainFit {
    /// What is done, in a sentence.
    pub fn said(&self) -> String {
        format!(
            "patches are given the stain of {} by {}; {} of {} keep their own",
            self.made_like,
            self.method,
            self.unchanged.len(),
            self.patches
        )
    }

    /// Which patches keep their own stain, in a sentence; `None` where all are changed.
    pub fn kept(&self) -> Option<String> {
        let named = self.unchanged.iter().take(NAMED);
        let named: Vec<String> = named
            .map(|kept| format!("{}: {}", kept.key, kept.why))
            .collect();
        let more = self.unchanged.len().saturating_sub(NAMED);
        let more = if more > 0 {
            format!("; and {more} more")
        } else {
            String::new()
        };
        (!self.unchanged.is_empty()).then(|| {
            format!(
                "{} of {} patches keep their own stain, since none can be told ({}{more})",
                self.unchanged.len(),
                self.patches,
                named.join("; ")
            )
        })
    }
}

/// Why patches cannot be given another stain.
#[derive(Debug, thiserror::Error)]
pub enum StainError {
    /// A target is named and no method.
    #[error(
        "data.stain_target is '{0}', and data.stain is none: name a method with '--set \
         data.stain=macenko', or leave the target out"
    )]
    NoMethod(String),
    /// Reinhard's methods have no reference.
    #[error(
        "{0} has no named reference; name an image with '--set data.stain_target=FILE', or leave the \
         target out: the median of the training patches is taken"
    )]
    NoReference(StainMethod),
    /// The image that others are to be made like cannot be read.
    #[error(
        "cannot read the image data.stain_target names: {source}; name another, 'reference', or leave \
         the target out"
    )]
    Unreadable {
        /// Why.
        source: eosin_data::DecodeError,
    },
    /// It is no stained tissue.
    #[error(
        "{} (data.stain_target) cannot be what others are made like: {why}; name an image of stained \
         tissue, 'reference', or leave the target out",
        path.display()
    )]
    NoTissue {
        /// The image.
        path: PathBuf,
        /// Why.
        why: Unchanged,
    },
    /// It is a patch of the test part.
    #[error(
        "{} (data.stain_target) is the test patch {key}, or shows it (written anew, resized or turned): test patches contribute to no \
         fitted number; name another image, 'reference', or leave the target out",
        path.display()
    )]
    TestPatch {
        /// The image.
        path: PathBuf,
        /// The patch.
        key: String,
    },
    /// No training patch has a stain.
    #[error(
        "none of {of} training patches has stains that {method} can tell ({key}: {why}); set \
         data.stain=none, or name what they are made like with data.stain_target"
    )]
    NoPatch {
        /// The method.
        method: StainMethod,
        /// Training patches.
        of: usize,
        /// The first of them.
        key: String,
        /// Why it has none.
        why: Unchanged,
    },
    /// A run was made by another version.
    #[error(transparent)]
    Unknown(#[from] UnknownStain),
}

/// What gives patches their stain before the network sees them, where something does.
///
/// # Errors
/// When the text is of another version.
pub fn stain_of_preprocess(preprocess: &Preprocess) -> Result<Option<StainNormaliser>, StainError> {
    let stain = preprocess.stain.as_deref();
    Ok(stain.map(str::parse).transpose()?)
}
